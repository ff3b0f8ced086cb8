//! Idle entries that are left out, and what must never be: statements, dinners and removals of
//! others, also behind a flood (SPEC §5.3).
#![cfg(feature = "sqlcipher")]

use std::io::Cursor;

use ledger_core::Verdict;
use ledger_core::engine::{Draft, Payload};
use ledger_core::hazmat::any_position;
use ledger_core::keys::DeviceKey;
use ledger_core::limits::LedgerLimits;
use ledger_core::seal::EpochKey;
use ledger_core::statement::{Generation, NewStatement};
use ledger_store::{Group, NewEntry, Receipt, Since, Store, StoreOptions};

use crate::common::people::{ingest, sign, verdict};
use crate::common::scene::{Scene, all, dinner, small};
use crate::common::{
    Rng, Seeded, added, assert_sound, digest, entries, go_on, heads, only, record, travelling,
};

/// Both get all that the other one has, again and again.
fn exchange(one: &Group, other: &Group) {
    for _ in 0..3 {
        one.entries().ingest(&entries(other)).unwrap();
        other.entries().ingest(&entries(one)).unwrap();
    }
    assert_sound(one);
    assert_sound(other);
}

fn assert_agree(one: &Group, other: &Group) {
    assert_eq!(one.agreed_heads().unwrap(), other.agreed_heads().unwrap());
    assert_eq!(digest(one), digest(other));
}

/// Ben, removed, writes sixty entries, and the next one carries what Cleo's root key signed. It
/// enters on a phone that met the flood before the removal, and on one that met it after.
#[test]
fn a_statement_behind_a_flood_enters_everywhere() {
    for which in 0..3 {
        let scene = Scene::new(10 + which);
        let (ben, cleo) = (scene.add(1, "Ben"), scene.add(2, "Cleo"));
        let before = heads(&scene.group);
        let ledger = scene.group.ledger().unwrap();
        let owner = ledger.state().members()[0].0;
        let draft = Draft::record(ledger.state(), &dinner(owner, cleo.member)).unwrap();
        ingest(&scene.group, &sign(&ledger, &cleo.device, Some(cleo.added), draft));
        let removal = scene.removal(ben.member);
        let (scene, _folder, _store, second) = scene.copy(20 + which);
        let mut flood = scene.chain(&ben.device, ben.added, 60, 0);
        let last = flood.last().unwrap();
        let generation = Generation::Card(cleo.member);
        let statement = match which {
            0 => NewStatement::Rename { generation, name: "Clea" },
            1 => NewStatement::Revoke { generation, device: cleo.device.id() },
            _ => NewStatement::Leave { generation },
        };
        let draft =
            Draft::statement(&cleo.root, scene.group.id(), &statement, before, [9; 16]).unwrap();
        let clock = last.decoded().header().lamport() + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 60, last.id(), vec![], clock);
        flood.push(draft.sign(&ben.device, &at, 0).unwrap());
        let carrier = flood.last().unwrap().id();

        scene.group.entries().ingest(&all(&flood)).unwrap();
        scene.group.entries().ingest(&[travelling(&removal)]).unwrap();
        second.entries().ingest(&[travelling(&removal)]).unwrap();
        let report = second.entries().ingest(&all(&flood)).unwrap();
        assert_eq!(report.left_out, 0, "all of it is in the past of the carrier");
        exchange(&scene.group, &second);
        assert_agree(&scene.group, &second);
        assert!(second.lists().entry(carrier).unwrap().is_some());
    }
}

