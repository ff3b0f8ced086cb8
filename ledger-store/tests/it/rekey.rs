//! Change of the database key, also by a process that is killed meanwhile.
#![cfg(feature = "sqlcipher")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::EntryId;
use ledger_store::{FileSecrets, Store, StoreError, StoreOptions};

use crate::common::crashing::{DATABASE, run_and_kill, say};
use crate::common::{
    Folder, Rng, assert_sound, child_process, decode, entries, found, only, record,
};

/// The hexadecimal digits of each key of a database.
fn keys(folder: &Folder) -> Vec<String> {
    let text = std::fs::read_to_string(folder.keys()).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("database-"));
    lines.map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

fn ids(folder: &Folder) -> BTreeSet<EntryId> {
    let store = folder.open().unwrap();
    entries(&only(&store)).iter().map(|entry| decode(entry).id()).collect()
}

#[test]
fn another_key_opens_the_same_ledger_and_the_old_one_nothing() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 4);
    record(&group, 60, 20, &mut Rng::new(1));
    let old_key_file = std::fs::read(folder.keys()).unwrap();
    let (old, before) = (keys(&folder), ids(&folder));
    store.maintenance().rekey().unwrap();
    assert_ne!(keys(&folder), old);
    assert_eq!(keys(&folder)[0].len(), 64, "one key");
    assert_sound(&group);
    record(&group, 5, 5, &mut Rng::new(2));
    drop((group, store));
    assert!(ids(&folder).is_superset(&before));
    std::fs::write(folder.keys(), old_key_file).unwrap();
    assert!(matches!(folder.open(), Err(StoreError::Damaged(_))));
}

#[test]
fn a_file_with_a_plaintext_header_and_one_in_memory() {
    let folder = Folder::new(1);
    let open = || StoreOptions::new().plaintext_header("main");
    let store = open().open_or_create(&folder.db(), folder.secrets()).unwrap();
    store.create_group("Flat", "Anna").unwrap();
    let old = keys(&folder);
    store.maintenance().rekey().unwrap();
    assert_ne!(keys(&folder), old);
    drop(store);
    let store = open().open(&folder.db(), folder.secrets()).unwrap();
    assert_eq!(store.groups().unwrap().len(), 1);
    assert!(std::fs::read(folder.db()).unwrap().starts_with(b"SQLite format 3"));
    let store = StoreOptions::new().in_memory().unwrap();
    store.maintenance().rekey().unwrap();
}

#[test]
fn nothing_happens_while_somebody_else_has_the_file_open() {
    let folder = Folder::new(1);
    let options = StoreOptions::new().busy_limit(Duration::from_millis(20));
    let store = options.open_or_create(&folder.db(), folder.secrets()).unwrap();
    let group = found(&store, 3);
    let old = keys(&folder);
    let other = folder.open().unwrap();
    assert!(matches!(store.maintenance().rekey(), Err(StoreError::Busy)));
    assert_eq!(keys(&folder), old);
    record(&group, 3, 3, &mut Rng::new(1));
    record(&only(&other), 3, 3, &mut Rng::new(2));
    other.suspend().unwrap();
    store.maintenance().rekey().unwrap();
    other.resume().unwrap();
    assert_sound(&only(&other));
    // Not behind the back of an app that sleeps.
    store.suspend().unwrap();
    assert!(matches!(store.maintenance().rekey(), Err(StoreError::Suspended)));
    assert!(matches!(store.groups(), Err(StoreError::Suspended)));
}

/// Child process of the other test.
#[test]
fn child_that_changes_the_key_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let store =
        Store::open(&path, Arc::new(FileSecrets::new(path.with_extension("keys")))).unwrap();
    let group = only(&store);
    for seed in 0.. {
        say("rekey", &[]);
        store.maintenance().rekey().unwrap();
        say("rekeyed", &[]);
        let before: BTreeSet<EntryId> = group_ids(&group);
        record(&group, 2, 2, &mut Rng::new(seed));
        let new: Vec<EntryId> = group_ids(&group).difference(&before).copied().collect();
        say("done", &new);
    }
}

fn group_ids(group: &ledger_store::Group) -> BTreeSet<EntryId> {
    entries(group).iter().map(|entry| decode(entry).id()).collect()
}

#[test]
fn a_killed_process_leaves_a_key_that_opens_everything() {
    const ROUNDS: u64 = 12;
    let folder = Folder::new(7);
    let store = folder.store();
    record(&found(&store, 4), 300, 100, &mut Rng::new(7));
    drop(store);
    let (mut rng, mut changing, mut known) = (Rng::new(7), 0, keys(&folder));
    let mut round = 0;
    let mut keys_met = BTreeSet::new();
    // More of them on a machine that is so busy that none of those hit.
    while round < ROUNDS || (changing == 0 && round < 10 * ROUNDS) {
        let before = ids(&folder);
        let mut command = child_process("rekey::child_that_changes_the_key_until_it_is_killed");
        command.env(DATABASE, folder.db());
        // After it has said that it begins.
        let said = run_and_kill(command, 1 + 3 * rng.below(2), rng.below(400_000));
        // Between two keys, or with one.
        changing += u64::from(keys(&folder)[0].len() == 128);
        let after = ids(&folder);
        assert!(after.is_superset(&before), "round {round}: nothing is lost");
        assert!(after.is_superset(&said.durable), "round {round}: what was durable is there");
        assert_eq!(keys(&folder).len(), 1);
        assert_eq!(keys(&folder)[0].len(), 64, "round {round}: one key is left");
        let store = folder.store();
        let found = store.maintenance().check_database(&mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(found.remedy(), None, "round {round}: {found:?}");
        keys_met.insert(std::mem::replace(&mut known, keys(&folder)));
        round += 1;
    }
    println!("{changing} of {round} kills hit a change; {} keys", keys_met.len());
    assert!(changing > 0, "no kill hit a change of the key");
}
