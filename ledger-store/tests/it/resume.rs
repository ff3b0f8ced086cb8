//! Bundles in parts: limited in size, interrupted, continued.
#![cfg(feature = "sqlcipher")]

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;

use ledger_core::EntryId;
use ledger_core::bundle::Records;
use ledger_store::{
    BundleCursor, BundleCursorError, Exported, Group, Imported, Progress, Since, Store, StoreError,
};

use crate::common::sealed::{Anna, Person, add, anna, export, import, pay, remove};
use crate::common::{Folder, Rng, assert_sound, decode, digest, entries, go_on, record};

/// Takes bytes until there is no more room.
struct Small {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room - self.bytes.len());
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The cursor, as after a restart.
fn kept(cursor: &BundleCursor) -> BundleCursor {
    let bytes = cursor.to_bytes();
    assert!(bytes.len() <= 2_526);
    let read = BundleCursor::from_bytes(&bytes).unwrap();
    assert_eq!(read, *cursor);
    read
}

fn part(group: &Group, cursor: &mut BundleCursor, most_bytes: Option<u64>) -> (Vec<u8>, Exported) {
    let mut out = Vec::new();
    *cursor = kept(cursor);
    let exported = group.bundles().export_part(cursor, most_bytes, &mut out, &mut go_on).unwrap();
    assert_eq!(exported.bytes, out.len() as u64);
    (out, exported)
}

/// Somebody who joined and has no entry yet, to be copied.
fn newcomer(host: &Anna, name: &str, seed: u64) -> Folder {
    let Person { _folder, store, group, .. } = add(host, name, seed);
    drop((store, group));
    _folder
}

/// Result of importing files in this order.
fn arrive(folder: &Folder, files: &[&[u8]]) -> (Folder, Store, Group, Imported) {
    let folder = folder.copy(77);
    let store = folder.open().unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    let mut report = Imported::default();
    for file in files.iter().filter(|file| !file.is_empty()) {
        report = import(&group, file);
    }
    (folder, store, group, report)
}

/// Where records begin and end.
fn boundaries(bundle: &[u8]) -> Vec<usize> {
    let (mut records, mut at, mut all) = (Records::new(), 0, vec![0]);
    records.push(bundle);
    while let Some(record) = records.next_record() {
        at += record.len() + 8;
        all.push(at);
    }
    assert_eq!(at, bundle.len());
    all
}

fn ids(group: &Group) -> BTreeSet<EntryId> {
    entries(group).iter().map(|entry| decode(entry).id()).collect()
}

/// Three epochs, somebody removed, and a phone that has yet to get all of it.
fn history(folder: &Folder) -> (Anna, Folder) {
    let (anna, mut rng) = (anna(folder), Rng::new(5));
    let cleo = add(&anna, "Cleo", 31);
    let phone = newcomer(&anna, "Ben", 41);
    import(&cleo.group, &export(&anna));
    record(&anna, 6, 3, &mut rng);
    anna.keys().rotate_group_key(0).unwrap();
    pay(&cleo.group, &mut rng);
    import(&anna, &export(&cleo.group));
    record(&anna, 6, 3, &mut rng);
    remove(&anna, cleo.member);
    record(&anna, 6, 3, &mut rng);
    (anna, phone)
}