/// The owner has left, and removes Ben by an entry on top of an idle branch. Another phone is
/// full of another branch. The removal enters there, too.
#[test]
fn an_owners_removal_enters_where_idle_branches_differ() {
    for leaves in [false, true] {
        let scene = Scene::new(30);
        let (ben, x) = (scene.add(1, "Ben"), scene.add(9, "X"));
        ingest(&scene.group, &scene.removal(x.member));
        if leaves {
            let owner = scene.group.state().unwrap().members()[0].0;
            let leave = NewStatement::Leave { generation: Generation::Card(owner) };
            let (base, id) = (heads(&scene.group), scene.group.id());
            let draft = Draft::statement(&scene.owner, id, &leave, base, [5; 16]).unwrap();
            let ledger = scene.group.ledger().unwrap();
            ingest(&scene.group, &sign(&ledger, &scene.anna, None, draft));
        }
        let (scene, _folder, _store, second) = scene.copy(31);
        let long = scene.chain(&x.device, x.added, 60, 1);
        let short = scene.chain(&x.device, x.added, 12, 2);
        assert!(second.entries().ingest(&all(&long)).unwrap().left_out > 0);
        scene.group.entries().ingest(&all(&short)).unwrap();
        // By hand, as an app that does not know of agreed heads.
        let remove = NewStatement::Remove { member: ben.member };
        let base = heads(&scene.group);
        let draft = Draft::statement(&scene.owner, scene.group.id(), &remove, base, [4; 16]);
        let draft = draft.unwrap();
        let ledger = scene.group.ledger().unwrap();
        let clock = heads(&scene.group).iter().map(|id| scene.clock(*id)).max().unwrap();
        let at = ledger.next_position(scene.anna.id()).unwrap().behind(clock);
        ingest(&scene.group, &draft.sign(&scene.anna, &at, 0).unwrap());
        exchange(&scene.group, &second);
        assert!(second.state().unwrap().member(ben.member).unwrap().is_removed());
        assert_agree(&scene.group, &second);
    }
}

/// Dora left, by her phone. Her tablet, which has not heard of it, records a dinner on top of
/// what a removed member wrote. It counts everywhere, also where there is no room for that.
#[test]
fn a_dinner_of_somebody_who_left_is_kept_with_all_that_it_builds_on() {
    let scene = Scene::new(40);
    let (x, dora) = (scene.add(9, "X"), scene.add(7, "Dora"));
    let (group, tablet) = (scene.group.id(), DeviceKey::from_bytes(&[8; 64]));
    let enrolled = scene.enrol(&dora, &tablet, 1);
    let removal = scene.removal(x.member);
    let leave = NewStatement::Leave { generation: Generation::Card(dora.member) };
    let draft = Draft::statement(&dora.root, group, &leave, heads(&scene.group), [2; 16]).unwrap();
    let leave = sign(&scene.group.ledger().unwrap(), &dora.device, None, draft);

    let (scene, _folder, _store, second) = scene.copy(41);
    let long = scene.chain(&x.device, x.added, 60, 1);
    let short = scene.chain(&x.device, x.added, 12, 2);
    let tip = short.last().unwrap();
    let clock = tip.decoded().header().lamport().max(scene.clock(enrolled)) + 1;
    let at = any_position(group, tablet.id(), 0, enrolled, vec![tip.id()], clock);
    let ledger = scene.group.ledger().unwrap();
    let owner = ledger.state().members()[0].0;
    let draft = Draft::record(ledger.state(), &dinner(owner, dora.member)).unwrap();
    let dinner = draft.sign(&tablet, &at, 0).unwrap();

    // One phone meets everything as it was written, the other one in the worst order.
    second.entries().ingest(&all(&short)).unwrap();
    second.entries().ingest(&[travelling(&dinner)]).unwrap();
    second.entries().ingest(&[travelling(&leave), travelling(&removal)]).unwrap();
    scene.group.entries().ingest(&[travelling(&removal), travelling(&leave)]).unwrap();
    scene.group.entries().ingest(&all(&long)).unwrap();
    let mut offered = all(&short);
    offered.push(travelling(&dinner));
    scene.group.entries().ingest(&offered).unwrap();
    assert_eq!(verdict(&scene.group, dinner.id()), Verdict::Applied);
    exchange(&scene.group, &second);
    assert_eq!(verdict(&second, dinner.id()), Verdict::Applied);
    assert_agree(&scene.group, &second);
}

