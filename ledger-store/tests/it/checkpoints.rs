//! Checkpoints: they shorten opening, change no result, and are never trusted unchecked.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;

use ledger_store::{Group, NewEntry, Opening, Phase, Progress, StoreError, Table};

use crate::common::{
    Folder, Rng, assert_sound, count, digest, entries, found, from_scratch, only, record,
    something, verify,
};

/// The entries that checkpoints cover, newest first.
fn checkpoints(folder: &Folder) -> Vec<(i64, Vec<u8>)> {
    let raw = folder.raw();
    let mut statement =
        raw.prepare("SELECT upto, ledger FROM checkpoints ORDER BY upto DESC").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn set_checkpoint(folder: &Folder, upto: i64, ledger: &[u8]) {
    let sql = "UPDATE checkpoints SET ledger = ?2 WHERE upto = ?1";
    assert_eq!(folder.raw().execute(sql, (upto, ledger)).unwrap(), 1);
}

fn opening(folder: &Folder) -> Opening {
    only(&folder.open().unwrap()).opening().unwrap()
}

fn from(from_checkpoint: u64, replayed: u64, dropped_checkpoints: u64) -> Opening {
    Opening { from_checkpoint, replayed, dropped_checkpoints }
}

/// A closed group of `entries` entries, the first three of them people, in
/// batches that end at every hundredth.
fn filled(seed: u64, entries: usize) -> Folder {
    let folder = Folder::new(seed);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(seed);
    record(&group, 97, 97, &mut rng);
    record(&group, entries - 100, 100, &mut rng);
    drop(store);
    folder
}

/// Opens the group as an app does that shows how far that is, and stops it after so
/// many calls.
fn prepare(group: &Group, stop: usize) -> (Result<Opening, StoreError>, Vec<Progress>) {
    let mut told = Vec::new();
    let opening = group.prepare(&mut |step| {
        told.push(step);
        if told.len() > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (opening, told)
}

#[test]
fn opening_without_a_checkpoint_tells_how_far_it_is_and_can_be_stopped() {
    let folder = filled(30, 600);
    let store = folder.open().unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    let (opening, told) = prepare(&group, 0);
    assert_eq!((opening.unwrap(), told), (from(500, 100, 0), vec![]), "a checkpoint is quick");
    let before = digest(&group);
    folder.raw().execute("DELETE FROM checkpoints", ()).unwrap();
    for stop in 0..3 {
        store.maintenance().release_memory().unwrap();
        let (stopped, told) = prepare(&group, stop);
        assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
        assert_eq!(told.len(), stop + 1);
    }
    let (opening, told) = prepare(&group, usize::MAX);
    assert_eq!(opening.unwrap(), from(0, 600, 0), "nothing is left of what was stopped");
    assert!(told.iter().all(|step| (step.phase, step.total) == (Phase::Opening, 600)));
    assert_eq!(told.iter().map(|step| step.done).collect::<Vec<_>>(), [0, 256, 512, 600]);
    let (opening, told) = prepare(&group, 0);
    assert_eq!((opening.unwrap(), told), (from(0, 600, 0), vec![]), "it is in memory now");
    assert_eq!(digest(&group), before);
    assert_eq!(checkpoints(&folder).len(), 0, "it changes nothing");
    assert_sound(&group);
}

#[test]
fn opening_replays_only_what_came_after_the_checkpoint() {
    let folder = Folder::new(1);
    let store = folder.store();
    let mut rng = Rng::new(1);
    let group = found(&store, 2);
    record(&group, 496, 100, &mut rng);
    drop(store);
    assert_eq!(checkpoints(&folder).len(), 0, "499 entries are no reason yet");
    assert_eq!(opening(&folder), from(0, 499, 0));
    for (entries, covered) in [(500, 500), (501, 500), (740, 500), (999, 500), (1000, 1000)] {
        let store = folder.store();
        let group = only(&store);
        record(&group, entries - count(&group) as usize, 500, &mut rng);
        drop(store);
        assert_eq!(opening(&folder), from(covered, entries as u64 - covered, 0));
    }
    // A batch is never cut: the checkpoint stands where it ends.
    let store = folder.store();
    record(&only(&store), 777, 777, &mut rng);
    drop(store);
    assert_eq!(opening(&folder), from(1777, 0, 0));
    assert_sound(&only(&folder.open().unwrap()));
}

#[test]
fn three_checkpoints_are_kept() {
    let folder = Folder::new(2);
    let store = folder.store();
    let mut rng = Rng::new(2);
    let group = found(&store, 2);
    let mut kept = Vec::new();
    for round in 1..=5 {
        record(&group, if round == 1 { 497 } else { 500 }, 500, &mut rng);
        let raw = folder.raw();
        kept.push(
            raw.query_row("SELECT count(*) FROM checkpoints", [], |r| r.get::<_, u64>(0)).unwrap(),
        );
    }
    assert_eq!(kept, [1, 2, 3, 3, 3]);
    drop(store);
    let covered: Vec<i64> = checkpoints(&folder).iter().map(|(upto, _)| *upto).collect();
    assert_eq!(covered, [2500, 2000, 1500]);
}

#[test]
fn a_checkpoint_does_not_grow_with_the_expenses() {
    let folder = filled(3, 2000);
    let sizes: Vec<usize> = checkpoints(&folder).iter().map(|(_, ledger)| ledger.len()).collect();
    let (upto, first) = checkpoints(&filled(3, 500)).remove(0);
    assert_eq!(upto, 500);
    for size in &sizes {
        // A count or a clock may take two bytes more.
        assert!(size.abs_diff(first.len()) <= 16, "{sizes:?} against {}", first.len());
    }
    assert_eq!(sizes.len(), 3);
}

#[test]
fn a_damaged_checkpoint_is_dropped_for_an_older_one() {
    let opened = |folder: &Folder| {
        let group = only(&folder.open().unwrap());
        (group.opening().unwrap(), digest(&group))
    };
    let folder = filled(4, 1700);
    let right = digest(&only(&folder.open().unwrap()));
    let kept = checkpoints(&folder);
    let mut rng = Rng::new(4);
    for _ in 0..25 {
        let (upto, ledger) = &kept[0];
        let mut changed = ledger.clone();
        let place = rng.below(changed.len());
        changed[place] ^= 1 << rng.below(8);
        set_checkpoint(&folder, *upto, &changed);
        assert_eq!(opened(&folder), (from(1000, 700, 1), right), "byte {place}");
    }
    // Cut short, empty, of another layout (the second byte), and too long.
    let (upto, ledger) = kept[0].clone();
    let mut layout = ledger.clone();
    layout[1] += 1;
    let long = [&ledger[..], &[0]].concat();
    for changed in [&ledger[..ledger.len() / 2], &[], &layout, &long] {
        set_checkpoint(&folder, upto, changed);
        assert_eq!(opened(&folder), (from(1000, 700, 1), right));
    }
    // Without any that is intact, everything is replayed.
    set_checkpoint(&folder, kept[1].0, b"nonsense");
    assert_eq!(opening(&folder), from(500, 1200, 2));
    set_checkpoint(&folder, kept[2].0, b"nonsense");
    assert_eq!(opening(&folder), from(0, 1700, 3));
    let store = folder.store();
    let group = only(&store);
    assert_eq!(digest(&group), right);
    // The next one that is due is right again.
    record(&group, 600, 100, &mut rng);
    drop(store);
    let opened = opening(&folder);
    assert_eq!((opened.dropped_checkpoints, opened.from_checkpoint + opened.replayed), (0, 2300));
    assert!(opened.replayed < 500, "{opened:?}");
    // Those that are damaged stay until newer ones push them out, or somebody
    // has everything derived written anew.
    let store = folder.open().unwrap();
    let problems = verify(&only(&store)).unwrap().problems;
    assert!(!problems.is_empty() && problems.iter().all(|p| p.table == Some(Table::Checkpoints)));
    store.maintenance().rebuild_indexes(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_sound(&only(&store));
}

#[test]
fn the_checkpoint_of_another_group_is_dropped() {
    let folder = filled(5, 600);
    let other = filled(6, 600);
    let right = digest(&only(&folder.open().unwrap()));
    set_checkpoint(&folder, 500, &checkpoints(&other)[0].1);
    assert_eq!(opening(&folder), from(0, 600, 1));
    assert_eq!(digest(&only(&folder.open().unwrap())), right);
}

#[test]
fn verifying_finds_a_checkpoint_that_is_intact_but_wrong() {
    let folder = filled(7, 1100);
    let kept = checkpoints(&folder);
    // The older state, filed as the newer one: its own digest is right.
    set_checkpoint(&folder, kept[0].0, &kept[1].1);
    let store = folder.open().unwrap();
    let group = only(&store);
    let problems = verify(&group).unwrap().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].found.contains("checkpoint"), "{problems:?}");
}

/// Reads the group in a store of its own, as after a restart.
fn reopened<T>(folder: &Folder, read: impl FnOnce(&Group) -> T) -> T {
    read(&only(&folder.open().unwrap()))
}

#[test]
fn whenever_it_is_reopened_it_means_what_its_entries_mean() {
    for seed in [8, 9] {
        let folder = Folder::new(seed);
        let mut rng = Rng::new(seed);
        let store = folder.store();
        found(&store, 3);
        drop(store);
        let mut originals = Vec::new();
        // Changes name any original, so many of those before a checkpoint.
        for _ in 0..20 {
            let store = folder.store();
            let group = only(&store);
            let state = group.state().unwrap();
            let new: Vec<NewEntry> =
                (0..60).map(|_| something(&state, &mut originals, &mut rng)).collect();
            let ids = group.entries().append(new.clone()).unwrap();
            let recorded =
                new.iter().zip(ids).filter(|(new, _)| matches!(new, NewEntry::Record(_)));
            originals.extend(recorded.map(|(_, id)| id));
            drop(store);
            reopened(&folder, |group| {
                let scratch = from_scratch(group.id(), &entries(group));
                let ledger = group.ledger().unwrap();
                assert_eq!(scratch.view(), ledger.view(), "seed {seed}, {} entries", count(group));
                assert!(group.opening().unwrap().replayed < 500 + 60);
            });
        }
        reopened(&folder, |group| {
            assert_eq!(count(group), 4 + 20 * 60);
            assert!(group.opening().unwrap().from_checkpoint >= 1000);
            assert_sound(group);
        });
    }
}

#[test]
fn a_new_person_in_the_tail_is_known_after_reopening() {
    let folder = filled(10, 620);
    let store = folder.store();
    let group = only(&store);
    group.entries().append(vec![NewEntry::Placeholder { name: "Late".to_owned() }]).unwrap();
    record(&group, 30, 30, &mut Rng::new(10));
    let right = digest(&group);
    drop(store);
    reopened(&folder, |group| {
        assert_eq!(group.opening().unwrap(), from(500, 151, 0));
        assert_eq!(digest(group), right);
        assert_eq!(group.state().unwrap().members()[3].1.name(), "Late");
    });
}
