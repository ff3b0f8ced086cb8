//! Files that are no bundle, or of another group, and junk in bundles: reports are true, and what
//! junk costs is bounded.

#![cfg(feature = "sqlcipher")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::rc::Rc;

use ledger_core::EntryId;
use ledger_core::bundle::frame;
use ledger_core::engine::{DecodedEntry, Draft};
use ledger_core::limits::LedgerLimits;
use ledger_core::seal::EpochKey;
use ledger_store::{Progress, Receipt, Since, StoreError};

use crate::common::people::Ben;
use crate::common::phones::{admitted, link, open_invite};
use crate::common::sealed::{Anna, add, anna, exchange, export, framed, import, pay, records};
use crate::common::{
    Folder, Rng, assert_sound, decode, digest, entries, go_on, record, write_private,
};

/// Bytes that look random.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    (0..len).map(|_| rng.below(256) as u8).collect()
}

/// An envelope of any topic that opens for nobody.
fn junk_envelope(topic: u64) -> Vec<u8> {
    let mut record = noise(57 + 512 + 16, topic);
    record[0] = 1;
    record
}

#[test]
fn what_is_no_bundle_is_told() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let bundle = export(&anna);
    let photo = [&[0xff, 0xd8, 0xff, 0xe0][..], &noise(60_000, 1)].concat();
    for file in [Vec::new(), b"Date,Description".to_vec(), photo, bundle[..200].to_vec()] {
        let refused = anna.bundles().import(&mut &file[..], &mut go_on);
        assert!(matches!(refused, Err(StoreError::NoBundle)), "{refused:?}");
        let refused = anna.store.receive(&mut Cursor::new(file), &mut go_on);
        assert!(matches!(refused, Err(StoreError::NoBundle)), "{refused:?}");
    }
    // A part of a bundle is one, and is not complete.
    for cut in [1_500, 3_000, bundle.len() - 1] {
        let report = import(&anna, &bundle[..cut]);
        assert!(!report.is_complete() && report.damaged_bytes > 0, "{cut}: {report:?}");
    }
    let damaged = [&bundle[..], b"and more"].concat();
    assert!(!import(&anna, &damaged).is_complete());
    // Nothing but keys: nobody can tell what belongs to them.
    let mut keys: Vec<Vec<u8>> = records(&bundle).into_iter().filter(|r| r[0] == 2).collect();
    assert!(!import(&anna, &framed(&keys)).is_complete());
    // Keys out of order are damaged, and no record of a later version.
    keys[0][49..].reverse();
    let report = import(&anna, &framed(&keys));
    assert!(report.damaged_bytes > 0 && report.unknown_records == 0, "{report:?}");
    assert!(import(&anna, &bundle).is_complete());
}

#[test]
fn a_bundle_of_another_group_is_told_at_once() {
    let (folder, elsewhere) = (Folder::new(1), Folder::new(2));
    let flat = anna(&folder);
    export(&flat);
    let trip = flat.store.create_group("Trip", "Anna").unwrap();
    let of_trip = export(&trip);
    let refused = flat.bundles().import(&mut &of_trip[..], &mut go_on);
    let Err(StoreError::BundleOfOtherGroup(found)) = refused else { panic!("{refused:?}") };
    assert_eq!(found, trip.id());
    assert_eq!(flat.bundles().missing_topics().unwrap(), [], "nothing waits");

    // Of a group that is not here.
    let stranger = anna(&elsewhere);
    let theirs = export(&stranger);
    let report = import(&flat, &theirs);
    assert!(!report.is_ours && !report.is_complete(), "{report:?}");
    let receipt = flat.store.receive(&mut Cursor::new(theirs), &mut go_on).unwrap();
    assert!(matches!(receipt, Receipt::OtherGroup), "{receipt:?}");

    // Several in one file: each group gets its own.
    let joined = [export(&flat), of_trip].concat();
    let report = import(&flat, &joined);
    assert_eq!(report.other_groups.into_iter().collect::<Vec<_>>(), [trip.id()]);
    let receipt = flat.store.receive(&mut Cursor::new(joined), &mut go_on).unwrap();
    let Receipt::Imported(all) = receipt else { panic!("{receipt:?}") };
    assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [flat.id(), trip.id()]);
}