/// What was left out of one batch of a file turns out in a later one to be needed, as Cleo's phone built on
/// it. Receiving the file once is enough.
#[test]
fn what_a_later_batch_needs_comes_from_the_same_file() {
    let scene = Scene::new(30);
    let (ben, cleo) = (scene.add(1, "Ben"), scene.add(2, "Cleo"));
    let owner = scene.group.me().unwrap().unwrap();
    let (scene, _folder, store, second) = scene.copy(31);
    let removal = scene.removal(ben.member);
    second.entries().ingest(&[travelling(&removal)]).unwrap();
    let flood = scene.chain(&ben.device, ben.added, 60, 0);
    scene.group.entries().ingest(&all(&flood)).unwrap();
    scene.group.entries().ingest(&[travelling(&removal)]).unwrap();
    record(&scene.group, 2_100, 300, &mut Rng::new(1));
    let ledger = scene.group.ledger().unwrap();
    let draft = Draft::record(ledger.state(), &dinner(owner, cleo.member)).unwrap();
    let parents = heads(&scene.group);
    assert!(parents.contains(&flood.last().unwrap().id()));
    let clock = parents.iter().map(|id| scene.clock(*id)).max().unwrap() + 1;
    let (group, device) = (scene.group.id(), cleo.device.id());
    let at = any_position(group, device, 0, cleo.added, parents, clock);
    let late = ingest(&scene.group, &draft.sign(&cleo.device, &at, 0).unwrap());
    let mut bundle = Vec::new();
    scene.group.bundles().export(Since::Beginning, &mut bundle, &mut go_on).unwrap();

    let receipt = store.receive(&mut Cursor::new(bundle), &mut go_on).unwrap();
    let Receipt::Imported(imported) = receipt else { panic!("{receipt:?}") };
    assert!(imported[0].1.is_complete(), "{imported:?}");
    assert!(verdict(&second, late).is_applied());
    assert_agree(&scene.group, &second);
    assert_sound(&second);
}

/// Four devices of one member write after the removal. All together they keep as much as
/// one.
#[test]
fn several_devices_of_a_member_share_one_limit() {
    let scene = Scene::new(50);
    let ben = scene.add(1, "Ben");
    let devices = [11, 12, 13, 14].map(|n| {
        let device = DeviceKey::from_bytes(&[n; 64]);
        let enrolled = scene.enrol(&ben, &device, n);
        (device, enrolled)
    });
    ingest(&scene.group, &scene.removal(ben.member));
    for (device, enrolment) in &devices {
        scene.group.entries().ingest(&all(&scene.chain(device, *enrolment, 30, 0))).unwrap();
    }
    let idle = scene.group.ledger().unwrap().idle_bytes();
    assert!((7_000..=8_000).contains(&idle), "{idle}");
    assert_sound(&scene.group);
}

