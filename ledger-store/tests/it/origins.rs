//! Rows of one file that several devices recorded: each counts once.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::{Draft, Ledger};
use ledger_core::{Amount, Currency, EntryId, Expense, MemberId, Origin, Transaction, VoidReason};
use ledger_store::{Group, NewEntry, Store, StoreError, VersionKind};

use crate::common::people::{self, Ben, sign};
use crate::common::phones::{Phone, agree, hand_over, join};
use crate::common::{self, Folder, Rng, assert_sound, found};

/// A row of the file, as somebody recorded it.
fn row(members: &[MemberId], units: u64) -> Transaction {
    let (euro, amount) = (Currency::from_code("EUR").unwrap(), Amount::from_minor_units(units));
    Expense::new("2026-11-21".parse().unwrap(), "Hut", euro, amount.unwrap())
        .paid_by(members[0], amount.unwrap())
        .split_equally(members, 0)
        .origin(Origin::from_bytes([7; 16]))
        .into()
}

fn members(group: &Group) -> Vec<MemberId> {
    group.members().unwrap().into_iter().map(|(id, _)| id).collect()
}

fn balance(group: &Group) -> i128 {
    let euro = Currency::from_code("EUR").unwrap();
    group.state().unwrap().balance(members(group)[0], euro).minor_units()
}

fn kinds(group: &Group, original: EntryId) -> Vec<VersionKind> {
    group.lists().history(original, None, 9).unwrap().iter().map(|row| row.kind).collect()
}

/// A group of this device and Ben's.
struct Flat {
    folder: Folder,
    store: Store,
    group: Group,
    ben: Ben,
    /// Those who share the row.
    people: Vec<MemberId>,
}

impl Flat {
    fn new(seed: u64) -> Self {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 2);
        let ben = Ben::join(&folder, &group);
        let people = members(&group)[..3].to_vec();
        Self { folder, store, group, ben, people }
    }

    fn row(&self, units: u64) -> Transaction {
        row(&self.people, units)
    }

    /// This device records the row.
    fn mine(&self, units: u64) -> EntryId {
        self.group.entries().append(vec![NewEntry::Record(self.row(units))]).unwrap()[0]
    }

    fn draft(&self, units: u64) -> Draft {
        Draft::record(&self.group.state().unwrap(), &self.row(units)).unwrap()
    }

    /// Ben records the row, knowing of all that is here.
    fn his(&self, units: u64) -> EntryId {
        self.ben.write(&self.group, self.draft(units))
    }

    /// Ben records the row, knowing of nothing after `before`, so that his clock is smaller.
    fn late(&self, before: &Ledger, units: u64) -> EntryId {
        let Ben { device, added, .. } = &self.ben;
        people::ingest(&self.group, &sign(before, device, Some(*added), self.draft(units)))
    }
}

#[test]
fn a_row_that_two_devices_recorded_counts_once() {
    let flat = Flat::new(1);
    let group = &flat.group;
    let mine = flat.mine(900);
    let counted = balance(group);
    let his = flat.his(900);
    assert_eq!(balance(group), counted, "his has the larger clock");
    let page = group.lists().expenses(None, 9).unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!((page[0].original, page[0].current_version), (mine, mine));
    assert!(!page[0].conflicting, "they say the same");

    // Whichever is named, the slot is the same.
    use VersionKind::{Cancellation, Correction, Original, Restoration};
    for original in [mine, his] {
        assert_eq!(kinds(group, original), [Original, Original]);
    }
    let transaction = flat.row(600);
    let corrected =
        group.entries().append(vec![NewEntry::Correction { original: his, transaction }]).unwrap()
            [0];
    let page = group.lists().expenses(None, 9).unwrap();
    assert_eq!((page.len(), page[0].original, page[0].current_version), (1, mine, corrected));
    assert_eq!(page[0].transaction.origin(), None, "a correction bears no origin");
    group.entries().append(vec![NewEntry::Cancellation { original: mine, reason: None }]).unwrap();
    assert_eq!(balance(group), 0);
    let again =
        group.entries().append(vec![NewEntry::Cancellation { original: his, reason: None }]);
    assert!(matches!(again, Err(StoreError::AlreadyCancelled(_))), "{again:?}");
    // Another import of the row does not bring it back; a restoration does.
    flat.his(900);
    assert_eq!(balance(group), 0);
    group.entries().restore(his).unwrap();
    assert_eq!(balance(group), 400);
    let all = [Restoration, Original, Cancellation, Correction, Original, Original];
    assert_eq!(kinds(group, mine), all);
    let first = group.lists().history(mine, None, 4).unwrap();
    let rest = group.lists().history(mine, Some(first[3].cursor), 9).unwrap();
    let paged: Vec<_> = first.iter().chain(&rest).map(|version| version.kind).collect();
    assert_eq!(paged, all, "no version is lost or doubled between two pages");
    assert_sound(group);
    let Flat { folder, store, group, .. } = flat;
    drop((group, store));
    // Also after everything is derived anew.
    let store = folder.store();
    store.maintenance().rebuild_indexes(&mut common::go_on).unwrap();
    let group = common::only(&store);
    assert_eq!((balance(&group), kinds(&group, his)), (400, all.to_vec()));
    assert_sound(&group);
}