#[test]
fn parts_of_any_size_give_everything_in_any_order() {
    let folder = Folder::new(1);
    let (anna, phone) = history(&folder);
    let mut cursor = anna.bundles().begin(Since::Beginning);
    let (whole, Exported { entries: all, .. }) = part(&anna, &mut cursor, None);
    // Behind everything, only what stands in front of every part.
    let (_, Exported { entries: epochs, .. }) = part(&anna, &mut cursor, None);
    assert!((2..6).contains(&epochs), "{epochs}");
    let whole = whole.len() as u64;
    let (mut sizes, mut rng) = (BTreeSet::new(), Rng::new(1));
    for most in (0..whole + 500).step_by(250) {
        let mut cursor = anna.bundles().begin(Since::Beginning);
        let (first, exported) = part(&anna, &mut cursor, Some(most));
        if !sizes.insert(exported.entries) {
            continue;
        }
        assert!(exported.bytes <= most || sizes.len() == 1, "{most}: {exported:?}");
        let (second, rest) = part(&anna, &mut cursor, None);
        assert_eq!(rest.left, 0);
        assert_eq!(exported.entries + rest.entries, all + epochs, "{most}: {rest:?}");
        let (joined, turned) = ([&first[..], &second].concat(), [&second[..], &first].concat());
        let orders: [&[&[u8]]; 4] =
            [&[&first, &second], &[&second, &first], &[&joined], &[&turned]];
        let (_f, _s, group, report) = arrive(&phone, orders[rng.below(4)]);
        assert!(report.is_complete(), "{most}: {report:?}");
        assert_eq!(digest(&group), digest(&anna), "{most}");
    }
    assert!(sizes.len() > 15, "{sizes:?}");
}

#[test]
fn parts_are_no_larger_than_asked_for() {
    let folder = Folder::new(2);
    let (anna, phone) = history(&folder);
    record(&anna, 2_500, 500, &mut Rng::new(2));
    let summary = anna.bundles().summary().unwrap();
    pay(&anna, &mut Rng::new(3));
    for most in [20_000, 600_000] {
        let (mut cursor, mut parts) = (anna.bundles().begin(Since::Beginning), Vec::new());
        let mut left = u64::MAX;
        while left > 0 {
            let (bytes, exported) = part(&anna, &mut cursor, Some(most));
            assert!(exported.bytes <= most, "{exported:?}");
            assert!(exported.left < left, "each one has something");
            // Hardly more room than it needs for one entry more.
            assert!(exported.left == 0 || exported.bytes + 2_000 > most, "{exported:?}");
            left = exported.left;
            parts.push(bytes);
        }
        assert!(parts.len() > 2);
        if most > 100_000 {
            let files: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let (_f, _s, group, report) = arrive(&phone, &files);
            assert!(report.is_complete(), "{report:?}");
            assert_eq!(digest(&group), digest(&anna));
        }
    }
    // What the receiver has is not in any part.
    let mut cursor = anna.bundles().begin(Since::Known(&summary));
    let (_, exported) = part(&anna, &mut cursor, Some(0));
    assert_eq!((exported.entries, exported.left), (1, 0));
}

/// Nothing is missing, waits or was refused. A file that was cut has bytes that are in no record, so it is not called
/// complete.
fn has_all(report: &Imported) {
    assert!(report.missing.is_empty() && report.missing_part_count == 0, "{report:?}");
    assert!(report.waiting == 0 && report.refused.is_empty(), "{report:?}");
    assert_eq!(report.is_complete(), report.damaged_bytes == 0, "{report:?}");
}

#[test]
fn an_export_goes_on_behind_whatever_its_output_took() {
    let folder = Folder::new(3);
    let (anna, phone) = history(&folder);
    let whole = export(&anna);
    let mut rng = Rng::new(3);
    for boundary in boundaries(&whole) {
        let room = match rng.below(2) {
            0 => boundary,
            _ => boundary.saturating_sub(1 + rng.below(300)),
        };
        let mut cursor = anna.bundles().begin(Since::Beginning);
        let mut out = Small { bytes: Vec::new(), room };
        let failed = match rng.below(2) {
            0 => anna.bundles().export_part(&mut cursor, None, &mut out, &mut go_on),
            _ => {
                // What waits in a buffer is lost when the output fails.
                let mut buffered = BufWriter::with_capacity(5_000, &mut out);
                let failed =
                    anna.bundles().export_part(&mut cursor, None, &mut buffered, &mut go_on);
                drop(buffered.into_parts());
                failed
            }
        };
        assert_eq!(failed.is_err(), room < whole.len(), "{room}");
        assert!(matches!(failed, Ok(_) | Err(StoreError::Bundle(_))), "{failed:?}");
        let (rest, _) = part(&anna, &mut cursor, None);
        let joined = [&out.bytes[..], &rest].concat();
        let orders: [&[&[u8]]; 3] = [&[&out.bytes, &rest], &[&rest, &out.bytes], &[&joined]];
        let (_f, _s, group, report) = arrive(&phone, orders[rng.below(3)]);
        has_all(&report);
        assert_eq!(digest(&group), digest(&anna), "{room}");
    }
}