/// Ben, removed and past his limit, began an epoch. Without its entry, the key under which others
/// sealed is worth nothing: once something that is kept came under it, the entry is asked for and
/// kept. A second entry of the same epoch is not; nor is one whose key Ben handed out for nothing.
#[test]
fn the_epoch_entry_of_a_key_in_use_is_asked_for_and_kept() {
    let scene = Scene::new(90);
    let ben = scene.add(1, "Ben");
    ingest(&scene.group, &scene.removal(ben.member));
    assert!(
        scene
            .group
            .entries()
            .ingest(&all(&scene.chain(&ben.device, ben.added, 60, 0)))
            .unwrap()
            .left_out
            > 0
    );
    let key = EpochKey::from_bytes(scene.group.id(), [7; 32]);
    let begun = |key: &EpochKey, stamp| {
        let clock = scene.clock(ben.added) + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 0, ben.added, vec![], clock);
        Draft::epoch(key.begin(&[]).unwrap()).sign(&ben.device, &at, stamp).unwrap()
    };
    let (epoch, copy) = (begun(&key, 1), begun(&key, 2));
    let report = scene.group.entries().ingest(&[travelling(&epoch)]).unwrap();
    assert_eq!((report.left_out, report.missing.len()), (1, 0));
    let sql = "INSERT INTO epochs (grp, topic, secret) VALUES (1, ?1, ?2)";
    let row = (key.topic().as_bytes().to_vec(), key.expose_secret().to_vec());
    scene.folder.raw().execute(sql, row).unwrap();
    assert_eq!(scene.group.entries().ingest(&[]).unwrap().missing, [].into());
    let report = scene.group.entries().ingest(&[travelling(&epoch)]).unwrap();
    assert_eq!((report.left_out, report.missing.len()), (1, 0));
    let came_under = |from: &str, key: &EpochKey| {
        let sql = format!(
            "INSERT OR REPLACE INTO sealed (n, epoch) SELECT n, e FROM entries, epochs
             WHERE {from} AND topic = ?1 LIMIT 1"
        );
        let topic = key.topic().as_bytes().to_vec();
        assert_eq!(scene.folder.raw().execute(&sql, [topic]).unwrap(), 1);
    };
    came_under("kind <> 23", &key);
    let report = scene.group.entries().ingest(&[]).unwrap();
    assert_eq!(report.missing, [epoch.id()].into());
    let report = scene.group.entries().ingest(&[travelling(&epoch)]).unwrap();
    assert_eq!((added(&report), report.missing.len()), (vec![epoch.id()], 0));
    // Epoch entries do not keep each other.
    let next = EpochKey::from_bytes(scene.group.id(), [8; 32]);
    let row = (next.topic().as_bytes().to_vec(), next.expose_secret().to_vec());
    scene.folder.raw().execute(sql, row).unwrap();
    came_under("kind = 23", &next);
    let another = begun(&next, 3);
    let report = scene.group.entries().ingest(&[travelling(&another)]).unwrap();
    assert_eq!((report.left_out, report.missing.len()), (1, 0));
    assert_eq!(scene.group.entries().ingest(&[travelling(&copy)]).unwrap().left_out, 1);
    assert_sound(&scene.group);
}

/// As above, but the epoch entry builds on idle entries that were left out. They are kept with it,
/// whether they come in the same batch or are asked for, and so is what they build on.
#[test]
fn the_epoch_entry_of_a_key_in_use_is_kept_with_all_that_it_builds_on() {
    let key_row = "INSERT INTO epochs (grp, topic, secret) VALUES (1, ?1, ?2)";
    let under_key = "INSERT OR REPLACE INTO sealed (n, epoch) SELECT n, e FROM entries, epochs
                     WHERE kind <> 23 AND topic = ?1 LIMIT 1";
    for together in [true, false] {
        let scene = Scene::new(95);
        let ben = scene.add(1, "Ben");
        ingest(&scene.group, &scene.removal(ben.member));
        let chain = scene.chain(&ben.device, ben.added, 60, 0);
        let last = chain.last().unwrap();
        let key = EpochKey::from_bytes(scene.group.id(), [7; 32]);
        let clock = last.decoded().header().lamport() + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 60, last.id(), vec![], clock);
        let epoch = Draft::epoch(key.begin(&[]).unwrap()).sign(&ben.device, &at, 0).unwrap();
        let bundle: Vec<_> = chain.iter().chain([&epoch]).map(travelling).collect();
        let first = scene.group.entries().ingest(&bundle).unwrap();
        assert!(first.left_out > 1);
        let (topic, secret) = (key.topic().as_bytes().to_vec(), key.expose_secret().to_vec());
        scene.folder.raw().execute(key_row, (topic.clone(), secret)).unwrap();
        assert_eq!(scene.folder.raw().execute(under_key, [topic]).unwrap(), 1);
        assert_eq!(scene.group.entries().ingest(&[]).unwrap().missing, [epoch.id()].into());

        let report = match together {
            true => scene.group.entries().ingest(&bundle).unwrap(),
            // What is asked for comes one by one, as the summaries of two phones do it.
            false => {
                let mut wanted =
                    scene.group.entries().ingest(&[travelling(&epoch)]).unwrap().missing;
                assert_eq!(wanted, [last.id()].into());
                let mut report = Default::default();
                while let Some(id) = wanted.pop_first() {
                    let asked = chain.iter().find(|entry| entry.id() == id).unwrap();
                    report = scene.group.entries().ingest(&[travelling(asked)]).unwrap();
                    wanted.extend(report.missing.iter().copied());
                }
                report
            }
        };
        assert_eq!((report.left_out, report.missing.len()), (0, 0), "{together}");
        assert!(scene.group.lists().entry(epoch.id()).unwrap().is_some(), "{together}");
        assert_sound(&scene.group);
    }
}