/// A group of which the device's keys are gone keeps no file of another group out.
#[test]
fn a_group_without_keys_keeps_no_file_of_another_group_out() {
    let (folder, guest) = (Folder::new(1), Folder::new(2));
    let anna = anna(&folder);
    let store = guest.store();
    let old = store.create_group("Old", "Ben").unwrap();
    let request = store.joining().join(&link(&anna, &open_invite()), "Ben").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
    store.joining().enter(&answer).unwrap();
    let keys = std::fs::read_to_string(guest.keys()).unwrap();
    let lost = format!("device-{} ", old.device());
    let rest: String = keys
        .lines()
        .filter(|line| !line.starts_with(&lost))
        .map(|line| format!("{line}\n"))
        .collect();
    write_private(&guest.keys(), rest.as_bytes());
    let receive = |file: Vec<u8>| guest.store().receive(&mut Cursor::new(file), &mut go_on);
    // Only the key in it tells the group: no key of it is here so far.
    let receipt = receive(export(&anna)).unwrap();
    let Receipt::Imported(all) = receipt else { panic!("{receipt:?}") };
    assert!(all[0].0 == anna.id() && all[0].1.is_complete(), "{all:?}");
    // A file of nobody here may be of the group whose keys are gone.
    let elsewhere = Folder::new(3);
    let stranger = export(&self::anna(&elsewhere));
    assert!(matches!(receive(stranger), Err(StoreError::Secrets(_))));
}

#[test]
fn receive_takes_what_comes() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    record(&anna, 20, 10, &mut Rng::new(1));
    let guest = Folder::new(3);
    let store = guest.store();
    let link = link(&anna, &open_invite());
    let request = store.joining().join(&link, "Ben").unwrap();
    let receipt = anna.store.receive(&mut Cursor::new(request), &mut go_on).unwrap();
    let Receipt::JoinRequest(received) = receipt else { panic!("{receipt:?}") };
    let mut welcome = Vec::new();
    let admitted = admitted(received);
    anna.invites().write_welcome(&admitted, &mut welcome, &mut go_on).unwrap();
    let receipt = store.receive(&mut Cursor::new(&welcome), &mut go_on).unwrap();
    let Receipt::Entered(group, imported) = receipt else { panic!("{receipt:?}") };
    assert_eq!(group, anna.id());
    let imported = imported.unwrap();
    assert!(imported.is_complete(), "{imported:?}");
    assert_eq!(imported.unknown_records, 0, "the answer is known");
    assert_eq!(digest(&store.group(group).unwrap()), digest(&anna));

    // A second time, it is a bundle of a group that is here.
    let receipt = store.receive(&mut Cursor::new(&welcome), &mut go_on).unwrap();
    let Receipt::Imported(all) = receipt else { panic!("{receipt:?}") };
    assert_eq!((all.len(), all[0].0, all[0].1.added), (1, group, 0));
    let (again, imported) =
        store.joining().enter_with_bundle(&mut Cursor::new(&welcome), &mut go_on).unwrap();
    assert_eq!((again.id(), imported.added), (group, 0));
    // An answer for somebody else is none for us.
    let elsewhere = Folder::new(4);
    let stranger = elsewhere.store();
    let refused = stranger.joining().enter_with_bundle(&mut Cursor::new(&welcome), &mut go_on);
    assert!(matches!(refused.map(|_| ()), Err(StoreError::Join(_))));
    // What a person must look at is told, and nothing is done.
    let text = ledger_core::messages::message_to_text(&stranger_pairing()).to_string();
    let receipt = store.receive(&mut Cursor::new(text), &mut go_on).unwrap();
    assert!(matches!(receipt, Receipt::Message(_)), "{receipt:?}");
}

/// The first message of a pairing.
fn stranger_pairing() -> Vec<u8> {
    let (_, offer) = ledger_core::messages::pairing::NewDevice::begin(&[7; 80], 0);
    offer.to_vec()
}

