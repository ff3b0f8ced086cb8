//! Entries that wait, give way or are left out for now, and are asked for later (SPEC §5.1).
#![cfg(feature = "sqlcipher")]

use ledger_core::EntryId;
use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::hazmat::any_position;
use ledger_core::keys::DeviceKey;
use ledger_core::limits::LedgerLimits;
use ledger_core::seal::EpochKey;
use ledger_store::NewEntry;

use crate::common::people::{ingest, sign};
use crate::common::scene::{Scene, all, chain, small};
use crate::common::{self, assert_sound, only, travelling};

/// A puppet of a removed member writes more than is kept. When somebody vouches for the puppet,
/// what was left out is asked for, also after a restart, until it is here.
#[test]
fn what_was_left_out_is_asked_for_when_its_author_is_accepted() {
    let scene = Scene::new(60);
    let ben = scene.add(1, "Ben");
    let removal = scene.removal(ben.member);
    let (key, _, card) = scene.card(5, "Puppet");
    let ledger = scene.group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = sign(&ledger, &ben.device, Some(ben.added), draft);
    ingest(&scene.group, &removal);
    ingest(&scene.group, &added);
    let flood = scene.chain(&key, added.id(), 60, 0);
    let report = scene.group.entries().ingest(&all(&flood)).unwrap();
    assert!(report.left_out > 0 && report.missing.is_empty());
    let kept = report.added.len();

    let scene = scene.reopened(small());
    let Scene { group, anna, .. } = &scene;
    let ledger = group.ledger().unwrap();
    let member = card.card().member();
    let adopt = Draft::adopt(ledger.state(), member).unwrap();
    let adopt = sign(&ledger, anna, None, adopt);
    let clock = added.decoded().header().lamport().max(adopt.decoded().header().lamport() - 1);
    let at = ledger.next_position(anna.id()).unwrap().behind(clock);
    let adopt = Draft::adopt(ledger.state(), member).unwrap().sign(anna, &at, 0).unwrap();
    let report = group.entries().ingest(&[travelling(&adopt)]).unwrap();
    let left_out: Vec<EntryId> = flood[kept..].iter().map(VerifiedEntry::id).collect();
    assert_eq!(report.missing.into_iter().collect::<Vec<_>>(), {
        let mut ids = left_out.clone();
        ids.sort_unstable();
        ids
    });
    let report = group.entries().ingest(&all(&flood)).unwrap();
    assert_eq!((report.added.len(), report.left_out), (60 - kept, 0));
    assert!(report.missing.is_empty());
    assert_sound(group);
}

/// Fresh keys fill the waiting room. What a member's device waits for stays; what a device that
/// nobody knew had to give up is asked for when the device is enrolled.
#[test]
fn entries_that_gave_way_are_asked_for_when_their_device_is_enrolled() {
    let scene = Scene::with(70, LedgerLimits::default().waiting_entries(30));
    let ben = scene.add(1, "Ben");
    // Ben's chain comes without its first entry, Dora's before she is introduced.
    let honest = scene.chain(&ben.device, ben.added, 11, 0);
    let (dora, added) = scene.introduction(6, "Dora");
    let clock = added.decoded().header().lamport();
    let early = chain(&scene.group, &dora.device, (added.id(), clock), 5, 0);
    scene.group.entries().ingest(&all(&honest[1..])).unwrap();
    scene.group.entries().ingest(&all(&early)).unwrap();
    scene.strangers(100..200);
    let report = scene.group.entries().ingest(&all(&honest[..1])).unwrap();
    assert_eq!(report.added.len(), 11, "none of Ben's gave way");
    let report = scene.group.entries().ingest(&[travelling(&added)]).unwrap();
    let kept = common::added(&report);
    let gone: Vec<EntryId> =
        early.iter().map(VerifiedEntry::id).filter(|id| !kept.contains(id)).collect();
    assert!(!gone.is_empty() && gone.iter().all(|id| report.missing.contains(id)));
    let report = scene.group.entries().ingest(&all(&early)).unwrap();
    assert_eq!(report.added.len(), gone.len());
    assert!(gone.iter().all(|id| !report.missing.contains(id)));
    assert_sound(&scene.group);
}

/// An epoch entry that gave way while it waited, of a device that nobody knows: it is asked for once
/// something that is kept came under its key.
#[test]
fn an_epoch_entry_that_gave_way_is_asked_for_when_its_key_is_in_use() {
    let scene = Scene::with(110, LedgerLimits::default().waiting_entries(1));
    let group = &scene.group;
    let key = EpochKey::from_bytes(group.id(), [7; 32]);
    let stranger = DeviceKey::from_bytes(&[5; 64]);
    let absent = EntryId::from_bytes([9; 32]);
    let at = any_position(group.id(), stranger.id(), 0, absent, vec![], 900);
    let epoch = Draft::epoch(key.begin(&[]).unwrap()).sign(&stranger, &at, 0).unwrap();
    group.entries().ingest(&[travelling(&epoch)]).unwrap();
    scene.strangers(100..101);
    assert_eq!(group.waiting().unwrap().total, 1);
    let raw = scene.folder.raw();
    let row = (key.topic().as_bytes().to_vec(), key.expose_secret().to_vec());
    raw.execute("INSERT INTO epochs (grp, topic, secret) VALUES (1, ?1, ?2)", row).unwrap();
    let sql = "INSERT INTO sealed (n, epoch) SELECT max(n), e FROM entries, epochs";
    raw.execute(sql, []).unwrap();
    assert!(group.entries().ingest(&[]).unwrap().missing.contains(&epoch.id()));
}

