//! Rows hold what a screen shows: who recorded and edited, edits that lost, reviews, one's share.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{
    Amount, Balance, Currency, Date, EntryId, Expense, MemberId, Split, SplitKind, Transaction,
    Transfer,
};
use ledger_store::{Group, NewEntry, Recorded, ReviewCounts, Standing};

use crate::common::people::{Ben, verdict};
use crate::common::phones::{Phone, agree, hand_over, join};
use crate::common::{Folder, found, heads};

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap()
}

fn amount(units: u64) -> Amount {
    Amount::from_minor_units(units).unwrap()
}

fn dinner(text: &str, payer: MemberId, others: &[MemberId]) -> Transaction {
    let day: Date = "2026-11-21".parse().unwrap();
    let dinner = Expense::new(day, text, euro(), amount(3000)).paid_by(payer, amount(3000));
    dinner.split_equally(others, 0).into()
}

fn row(group: &Group, original: EntryId) -> Recorded {
    let rows = group.lists().expenses(None, 1000).unwrap();
    let row = rows.into_iter().find(|row| row.original == original).unwrap();
    assert_eq!(group.lists().recorded(original).unwrap().as_ref(), Some(&row));
    row
}

#[test]
fn a_row_says_who_recorded_and_edited_it_and_what_it_does_to_me() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    let ben = Ben::join(&folder, &group);
    let me = group.me().unwrap().unwrap();
    let guest = group.members().unwrap()[1].0;
    let tea =
        group.entries().append(vec![NewEntry::Record(dinner("Tea", me, &[me, guest]))]).unwrap()[0];
    let plain = row(&group, tea);
    assert_eq!((plain.device, plain.author), (group.device(), Some(me)));
    assert!(plain.recorded_ms >= 1_800_000_000_000);
    assert_eq!((plain.edit, plain.reviews), (None, Some(ReviewCounts::default())));
    assert_eq!((plain.my_share, plain.my_change), (amount(1500), Balance::from_minor_units(1500)));

    let confirmed = NewEntry::Confirmation { target: tea, note: None };
    group.entries().append(vec![confirmed]).unwrap();
    let known = heads(&group);
    let state = group.state().unwrap();
    let changed = dinner("Coffee", ben.member, &[me, ben.member, guest]);
    let correction = ben.write(&group, Draft::correction(&state, tea, &changed).unwrap());
    let edited = row(&group, tea);
    assert_eq!((edited.device, edited.author), (group.device(), Some(me)), "who recorded it stays");
    assert_eq!((edited.recorded_ms, edited.current_version), (plain.recorded_ms, correction));
    let edit = edited.edit.unwrap();
    assert_eq!((edit.author, edit.device), (Some(ben.member), ben.device.id()));
    assert_eq!((edit.timestamp_ms, edit.lost_edits), (0, Some(0)));
    assert_eq!(
        (edited.my_share, edited.my_change),
        (amount(1000), Balance::from_minor_units(-1000))
    );

    // The last review of each member counts, while its version is shown.
    let counts = |confirmed, disputed| Some(ReviewCounts { confirmed, disputed });
    let review = |target, confirms| Draft::endorsement(target, confirms, None);
    ben.write(&group, review(tea, true));
    assert_eq!(row(&group, tea).reviews, counts(0, 0), "of the original, not of his edit");
    ben.write(&group, review(correction, true));
    group.entries().append(vec![NewEntry::Dispute { target: tea, note: None }]).unwrap();
    assert_eq!(row(&group, tea).reviews, counts(1, 1));
    group.entries().append(vec![NewEntry::Confirmation { target: tea, note: None }]).unwrap();
    assert_eq!(row(&group, tea).reviews, counts(2, 0));
    let of_tea = |group: &Group| -> Vec<_> {
        let reviews = group.lists().reviews(tea).unwrap();
        reviews.into_iter().map(|row| (row.member, row.target, row.current)).collect()
    };
    let mut said = vec![(me, correction, true), (ben.member, correction, true)];
    said.extend([(ben.member, tea, false), (me, tea, false)]);
    assert_eq!(of_tea(&group), said);
    // A removal that did not know of Ben's edit and reviews takes them back. What I said of the tea
    // before counts again.
    ben.remove(&group, known);
    assert!(!verdict(&group, correction).is_applied());
    let before = row(&group, tea);
    assert_eq!((before.edit, before.reviews, before.my_share), (None, counts(1, 0), amount(1500)));
    assert_eq!(of_tea(&group), [(me, correction, false), (me, tea, true)]);
    // What was said of the void edit stays with it, and a version can be named.
    let of_edit = NewEntry::Dispute { target: correction, note: None };
    group.entries().append(vec![NewEntry::Dispute { target: tea, note: None }, of_edit]).unwrap();
    assert_eq!(row(&group, tea).reviews, counts(0, 1));
    assert_eq!(of_tea(&group), [(me, correction, false), (me, tea, true)]);
}