#[test]
fn what_was_left_out_is_not_missing() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let ben = Ben::join(&folder, &anna.group);
    let cleo = add(&anna, "Cleo", 3);
    exchange(&[&anna, &cleo.group]);
    // Ben is removed as of now, and goes on; Anna's phone has room for what he writes, Cleo's not.
    ben.remove(&anna.group, vec![ben.added]);
    for time in 0..40 {
        let ledger = anna.ledger().unwrap();
        let at = ledger.next_position(ben.device.id());
        let at = at.or_else(|| ledger.first_position(ben.device.id(), ben.added)).unwrap();
        let entry = Draft::merge().sign(&ben.device, &at, time).unwrap();
        let bytes = (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
        assert_eq!(anna.entries().ingest(&[bytes]).unwrap().added.len(), 1);
    }
    drop(cleo.group);
    drop(cleo.store);
    let limits = LedgerLimits::default().idle_bytes_per_member(2_000);
    let store = cleo._folder.store_with(limits);
    let group = store.group(anna.id()).unwrap();
    for _ in 0..2 {
        let report = import(&group, &export(&anna));
        assert!(report.left_out > 20, "{report:?}");
        assert!(report.missing.is_empty() && report.is_complete(), "{report:?}");
    }
}

#[test]
fn a_welcome_that_was_half_imported_goes_on() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    record(&anna, 20, 10, &mut Rng::new(1));
    let guest = Folder::new(3);
    let store = guest.store();
    let request = store.joining().join(&link(&anna, &open_invite()), "Ben").unwrap();
    let admitted = admitted(anna.store.joining().receive_request(&request).unwrap());
    let mut welcome = Vec::new();
    anna.invites().write_welcome(&admitted, &mut welcome, &mut go_on).unwrap();
    // As on a full disk: the group is entered, and the import fails.
    let answer_alone = frame(&records(&welcome)[0]);
    let (group, imported) =
        store.joining().enter_with_bundle(&mut Cursor::new(answer_alone), &mut go_on).unwrap();
    assert!(!imported.is_complete() && imported.is_ours, "{imported:?}");
    let (again, imported) =
        store.joining().enter_with_bundle(&mut Cursor::new(&welcome), &mut go_on).unwrap();
    assert_eq!(again.id(), group.id());
    assert!(imported.is_complete(), "{imported:?}");
    assert_eq!(digest(&group), digest(&anna));
}

/// The number of rows of a table.
fn held_in(folder: &Folder, table: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM {table}");
    folder.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// A copy with a signature that does not hold is refused, and is no duplicate.
#[test]
fn a_badly_signed_copy_of_a_stored_entry_is_no_duplicate() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let id = pay(&anna, &mut rng);
    let (bytes, signature) =
        entries(&anna).into_iter().find(|entry| decode(entry).id() == id).unwrap();
    let key = EpochKey::from_bytes(anna.id(), [0xa1; 32]);
    let mut altered = signature;
    altered[3] ^= 1;
    for (signature, duplicates, refused) in [(signature, 1, 0), (altered, 0, 1)] {
        let copy = DecodedEntry::decode(&bytes, &signature).unwrap();
        let recipients = anna.state().unwrap().recipients();
        let mut all = key.wrap_for(&recipients, &[1; 32]);
        all.push(key.seal(&copy));
        let report = import(&anna, &framed(&all));
        assert_eq!((report.duplicates, report.refused.len()), (duplicates, refused), "{report:?}");
    }
    assert_sound(&anna);
}