/// The memory of what was left out is bounded: the oldest ids are forgotten.
#[test]
fn ids_of_what_was_left_out_are_bounded() {
    let scene = Scene::with(100, LedgerLimits::default().waiting_entries(2).left_out_ids(5));
    let (dora, added) = scene.introduction(6, "Dora");
    let clock = added.decoded().header().lamport();
    let early = chain(&scene.group, &dora.device, (added.id(), clock), 30, 0);
    for entry in &early {
        scene.group.entries().ingest(&[travelling(entry)]).unwrap();
    }
    let rows: u64 = scene
        .folder
        .raw()
        .query_row("SELECT count(*) FROM left_out", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 5);
    let report = scene.group.entries().ingest(&[travelling(&added)]).unwrap();
    assert_eq!((report.added.len(), report.missing.len()), (3, 5));
}

/// A store that kept more than an ingest would take, as after a salvage: strangers' entries push
/// none of it out, and nothing is dropped by opening it.
#[test]
fn what_waits_beyond_the_limits_survives_an_ingest() {
    let scene = Scene::new(120);
    let ben = scene.add(1, "Ben");
    let honest = scene.chain(&ben.device, ben.added, 60, 0);
    // Half of them of devices that nobody knows.
    let known = EntryId::from_bytes([7; 32]);
    let stranger = DeviceKey::from_bytes(&[77; 64]);
    let strange = chain(&scene.group, &stranger, (known, 900), 30, 0);
    scene.group.entries().ingest(&all(&honest[1..])).unwrap();
    scene.group.entries().ingest(&all(&strange)).unwrap();
    assert_eq!(scene.group.waiting().unwrap().total, 89);
    let scene = scene.reopened(
        LedgerLimits::default()
            .waiting_entries(10)
            .waiting_bytes(9_000)
            .waiting_bytes_per_member(2_000),
    );
    let group = &scene.group;
    group.entries().ingest(&[]).unwrap();
    assert_eq!(group.waiting().unwrap().total, 89);
    scene.strangers(100..130);
    assert_eq!(group.waiting().unwrap().total, 89, "no more, and no fewer");
    let report = group.entries().ingest(&all(&honest[..1])).unwrap();
    assert_eq!(report.added.len(), 60, "none of Ben's gave way");
    assert_sound(group);
}

/// Dora's entries wait, and some gave way, when Anna's phone adds her by itself. From then on they
/// are a member's: asked for, and pushed out by no stranger.
#[test]
fn entries_that_wait_are_reviewed_when_this_device_adds_their_author() {
    let scene = Scene::with(130, LedgerLimits::default().waiting_entries(10));
    let Scene { folder, group, .. } = &scene;
    let (dora, _, card) = scene.card(6, "Dora");
    let early = chain(group, &dora, (EntryId::from_bytes([9; 32]), 900), 12, 0);
    group.entries().ingest(&all(&early)).unwrap();
    let count = |sql: &str| -> u64 { folder.raw().query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM pending"), 10);
    assert_eq!(count("SELECT count(*) FROM left_out WHERE wanted = 0"), 2);
    group.entries().append(vec![NewEntry::Member { card: Box::new(card) }]).unwrap();
    assert_eq!(count("SELECT count(*) FROM left_out WHERE wanted = 1"), 2);
    scene.strangers(100..120);
    let of_dora = "SELECT count(*) FROM pending WHERE substr(entry, 39, 32) = (SELECT device FROM left_out WHERE wanted = 1 LIMIT 1)";
    assert_eq!(count(of_dora), 10);
}

/// Another process admits one of two entries for which a third one waits here. Once the other one
/// comes, nothing is missing any more.
#[test]
fn what_another_process_admits_is_not_missing_here() {
    let scene = Scene::new(120);
    let ben = scene.add(1, "Ben");
    let cleo = scene.add(2, "Cleo");
    let of_ben = scene.chain(&ben.device, ben.added, 1, 0);
    let of_cleo = scene.chain(&cleo.device, cleo.added, 1, 0);
    let clock = scene.clock(cleo.added) + 2;
    let parents = vec![of_cleo[0].id()];
    let at = any_position(scene.group.id(), ben.device.id(), 1, of_ben[0].id(), parents, clock);
    let behind = Draft::merge().sign(&ben.device, &at, 0).unwrap();
    scene.group.entries().ingest(&[travelling(&behind)]).unwrap();
    // Handles of two stores, as of two processes.
    let other = scene.folder.store_with(small());
    only(&other).entries().ingest(&all(&of_ben)).unwrap();
    let report = scene.group.entries().ingest(&all(&of_cleo)).unwrap();
    assert_eq!(common::added(&report), [of_cleo[0].id(), behind.id()]);
    assert_sound(&scene.group);
}
