//! Several handles on one file: writers wait for each other, and readers see every commit.
#![cfg(feature = "sqlcipher")]

use std::sync::{Barrier, mpsc};

use ledger_core::EntryId;
use ledger_store::{Group, NewEntry, Store};

use crate::common::{
    self, Folder, Rng, assert_sound, count, details, digest, entries, found, heads, only, record,
};

#[test]
fn two_writers_on_one_file_both_get_everything_in() {
    let folder = Folder::new(1);
    let store = folder.store();
    found(&store, 3);
    drop(store);
    let (rounds, start) = (60, Barrier::new(2));
    let append = |seed: u64| -> Vec<EntryId> {
        let store = folder.open().unwrap();
        let group = only(&store);
        let mut rng = Rng::new(seed);
        start.wait();
        (0..rounds)
            .flat_map(|_| {
                let state = group.state().unwrap();
                let size = 1 + rng.below(9);
                let batch = (0..size).map(|_| NewEntry::Record(details(&state, &mut rng)));
                group.entries().append(batch.collect()).unwrap()
            })
            .collect()
    };
    let (one, two) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(|| append(1)), scope.spawn(|| append(2)));
        (one.join().unwrap(), two.join().unwrap())
    });
    let store = folder.open().unwrap();
    let group = only(&store);
    assert_eq!(count(&group), (4 + one.len() + two.len()) as u64);
    let kept: Vec<EntryId> = entries(&group).iter().map(|e| common::decode(e).id()).collect();
    assert!(one.iter().chain(&two).all(|id| kept.contains(id)));
    // One device, one chain: nobody wrote past the other.
    assert_eq!(heads(&group).len(), 1);
    assert_sound(&group);
}

#[test]
fn each_handle_sees_what_the_other_has_written() {
    let folder = Folder::new(2);
    let one = folder.store();
    let here = found(&one, 3);
    let two = folder.open().unwrap();
    let there = only(&two);
    let mut rng = Rng::new(2);
    for _ in 0..10 {
        for (writer, reader) in [(&here, &there), (&there, &here)] {
            record(writer, 7, 7, &mut rng);
            assert_eq!(count(reader), count(writer));
            assert_eq!(digest(reader), digest(writer));
            assert_eq!(heads(reader), heads(writer));
            assert_eq!(
                reader.lists().expenses(None, 1).unwrap(),
                writer.lists().expenses(None, 1).unwrap()
            );
        }
    }
    assert_sound(&here);
    assert_sound(&there);
}

#[test]
fn a_writer_waits_while_another_one_writes() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 3);
    let before = count(&group);
    let raw = folder.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (begun, hears) = mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let store = folder.open().unwrap();
            let group = only(&store);
            begun.send(()).unwrap();
            record(&group, 5, 5, &mut Rng::new(3)).len()
        });
        hears.recv().unwrap();
        // Reading needs no turn.
        assert_eq!(count(&group), before);
        raw.execute_batch("COMMIT").unwrap();
        assert_eq!(waiting.join().unwrap(), 5);
    });
    assert_eq!(count(&group), before + 5);
    assert_sound(&group);
}

#[test]
fn reading_goes_on_while_another_one_writes() {
    let folder = Folder::new(4);
    let store = folder.store();
    found(&store, 3);
    let raw = folder.raw();
    raw.execute_batch("BEGIN IMMEDIATE; DELETE FROM expenses; DELETE FROM entries;").unwrap();
    // What is not committed is not seen, not even by somebody who just came.
    let late = folder.open().unwrap();
    assert_sound(&only(&late));
    assert_sound(&only(&store));
    raw.execute_batch("ROLLBACK").unwrap();
    assert_sound(&only(&late));
}

#[test]
fn one_store_serves_many_threads() {
    let folder = Folder::new(5);
    let store = folder.store();
    let id = found(&store, 3).id();
    let write = |store: &Store, seed: u64| {
        let group = store.group(id).unwrap();
        let mut rng = Rng::new(seed);
        for _ in 0..10 {
            record(&group, 5, 5, &mut rng);
            assert!(group.lists().activity(None, 10).unwrap().len() >= 4);
        }
    };
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let store = &store;
            scope.spawn(move || write(store, seed));
        }
    });
    let group = store.group(id).unwrap();
    assert_eq!(count(&group), 4 + 4 * 50);
    assert_sound(&group);
}

#[test]
fn a_batch_with_something_wrong_in_it_leaves_nothing() {
    let folder = Folder::new(6);
    let store = folder.store();
    let group = found(&store, 2);
    let before = (count(&group), digest(&group), entries(&group));
    let good = NewEntry::Record(details(&group.state().unwrap(), &mut Rng::new(6)));
    let nobody = NewEntry::Placeholder { name: String::new() };
    let unknown = EntryId::from_bytes([9; 32]);
    let nothing = NewEntry::Cancellation { original: unknown, reason: None };
    let details = details(&group.state().unwrap(), &mut Rng::new(7));
    let change = NewEntry::Correction { original: unknown, transaction: details };
    for bad in [nobody, nothing, change] {
        group.entries().append(vec![good.clone(), bad, good.clone()]).unwrap_err();
        assert_eq!((count(&group), digest(&group), entries(&group)), before);
    }
    assert_sound(&group);
    assert_eq!(group.entries().append(vec![good.clone(), good]).unwrap().len(), 2);
    assert_sound(&group);
}

#[test]
fn handles_are_for_any_thread_and_outlive_the_store_they_came_from() {
    fn assert_send_sync<T: Clone + Send + Sync + 'static>() {}
    assert_send_sync::<Store>();
    assert_send_sync::<Group>();
    let folder = Folder::new(7);
    let group = {
        let store = folder.store();
        found(&store.clone(), 2)
    };
    let there = group.clone();
    std::thread::spawn(move || record(&there, 5, 5, &mut Rng::new(7))).join().unwrap();
    assert_eq!(count(&group), 3 + 5);
    assert_sound(&group);
}