#[test]
fn junk_topics_do_not_crowd_out_real_ones() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let junk: Vec<Vec<u8>> = (0..300).map(junk_envelope).collect();
    let report = import(&ben.group, &framed(&junk));
    assert_eq!((report.is_ours, report.waiting, report.not_kept), (false, 8, 292));
    let missing = ben.group.bundles().missing_topics().unwrap();
    assert_eq!(missing.len(), 8, "few are on trial");
    assert_eq!(report.unknown_topics, missing.into_iter().collect());
    assert_eq!(held_in(&ben._folder, "quarantine"), 8);
    // What gives way was of an earlier import.
    let report = import(&ben.group, &framed(&[junk_envelope(9_999)]));
    assert_eq!((report.waiting, report.not_kept), (1, 0));

    // Records of a new epoch come without its key.
    anna.keys().rotate_group_key(0).unwrap();
    pay(&anna, &mut rng);
    let kept: Vec<Vec<u8>> = records(&export(&anna)).into_iter().filter(|r| r[0] != 2).collect();
    let waiting = import(&ben.group, &framed(&kept)).unknown_topics;
    import(&ben.group, &framed(&junk[..7]));
    let missing = ben.group.bundles().missing_topics().unwrap();
    assert!(waiting.iter().all(|topic| missing.contains(topic)), "more waits for it");
    assert_eq!(missing[0], *waiting.first().unwrap());
    // Many records of one junk topic take no more than their room.
    let many: Vec<Vec<u8>> = (0..200u8)
        .map(|n| {
            let mut record = junk_envelope(7_777);
            record[40] = n;
            record
        })
        .collect();
    let report = import(&ben.group, &framed(&many));
    assert_eq!((report.waiting, report.not_kept), (64, 136));
    import(&anna, &export(&ben.group));
    let report = import(&ben.group, &export(&anna));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(digest(&ben.group), digest(&anna));
}

#[test]
fn a_record_with_the_nonce_of_another_does_not_take_its_place() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    anna.keys().rotate_group_key(0).unwrap();
    pay(&anna, &mut rng);
    let (keys, sealed): (Vec<_>, Vec<_>) =
        records(&export(&anna)).into_iter().partition(|record| record[0] == 2);
    let forged: Vec<Vec<u8>> = sealed
        .iter()
        .map(|record| {
            let mut forged = record.clone();
            *forged.last_mut().unwrap() ^= 1;
            forged
        })
        .collect();
    import(&ben.group, &framed(&forged));
    import(&ben.group, &framed(&sealed));
    import(&ben.group, &framed(&keys));
    assert_eq!(digest(&ben.group), digest(&anna));
}

#[test]
fn junk_keys_are_few_and_go_into_no_bundle() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let ledger = anna.ledger().unwrap();
    let devices: Vec<[u8; 32]> =
        ledger.state().devices().map(|(_, _, device)| *device.exchange_public_key()).collect();
    let junk = (0..100u32).flat_map(|n| {
        let mut secret = [9; 32];
        secret[..4].copy_from_slice(&n.to_be_bytes());
        let key = EpochKey::from_bytes(anna.id(), secret);
        key.wrap_for(&devices.iter().copied().collect(), &[7; 32])
    });
    let junk: Vec<Vec<u8>> = junk.collect();
    import(&ben.group, &framed(&junk));
    let held = || -> u64 {
        let raw = ben._folder.raw();
        raw.query_row("SELECT count(*) FROM epochs", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(held(), 1 + 8, "the group's, and few on trial");
    pay(&ben.group, &mut rng);
    let keys = records(&export(&ben.group)).into_iter().filter(|record| record[0] == 2).count();
    assert_eq!(keys, 1);
    exchange(&[&anna, &ben.group]);
}

/// Counts the calls back, and stops at one of them.
fn count_calls(stop_at: u64) -> (impl FnMut(Progress) -> ControlFlow<()>, Rc<Cell<u64>>) {
    let calls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&calls);
    let call = move |_: Progress| {
        counted.set(counted.get() + 1);
        if counted.get() >= stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    (call, calls)
}

#[test]
fn whatever_the_bytes_an_import_calls_back_often_and_stops() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let bundle = export(&anna);
    let tiny: Vec<Vec<u8>> = (0..20_000).map(|_| vec![0x77]).collect();
    let envelopes: Vec<Vec<u8>> = (0..400).map(junk_envelope).collect();
    let broken: Vec<Vec<u8>> = vec![
        {
            let mut record = records(&bundle).into_iter().find(|r| r[0] == 1).unwrap();
            *record.last_mut().unwrap() ^= 1;
            record
        };
        400
    ];
    let files = [
        [0, 0, 0xff].repeat(200_000),
        vec![0; 600_000],
        noise(600_000, 3),
        framed(&tiny),
        framed(&envelopes),
        framed(&broken),
    ];
    for (place, file) in files.iter().enumerate() {
        let least = (file.len() / (64 << 10)) as u64;
        let (mut call, calls) = count_calls(u64::MAX);
        let _ = anna.bundles().import(&mut &file[..], &mut call);
        assert!(calls.get() >= least, "file {place}: {} calls", calls.get());
        // Each of them stops it, and so does each of the others.
        for stop_at in [1, 2, least] {
            let (mut call, calls) = count_calls(stop_at);
            let stopped = anna.bundles().import(&mut &file[..], &mut call);
            assert!(matches!(stopped, Err(StoreError::Cancelled)), "file {place}: {stopped:?}");
            assert_eq!(calls.get(), stop_at);
            let (mut call, calls) = count_calls(stop_at);
            let stopped = anna.store.receive(&mut Cursor::new(file), &mut call);
            assert!(matches!(stopped, Err(StoreError::Cancelled)), "file {place}: {stopped:?}");
            assert_eq!(calls.get(), stop_at);
            let (mut call, calls) = count_calls(stop_at);
            let stopped = anna.store.recovery().preview_group(&mut Cursor::new(file), &mut call);
            assert!(matches!(stopped, Err(StoreError::Cancelled)), "file {place}: {stopped:?}");
            assert_eq!(calls.get(), stop_at);
        }
    }
    assert_sound(&anna);
}