#[test]
fn what_was_written_is_not_written_again() {
    let folder = Folder::new(4);
    let (anna, phone) = history(&folder);
    record(&anna, 2_050, 410, &mut Rng::new(4));
    let whole = export(&anna);
    // In the first, the second and the last part.
    let len = whole.len();
    for (room, fewer) in [(len / 3, 0), (len * 2 / 3, 1_000), (len - 9, 2_000)] {
        let mut cursor = anna.bundles().begin(Since::Beginning);
        let mut out = Small { bytes: Vec::new(), room };
        anna.bundles().export_part(&mut cursor, None, &mut out, &mut go_on).unwrap_err();
        let (rest, exported) = part(&anna, &mut cursor, None);
        let all = boundaries(&whole).len() as u64;
        assert!(exported.entries + fewer <= all, "{exported:?}");
        // Alone, the file says what it lacks; with the rest, that it lacks nothing.
        let (_f, _s, group, report) = arrive(&phone, &[&out.bytes]);
        assert!(!report.is_complete() && !report.missing.is_empty(), "{report:?}");
        assert_eq!(report.missing_parts.is_empty(), fewer == 2_000);
        let report = import(&group, &rest);
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(digest(&group), digest(&anna));
        out.bytes.extend_from_slice(&rest);
        let (_f, _s, group, report) = arrive(&phone, &[&out.bytes]);
        has_all(&report);
        assert_eq!(digest(&group), digest(&anna));
    }
    // Whoever cancels goes on at once.
    let (mut cursor, mut first, mut calls) =
        (anna.bundles().begin(Since::Beginning), Vec::new(), 0);
    let mut cancel = |step: Progress| {
        calls += u64::from(step.done > 0);
        if calls > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let cancelled = anna.bundles().export_part(&mut cursor, None, &mut first, &mut cancel);
    assert!(matches!(cancelled, Err(StoreError::Cancelled)));
    let (rest, exported) = part(&anna, &mut cursor, None);
    assert!(rest.len() + first.len() < whole.len() + 20_000);
    assert!(exported.entries < 2_050 - 500, "{exported:?}");
    let (_f, _s, group, _) = arrive(&phone, &[&first, &rest]);
    assert_eq!(digest(&group), digest(&anna));
    assert_sound(&group);
}

#[test]
fn what_came_again_with_what_it_waited_for_waits_no_more() {
    let folder = Folder::new(6);
    let (anna, phone) = history(&folder);
    let mut cursor = anna.bundles().begin(Since::Beginning);
    for _ in 0..4 {
        part(&anna, &mut cursor, Some(0));
    }
    let (later, _) = part(&anna, &mut cursor, None);
    let waiting = |folder: &Folder| -> (u64, u64) {
        let sql = "SELECT (SELECT count(*) FROM pending), (SELECT count(*) FROM came_under)";
        folder.raw().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let (folder, _s, group, _) = arrive(&phone, &[&later]);
    assert!(waiting(&folder).0 > 10 && waiting(&folder).1 > 10, "{:?}", waiting(&folder));
    assert!(import(&group, &export(&anna)).is_complete());
    assert_eq!(digest(&group), digest(&anna));
    assert_eq!(waiting(&folder), (0, 0));
}

#[test]
fn a_later_part_is_sealed_for_those_who_are_left() {
    let folder = Folder::new(5);
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 42), add(&anna, "Cleo", 32));
    let mut rng = Rng::new(5);
    record(&anna, 30, 10, &mut rng);
    let mut cursor = anna.bundles().begin(Since::Beginning);
    let (first, exported) = part(&anna, &mut cursor, Some(12_000));
    assert!(exported.left > 10);
    import(&cleo.group, &first);
    let before = ids(&cleo.group);
    remove(&anna, cleo.member);
    pay(&anna, &mut rng);
    let (second, _) = part(&anna, &mut cursor, None);
    import(&cleo.group, &second);
    assert_eq!(ids(&cleo.group), before, "nothing that was not on its way yet");
    import(&ben.group, &first);
    assert!(import(&ben.group, &second).is_complete());
    assert_eq!(digest(&ben.group), digest(&anna));
    assert!(before.len() < ids(&ben.group).len() - 10);
}