#[test]
fn a_transfer_and_the_expenses_of_others_have_my_part() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let members: Vec<MemberId> = group.members().unwrap().iter().map(|(id, _)| *id).collect();
    let day: Date = "2026-11-21".parse().unwrap();
    let transfer = |from, to| Transfer::new(day, euro(), amount(700), from, to).into();
    let ids = group
        .entries()
        .append(
            [
                dinner("Theirs", members[1], &[members[1], members[2]]),
                transfer(members[0], members[1]),
                transfer(members[2], members[0]),
            ]
            .map(NewEntry::Record)
            .to_vec(),
        )
        .unwrap();
    for (id, share, change) in [(ids[0], 0, 0), (ids[1], 0, 700), (ids[2], 700, -700)] {
        let row = row(&group, id);
        assert_eq!(
            (row.my_share, row.my_change),
            (amount(share), Balance::from_minor_units(change))
        );
    }
}

#[test]
fn a_row_says_how_it_was_split_and_a_correction_keeps_what_still_holds() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let members: Vec<MemberId> = group.members().unwrap().iter().map(|(id, _)| *id).collect();
    let rule = Split::Weights(vec![(members[0], 2), (members[1], 1), (members[2], 3)]);
    let Transaction::Expense(plain) = dinner("Tea", members[0], &members) else { panic!() };
    let expense = plain.clone().split(&rule, 0).unwrap();
    let record = |transaction: Transaction| {
        group.entries().append(vec![NewEntry::Record(transaction)]).unwrap()[0]
    };
    let tea = record(expense.clone().into());
    let kind = |id| row(&group, id).split;
    assert_eq!(kind(tea), Some(SplitKind::Weights));
    assert_eq!(kind(record(plain.clone().into())), Some(SplitKind::Equal));
    let exact = plain.clone().shares([(members[1], amount(2999)), (members[2], amount(1))]);
    assert_eq!(kind(record(exact.into())), Some(SplitKind::Exact));
    let day: Date = "2026-11-21".parse().unwrap();
    let gift = Transfer::new(day, euro(), amount(1), members[0], members[1]);
    assert_eq!(kind(record(gift.into())), None);

    let correct = |expense: &Expense| {
        let transaction = expense.clone().into();
        group.entries().append(vec![NewEntry::Correction { original: tea, transaction }]).unwrap();
        kind(tea)
    };
    // An app that knows nothing of rules sends back what it shows, with another text.
    let mut unaware = plain.clone().shares(expense.shares.clone());
    unaware.description = "Coffee".into();
    assert_eq!(correct(&unaware), Some(SplitKind::Weights));
    let Transaction::Expense(shown) = row(&group, tea).transaction else { panic!() };
    let Split::Weights(mut shown) = shown.rule() else { panic!("{shown:?}") };
    shown.sort();
    let Split::Weights(mut said) = rule else { panic!("{rule:?}") };
    said.sort();
    assert_eq!(shown, said);
    // Other shares are no longer what the weights give.
    unaware.shares = vec![(members[0], amount(1000)), (members[1], amount(2000))];
    assert_eq!(correct(&unaware), Some(SplitKind::Exact));
    assert_eq!(correct(&plain), Some(SplitKind::Equal));
}