#[test]
fn an_export_calls_back_often_and_stops_before_anything_leaves() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let summary = anna.bundles().summary().unwrap();
    record(&anna, 1_200, 400, &mut rng);
    for since in [Since::Beginning, Since::Known(&summary)] {
        let (mut call, calls) = count_calls(u64::MAX);
        anna.bundles().export(since, &mut Vec::new(), &mut call).unwrap();
        assert!(calls.get() >= 2 * 1_200 / 256, "planning and writing: {}", calls.get());
        for stop_at in 1..=4 {
            let (mut call, _) = count_calls(stop_at);
            let mut out = Vec::new();
            let stopped = anna.bundles().export(since, &mut out, &mut call);
            assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
            assert!(out.is_empty());
        }
    }
}

/// Epoch entries of a later version, which every part would begin with.
#[test]
fn entries_of_later_versions_are_no_epochs_of_ours() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    export(&anna);
    record(&anna, 10, 10, &mut Rng::new(1));
    // As if ten of her entries were of kind 23 and of a later version: opaque, verdict 1.
    folder.raw().execute("UPDATE entries SET kind = 23, verdict = 1 WHERE kind = 16", []).unwrap();
    let store = folder.open().unwrap();
    let group = store.group(anna.id()).unwrap();
    let mut cursor = group.bundles().begin(Since::Beginning);
    let mut part = Vec::new();
    let exported =
        group.bundles().export_part(&mut cursor, Some(0), &mut part, &mut go_on).unwrap();
    assert_eq!(exported.entries, 2, "the epoch, and one entry");
}

#[test]
fn a_shuffled_bundle_is_received_at_once() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna: Anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    record(&anna, 2_300, 460, &mut rng);
    let mut all = records(&export(&anna));
    // Its keys come last, behind more records than can wait.
    all.reverse();
    let reversed = framed(&all);
    let receipt = ben.store.receive(&mut Cursor::new(reversed), &mut go_on).unwrap();
    let Receipt::Imported(imported) = receipt else { panic!("{receipt:?}") };
    let imported = &imported[0].1;
    assert!(imported.is_complete(), "{imported:?}");
    assert_eq!(imported.arrivals.len(), 1_000, "of {}, in both readings", imported.added);
    let ids: BTreeSet<EntryId> = imported.arrivals.iter().map(|arrival| arrival.entry).collect();
    assert_eq!(ids.len(), 1_000);
    assert_eq!(digest(&ben.group), digest(&anna));
}

/// The callback of an export may record: it is called while nobody holds the writer.
#[test]
fn an_app_may_record_while_an_export_calls_back() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let summary = anna.bundles().summary().unwrap();
    record(&anna, 600, 300, &mut rng);
    let mut calls = 0;
    let mut call = |_: Progress| {
        calls += 1;
        pay(&anna, &mut rng);
        ControlFlow::Continue(())
    };
    anna.bundles().export(Since::Known(&summary), &mut Vec::new(), &mut call).unwrap();
    assert!(calls > 4, "{calls}");
    assert_sound(&anna);
}