/// Ben, removed, writes without end, and carries his own removal again behind each flood. That
/// keeps none of it, also if the carrier comes first.
#[test]
fn a_further_carrier_of_a_known_statement_keeps_nothing() {
    let scene = Scene::new(110);
    let ben = scene.add(1, "Ben");
    let removal = scene.removal(ben.member);
    ingest(&scene.group, &removal);
    let Payload::Statement(signed) = removal.decoded().payload() else { panic!() };
    for stamp in 0..3 {
        let flood = scene.chain(&ben.device, ben.added, 60, stamp);
        let last = flood.last().unwrap();
        let clock = last.decoded().header().lamport().max(scene.clock(removal.id())) + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 60, last.id(), vec![], clock);
        let carrier = Draft::carry(signed).sign(&ben.device, &at, stamp).unwrap();
        scene.group.entries().ingest(&[travelling(&carrier)]).unwrap();
        let report = scene.group.entries().ingest(&all(&flood)).unwrap();
        assert!(report.left_out > 0);
        // Also together.
        let mut both = all(&flood);
        both.push(travelling(&carrier));
        scene.group.entries().ingest(&both).unwrap();
        let idle = scene.group.ledger().unwrap().idle_bytes();
        assert!(idle <= 8_000, "{idle}");
    }
    let entries = scene.group.ledger().unwrap().frontier().entries();
    assert!(entries < 60, "{entries}");
    assert_sound(&scene.group);
}

/// Anna built on what Ben wrote after his removal, far behind it. A salvage with room for less than
/// that keeps it all the same.
#[test]
fn a_salvage_keeps_the_idle_entries_that_later_ones_need() {
    let scene = Scene::with(140, LedgerLimits::default());
    let ben = scene.add(1, "Ben");
    ingest(&scene.group, &scene.removal(ben.member));
    let idle = scene.chain(&ben.device, ben.added, 60, 0);
    scene.group.entries().ingest(&all(&idle)).unwrap();
    // More than a salvage takes at once.
    let names = (0..520).map(|n| NewEntry::Placeholder { name: format!("P{n}") });
    scene.group.entries().append(names.collect()).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let own = ledger.next_position(scene.anna.id()).unwrap();
    let (seq, clock) = (ledger.frontier().last_seq(scene.anna.id()).unwrap() + 1, own.lamport());
    let parents = vec![idle.last().unwrap().id()];
    let at = any_position(scene.group.id(), scene.anna.id(), seq, own.backlink(), parents, clock);
    ingest(&scene.group, &Draft::merge().sign(&scene.anna, &at, 0).unwrap());
    let before = (digest(&scene.group), entries(&scene.group).len());
    let Scene { folder, store, group, .. } = scene;
    drop((group, store));
    let to = folder.db().with_file_name("new.db");
    let options = StoreOptions::new().environment(Seeded::new(1)).limits(small());
    let salvaged =
        options.salvage_database(&folder.db(), folder.secrets(), &to, &mut go_on).unwrap();
    assert!(salvaged.lost.is_empty() && salvaged.groups[0].missing.is_empty(), "{salvaged:?}");
    assert_eq!((salvaged.groups[0].entries, salvaged.groups[0].waiting), (before.1 as u64, 0));
    let store = Store::open(&to, folder.secrets()).unwrap();
    assert_eq!((digest(&only(&store)), entries(&only(&store)).len()), before);
}