/// Anna and Ben edit a dinner without having seen each other's edit: one is shown, and its row says
/// that it replaced another. Whoever edits it after that replaces both knowingly.
#[test]
fn an_edit_that_replaced_another_unseen_says_so() {
    let (host, guest) = (Phone::new(1), Phone::new(2));
    let anna = found(&host.store, 1);
    let me = anna.me().unwrap().unwrap();
    let tea = anna.entries().append(vec![NewEntry::Record(dinner("Tea", me, &[me]))]).unwrap()[0];
    let ben = join(&anna, &host, &guest, "Ben");
    hand_over(&ben, &anna);
    let edit = |group: &Group, text: &str| {
        let transaction = dinner(text, me, &[me]);
        group.entries().append(vec![NewEntry::Correction { original: tea, transaction }]).unwrap();
    };
    edit(&anna, "Anna's first");
    edit(&anna, "Anna's");
    for n in 0..5 {
        ben.entries()
            .append(vec![NewEntry::Record(dinner(&format!("Other {n}"), me, &[me]))])
            .unwrap();
    }
    edit(&ben, "Ben's");
    hand_over(&anna, &ben);
    hand_over(&ben, &anna);
    agree(&anna, &ben);
    for group in [&anna, &ben] {
        let row = row(group, tea);
        assert_eq!(row.transaction.description(), "Ben's");
        // Anna's first edit was replaced by Anna herself, and neither was known to Ben.
        assert_eq!(row.edit.unwrap().lost_edits, Some(2));
    }
    edit(&anna, "Both");
    hand_over(&anna, &ben);
    for group in [&anna, &ben] {
        assert_eq!(row(group, tea).edit.unwrap().lost_edits, Some(0));
    }
}

/// Whoever reviews one dinner thousands of times makes no page slow.
#[test]
fn too_many_reviews_are_not_counted_for_a_list() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    let me = group.me().unwrap().unwrap();
    let teas =
        [NewEntry::Record(dinner("Tea", me, &[me])), NewEntry::Record(dinner("Milk", me, &[me]))];
    let ids = group.entries().append(teas.to_vec()).unwrap();
    let confirm = |target| NewEntry::Confirmation { target, note: None };
    group.entries().append(vec![confirm(ids[0]); 2_000]).unwrap();
    let counts = |confirmed| Some(ReviewCounts { confirmed, disputed: 0 });
    assert_eq!(row(&group, ids[0]).reviews, counts(1));
    assert_eq!(row(&group, ids[1]).reviews, counts(0));
    group.entries().append(vec![confirm(ids[0])]).unwrap();
    let rows = group.lists().expenses(None, 10).unwrap();
    assert_eq!((rows[1].original, rows[1].reviews), (ids[0], None));
    assert_eq!(group.lists().reviews(ids[0]).unwrap().len(), 1);
}

#[test]
fn members_and_devices_say_what_they_are() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    let ben = Ben::join(&folder, &group);
    let me = group.me().unwrap().unwrap();
    let members = group.lists().members().unwrap();
    let shown: Vec<_> = members
        .iter()
        .map(|row| (row.label.as_str(), row.standing, row.is_owner, row.is_me, row.devices))
        .collect();
    let expected = [
        ("Anna", Standing::Active, true, true, 1),
        ("Guest 1", Standing::Placeholder, false, false, 0),
        ("Ben", Standing::Active, false, false, 1),
    ];
    assert_eq!(shown, expected);
    assert!(members.iter().all(|row| row.is_introduced && row.joined_ms.is_some()));
    assert_eq!(members[2].joined_ms, Some(0), "by the clock of the entry that added him");
    let devices = group.lists().devices().unwrap();
    assert_eq!(devices.len(), 2);
    for device in devices {
        let is_this = device.id == group.device();
        assert_eq!((device.is_this_device, device.member == me), (is_this, is_this));
        assert_eq!(device.enrolled_ms == Some(0), !is_this);
        assert!(device.enrolled_ms.is_some(), "the founder's by the genesis entry");
    }
    ben.remove(&group, heads(&group));
    let standing = group.lists().members().unwrap()[2].standing;
    assert_eq!((standing, group.lists().devices().unwrap().len()), (Standing::Removed, 1));
}