/// A late entry with a smaller clock is shown instead, as it would be everywhere else.
#[test]
fn the_first_in_the_order_is_shown_and_void_ones_are_not() {
    let flat = Flat::new(2);
    let group = &flat.group;
    let known = common::heads(group);
    let conflicts = || {
        let page = group.lists().expenses(None, 50).unwrap();
        page.iter().filter(|row| row.conflicting).count()
    };
    let before = group.ledger().unwrap();
    common::record(group, 3, 3, &mut Rng::new(2));
    let zero = balance(group);
    let mine = flat.mine(900);
    assert_eq!(balance(group) - zero, 600);
    let his = flat.late(&before, 300);
    assert_eq!(balance(group) - zero, 200, "his clock is smaller");
    let shown = |id: EntryId| {
        let page = group.lists().expenses(None, 50).unwrap();
        let row = page.into_iter().find(|row| row.original == id);
        row.map(|row| row.current_version)
    };
    assert_eq!((shown(mine), shown(his)), (Some(his), None), "the slot keeps its name here");
    assert_eq!(conflicts(), 1, "their contents differ");
    assert_sound(group);
    flat.ben.remove(group, known);
    assert_eq!(balance(group) - zero, 600, "his is void");
    assert_eq!((shown(mine), conflicts()), (Some(mine), 0));
    assert_sound(group);
}

/// What a change changed is what was shown, on every device, and not what came first here.
#[test]
fn the_content_before_a_change_is_that_of_the_original_that_was_shown() {
    let flat = Flat::new(3);
    let group = &flat.group;
    let known = common::heads(group);
    let before = group.ledger().unwrap();
    common::record(group, 3, 3, &mut Rng::new(3));
    let mine = flat.mine(900);
    let his = flat.late(&before, 300);
    let units = |id: EntryId| {
        let entry = group.lists().entry(id).unwrap().unwrap();
        (entry.original, entry.before.map(|before| before.amount().minor_units()))
    };
    let correct = |original: EntryId, units: u64| {
        let transaction = flat.row(units);
        group.entries().append(vec![NewEntry::Correction { original, transaction }]).unwrap()[0]
    };
    let first = correct(mine, 600);
    let second = correct(his, 500);
    assert_eq!(units(first), (Some(mine), Some(300)), "his was shown, his clock is smaller");
    assert_eq!(units(second), (Some(mine), Some(600)), "the correction before it");
    assert_eq!(units(his), (Some(mine), None));
    // A review names the version shown, whichever of the originals the app names.
    let review = |target: EntryId| {
        let id =
            group.entries().append(vec![NewEntry::Confirmation { target, note: None }]).unwrap()[0];
        let reviews = group.lists().reviews(mine).unwrap();
        assert_eq!((reviews.len(), reviews[0].entry), (1, id));
        reviews[0].target
    };
    for target in [mine, his, second] {
        assert_eq!(review(target), second);
    }

    flat.ben.remove(group, known);
    assert_eq!(units(first), (Some(mine), Some(900)), "his is void");
    assert_eq!(review(his), second);
    // The void one names the slot still, and leads to it.
    assert_eq!(units(his), (Some(mine), None));
    let draft = Draft::cancellation(his, None);
    let ended = sign(&group.ledger().unwrap(), &flat.ben.anna, None, draft);
    let ended = people::ingest(group, &ended);
    assert_eq!(units(ended), (Some(mine), Some(500)));
    for id in [mine, his, first, second, ended] {
        let row = group.lists().recorded(id).unwrap().unwrap();
        assert_eq!((row.original, row.current_version, row.cancelled), (mine, second, true));
    }
    assert_sound(group);
}

/// Whatever the number of originals, and in whatever order they came.
#[test]
fn originals_that_differ_are_found_among_many_that_do_not() {
    for first in [true, false] {
        let flat = Flat::new(4);
        let conflicting = || flat.group.lists().expenses(None, 1).unwrap()[0].conflicting;
        if first {
            flat.mine(900);
        }
        for _ in 0..20 {
            flat.his(300);
        }
        assert_eq!(conflicting(), first, "20 that are equal do not differ");
        if !first {
            flat.mine(900);
        }
        assert!(conflicting());
        assert_sound(&flat.group);
    }
}

/// More originals than are compared are shown as different, on every device alike.
#[test]
fn too_many_originals_are_shown_as_conflicting() {
    let flat = Flat::new(5);
    let records = vec![NewEntry::Record(flat.row(900)); 64];
    let conflicting = || flat.group.lists().expenses(None, 1).unwrap()[0].conflicting;
    flat.group.entries().append(records).unwrap();
    assert!(!conflicting());
    flat.mine(900);
    assert!(conflicting());
}