#[test]
fn a_restored_backup_may_sign_if_nothing_later_went_out() {
    let folder = Folder::new(8);
    let (anna_there, _phone) = history(&folder);
    drop(anna_there);
    let backup = std::fs::read(folder.db()).unwrap();
    let store = folder.open().unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    let mut cursor = group.bundles().begin(Since::Beginning);
    record(&group, 5, 5, &mut Rng::new(8));
    let (_, exported) = part(&group, &mut cursor, Some(6_000));
    assert!(exported.left > 5);
    drop((group, store));
    std::fs::write(folder.db(), &backup).unwrap();
    let store = folder.open().unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    pay(&group, &mut Rng::new(9));
    // Once all is out, it may not.
    part(&group, &mut cursor, None);
    drop((group, store));
    std::fs::write(folder.db(), &backup).unwrap();
    let store = folder.open().unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    let refused = group.bundles().export_part(&mut cursor, None, &mut Vec::new(), &mut go_on);
    assert!(matches!(refused, Err(StoreError::RolledBack(_))), "{refused:?}");
}

#[test]
fn a_cursor_of_something_else_is_told() {
    let folder = Folder::new(9);
    let (anna, phone) = history(&folder);
    let summary = anna.bundles().summary().unwrap();
    for since in [Since::Beginning, Since::Known(&summary)] {
        let bytes = anna.bundles().begin(since).to_bytes();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            assert_eq!(BundleCursor::from_bytes(&altered), Err(BundleCursorError::Form), "{place}");
            let cut = BundleCursor::from_bytes(&bytes[..place]);
            assert_eq!(cut, Err(BundleCursorError::Form), "{place}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(BundleCursor::from_bytes(&longer), Err(BundleCursorError::Form));
    }
    let mut cursor = anna.bundles().begin(Since::Beginning);
    let (bundle, _) = part(&anna, &mut cursor, None);
    let refused = |group: &Group| {
        let (mut cursor, mut out) = (cursor.clone(), Vec::new());
        let refused =
            group.bundles().export_part(&mut cursor, None, &mut out, &mut go_on).unwrap_err();
        assert!(out.is_empty());
        let StoreError::BundleCursor(error) = refused else { panic!("{refused}") };
        error
    };
    assert_eq!(
        refused(&anna.store.create_group("Two", "Anna").unwrap()),
        BundleCursorError::OtherGroup
    );
    let (_f, _s, bens, _) = arrive(&phone, &[&bundle]);
    assert_eq!(refused(&bens), BundleCursorError::OtherDatabase);
    // The same device, with a database that numbers its entries in another way.
    let raw = folder.raw();
    raw.execute_batch("UPDATE entries SET n = n + 1000 WHERE n = (SELECT max(n) FROM entries WHERE grp = 1 AND kind <> 23)")
        .unwrap();
    assert_eq!(refused(&anna), BundleCursorError::OtherDatabase);
}