/// Two people import one file before their phones meet, and once more after.
#[test]
fn two_devices_that_import_one_file_count_each_row_once_and_nobody_stands_twice() {
    const ROWS: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                        2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n";
    const MORE: &str = "Date,Description,Category,Cost,Currency,Ann,Dora (removed)\n\
                        2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n";
    let (host, guest) = (Phone::new(3), Phone::new(4));
    let ours = host.store.create_group_with("Flat", "Ann", &["Ben"]).unwrap();
    let theirs = join(&ours, &host, &guest, "Cara");
    let import = |group: &Group, file: &str| {
        let export = ledger_formats::splitwise::read(file.as_bytes()).unwrap();
        group.import_splitwise(&export, &mut common::go_on).unwrap()
    };
    for file in [ROWS, MORE] {
        for group in [&ours, &theirs] {
            assert_eq!(import(group, file).added, 1);
        }
    }
    hand_over(&ours, &theirs);
    hand_over(&theirs, &ours);
    agree(&ours, &theirs);
    for group in [&ours, &theirs] {
        let people = group.members().unwrap();
        let mut names: Vec<_> = people.iter().map(|(_, member)| member.name()).collect();
        names.sort_unstable();
        assert_eq!(names, ["Ann", "Ben", "Cara", "Dora"]);
        let euro = Currency::from_code("EUR").unwrap();
        let state = group.state().unwrap();
        let of = |name: &str| {
            let (id, _) = people.iter().find(|(_, member)| member.name() == name).unwrap();
            state.balance(*id, euro).minor_units()
        };
        assert_eq!([of("Ann"), of("Ben"), of("Dora")], [500, -200, -300]);
        let page = group.lists().expenses(None, 9).unwrap();
        assert_eq!(page.len(), 2);
        assert!(page.iter().all(|row| !row.conflicting));
        let again = import(group, MORE);
        assert_eq!((again.added, again.known, again.members_added), (0, 1, 0));
        // A row that somebody cancelled is told apart, and comes back by a restoration only.
        let original = group.lists().expenses(None, 1).unwrap()[0].original;
        let cancellation = NewEntry::Cancellation { original, reason: None };
        group.entries().append(vec![cancellation]).unwrap();
        let count = common::count(group);
        let (rows, more) = (import(group, ROWS), import(group, MORE));
        assert_eq!((rows.known + more.known, common::count(group)), (1, count));
        let cancelled = [rows.cancelled, more.cancelled].concat();
        assert_eq!(cancelled, [(2, original)]);
        group.entries().restore(original).unwrap();
        let (rows, more) = (import(group, ROWS), import(group, MORE));
        assert_eq!((rows.known + more.known, rows.cancelled.len() + more.cancelled.len()), (2, 0));
        assert_sound(group);
    }
}

/// Earlier drafts had the category in the identity of a row.
#[test]
fn a_row_that_an_earlier_draft_recorded_is_known_also_when_its_category_changed_since() {
    const ROWS: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                        2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n\
                        2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n";
    let phone = Phone::new(7);
    let group = phone.store.create_group_with("Flat", "Ann", &["Ben"]).unwrap();
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let read = |file: &str| ledger_formats::splitwise::read(file.as_bytes()).unwrap();
    let first = read(ROWS).rows().next().unwrap();
    let Some(ledger_core::Transaction::Expense(mut expense)) = first.over(&members) else {
        panic!("no expense");
    };
    expense.origin = first.former();
    group.entries().append(vec![NewEntry::Record(expense.into())]).unwrap();
    let import = |file: &str| group.import_splitwise(&read(file), &mut common::go_on).unwrap();
    let report = import(ROWS);
    assert_eq!((report.added, report.known), (1, 1));
    // What this version records is known whatever its category becomes.
    let report = import(&ROWS.replace("Cake,Food", "Cake,Essen"));
    assert_eq!((report.added, report.known), (0, 2));
}

/// Nobody who imported a file can take the place of somebody in it.
#[test]
fn only_the_owner_gives_keys_to_a_person_from_a_file() {
    const ROWS: &str = "Date,Description,Category,Cost,Currency,Ann,Dora\n\
                        2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n";
    let (host, guest) = (Phone::new(5), Phone::new(6));
    let ours = host.store.create_group("Flat", "Ann").unwrap();
    let theirs = join(&ours, &host, &guest, "Cara");
    let export = ledger_formats::splitwise::read(ROWS.as_bytes()).unwrap();
    theirs.import_splitwise(&export, &mut common::go_on).unwrap();
    let people = theirs.members().unwrap();
    let dora = people.iter().find(|(_, member)| member.name() == "Dora").unwrap().0;
    let device = ledger_core::keys::DeviceKey::from_bytes(&[7; 64]);
    let entropy = ledger_core::keys::RootEntropy::from_bytes([8; 32]);
    let card =
        ledger_core::keys::SignedCard::new(theirs.id(), "Dora", &entropy, 0, &device).unwrap();
    let claim = NewEntry::Claim { member: dora, card: Box::new(card) };
    let refused = theirs.entries().append(vec![claim]);
    let reason = VoidReason::NotTheIntroducer;
    assert!(
        matches!(refused, Err(StoreError::WouldBeVoid(found)) if found == reason),
        "{refused:?}"
    );
}
