//! A database that lost entries of this device's own chain, and keeps those behind them waiting:
//! it signs nothing, and says so everywhere, until they come or the person goes on without them.

#![cfg(feature = "sqlcipher")]

use ledger_core::EntryId;
use ledger_core::engine::Draft;
use ledger_core::hazmat::any_position;
use ledger_core::keys::DeviceKey;
use ledger_core::limits::LedgerLimits;
use ledger_store::{Group, NewEntry, StatementIntent, Store, StoreError, WaitingCount};

use crate::common::sealed::{add, anna, export, import, pay};
use crate::common::{
    Folder, Rng, Travelling, assert_sound, count, decode, details, digest, entries, found, go_on,
    only, record, verify,
};

/// A database as it is after a salvage that lost the entry `lost` of the device's own chain, and
/// all entries as they were.
fn salvaged(seed: u64, lost: usize) -> (Folder, Store, Group, Vec<Travelling>) {
    let folder = Folder::new(seed);
    let store = folder.store();
    let group = found(&store, 2);
    record(&group, 40, 20, &mut Rng::new(seed));
    let all = entries(&group);
    drop((group, store));
    let raw = folder.raw();
    let lost = decode(&all[lost]);
    // As a damaged page of the table would do it: the entry is gone, whatever depends on it waits.
    raw.execute_batch("DELETE FROM checkpoints").unwrap();
    let seq = lost.header().seq();
    raw.execute(
        "INSERT INTO pending (grp, id, entry, signature)
         SELECT grp, id, entry, signature FROM entries WHERE seq > ?1",
        [seq],
    )
    .unwrap();
    raw.execute("DELETE FROM entries WHERE seq >= ?1", [seq]).unwrap();
    drop(raw);
    let store = folder.store();
    store.maintenance().rebuild_indexes(&mut go_on).unwrap();
    let group = only(&store);
    (folder, store, group, all)
}

fn something(group: &Group) -> NewEntry {
    NewEntry::Record(details(&group.state().unwrap(), &mut Rng::new(9)))
}

#[test]
fn a_device_signs_nothing_while_entries_of_its_own_chain_wait() {
    let (_folder, store, group, all) = salvaged(1, 20);
    let waiting = group.waiting().unwrap();
    assert_eq!((waiting.total, waiting.own), (all.len() as u64 - 21, all.len() as u64 - 21));
    let refused = |error: StoreError| {
        assert!(matches!(error, StoreError::OwnEntriesWait(n) if n == waiting.own), "{error:?}");
    };
    refused(group.entries().append(vec![something(&group)]).unwrap_err());
    refused(group.keys().rotate_group_key(0).unwrap_err());
    refused(group.keys().rotate_device_key().unwrap_err());
    let rename = StatementIntent::Rename { name: "Anne".into() };
    refused(group.statements().propose(rename).unwrap_err());
    // Every report says that entries wait.
    assert_eq!(verify(&group).unwrap().waiting, waiting);
    let check = store.maintenance().check_database(&mut go_on).unwrap();
    assert_eq!((check.waiting(), check.remedy()), (waiting, None));
    assert_eq!(store.overview(None, 9).unwrap()[0].waiting, waiting);
    assert_eq!(group.lists().overview().unwrap().waiting, waiting);
    // Once the missing entry comes, all of them are back, and the device goes on.
    let report = group.entries().ingest(&all[20..21]).unwrap();
    assert_eq!(report.added.len(), all.len() - 20);
    assert_eq!(group.waiting().unwrap(), WaitingCount::default());
    group.entries().append(vec![something(&group)]).unwrap();
    assert_sound(&group);
}

/// However small the limits of what waits, and whoever floods them: own entries never give way, as
/// without them the device would sign where it signed already.
#[test]
fn own_entries_that_wait_never_give_way() {
    let (folder, store, group, all) = salvaged(8, 20);
    let waiting = group.waiting().unwrap();
    drop((group, store));
    let limits = LedgerLimits::default().waiting_entries(5).waiting_bytes(2_000);
    let limits = limits.waiting_bytes_per_member(1_000);
    let store = folder.store_with(limits);
    let group = only(&store);
    let waits = |group: &Group, n: u8| {
        let (key, absent) = (DeviceKey::from_bytes(&[n; 64]), EntryId::from_bytes([n; 32]));
        let at = any_position(group.id(), key.id(), 1, absent, vec![], 900);
        let entry = Draft::merge().sign(&key, &at, 0).unwrap();
        let bytes = (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
        group.entries().ingest(&[bytes]).unwrap();
    };
    for n in 100..120 {
        waits(&group, n);
    }
    let now = group.waiting().unwrap();
    assert_eq!(now.own, waiting.own);
    assert!((1..=5).contains(&(now.total - now.own)), "others have their room: {now:?}");
    assert!(group.entries().append(vec![something(&group)]).is_err());
    // They may come again, too.
    group.entries().ingest(&all[25..]).unwrap();
    assert_eq!(group.waiting().unwrap().own, waiting.own);
    group.entries().ingest(&all[20..21]).unwrap();
    assert_eq!(group.waiting().unwrap().own, 0);
    assert_eq!(count(&group), all.len() as u64);
    group.entries().append(vec![something(&group)]).unwrap();
    assert_sound(&group);
}

#[test]
fn going_on_without_missing_entries_takes_new_keys_at_once() {
    let (folder, store, group, all) = salvaged(2, 20);
    let (old, waiting) = (group.device(), group.waiting().unwrap());
    let group = group.keys().go_on_without_missing().unwrap();
    assert_ne!(group.device(), old);
    let mine: EntryId = group.entries().append(vec![something(&group)]).unwrap()[0];
    assert_eq!(group.waiting().unwrap(), WaitingCount { total: waiting.total, own: 0 });
    assert_eq!(group.keys().go_on_without_missing().unwrap().device(), group.device());
    drop((group, store));
    let store = folder.store();
    let group = only(&store);
    record(&group, 3, 1, &mut Rng::new(3));
    // What was missing comes after all: everything counts, once.
    let report = group.entries().ingest(&all[20..]).unwrap();
    assert!(report.missing.is_empty() && report.refused.is_empty(), "{report:?}");
    assert_eq!(count(&group), all.len() as u64 + 5);
    let voids = group.lists().activity(None, 1000).unwrap();
    assert!(voids.iter().all(|row| row.verdict.is_applied()));
    assert!(voids.iter().any(|row| row.entry.id() == mine));
    // The new key's chain has no fork.
    assert!(!group.ledger().unwrap().has_forked(group.device()));
    group.entries().append(vec![something(&group)]).unwrap();
    assert_sound(&group);
}

#[test]
fn an_older_copy_can_go_on_without_what_it_published() {
    let (folder, mut rng) = (Folder::new(3), Rng::new(3));
    let group = anna(&folder);
    let ben = add(&group, "Ben", 4);
    import(&ben.group, &export(&group));
    drop(group);
    let backup = std::fs::read(folder.db()).unwrap();
    let store = folder.store();
    let group = only(&store);
    pay(&group, &mut rng);
    let published = export(&group);
    drop((group, store));
    std::fs::write(folder.db(), backup).unwrap();
    let store = folder.store();
    let group = only(&store);
    assert!(matches!(
        group.entries().append(vec![something(&group)]),
        Err(StoreError::RolledBack(_))
    ));
    let group = group.keys().go_on_without_missing().unwrap();
    pay(&group, &mut rng);
    // What it had published comes back from elsewhere, and both count.
    import(&ben.group, &published);
    import(&ben.group, &export(&group));
    import(&group, &export(&ben.group));
    assert_eq!(digest(&group), digest(&ben.group));
    pay(&group, &mut rng);
    assert_sound(&group);
    // The old key is gone.
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    assert_eq!(keys.lines().filter(|line| line.starts_with("device-")).count(), 1);
}

#[cfg(feature = "import")]
#[test]
fn an_import_knows_the_rows_that_waiting_entries_record() {
    let folder = Folder::new(5);
    let store = folder.store();
    let rows: String = (1..=60)
        .map(|n| format!("2026-01-{:02},Item {n},General,4.00,EUR,2.00,-2.00\n", 1 + n % 28))
        .collect();
    let file = format!("Date,Description,Category,Cost,Currency,Ann,Ben\n{rows}");
    let export = ledger_formats::splitwise::read(file.as_bytes()).unwrap();
    let group = store.create_group("Flat", "Ann").unwrap();
    group.import_splitwise(&export, &mut go_on).unwrap();
    let all = entries(&group);
    drop((group, store));
    let raw = folder.raw();
    raw.execute_batch(
        "DELETE FROM checkpoints;
         INSERT INTO pending (grp, id, entry, signature)
         SELECT grp, id, entry, signature FROM entries WHERE seq > 20;
         DELETE FROM entries WHERE seq >= 20;",
    )
    .unwrap();
    drop(raw);
    let store = folder.store();
    store.maintenance().rebuild_indexes(&mut go_on).unwrap();
    let group = only(&store);
    let refused = group.import_splitwise(&export, &mut go_on);
    assert!(matches!(refused, Err(StoreError::OwnEntriesWait(_))), "{refused:?}");
    // It goes on without the one lost row, which alone is recorded again.
    let group = group.keys().go_on_without_missing().unwrap();
    let report = group.import_splitwise(&export, &mut go_on).unwrap();
    assert_eq!((report.added, report.known + report.waiting), (1, 59), "{report:?}");
    assert!(report.waiting > 30);
    // What waits counts once, as soon as it can.
    group.entries().ingest(&all).unwrap();
    assert_eq!(group.waiting().unwrap().total, 0);
    assert_sound(&group);
}

#[test]
fn a_group_that_lost_its_first_entry_is_told_and_takes_it_from_a_bundle() {
    let folder = Folder::new(7);
    let group = anna(&folder);
    pay(&group, &mut Rng::new(7));
    let bundle = export(&group);
    let (id, all) = (group.id(), entries(&group));
    drop(group);
    let raw = folder.raw();
    raw.execute_batch(
        "DELETE FROM checkpoints;
         INSERT INTO pending (grp, id, entry, signature)
         SELECT grp, id, entry, signature FROM entries WHERE n > 1;
         DELETE FROM entries; DELETE FROM expenses; DELETE FROM sealed; DELETE FROM found_by;
         DELETE FROM terms; DELETE FROM named; DELETE FROM texts;",
    )
    .unwrap();
    drop(raw);
    let store = folder.store();
    assert_eq!(
        (store.groups().unwrap(), store.groups_without_genesis().unwrap()),
        (vec![], vec![id])
    );
    let group = store.group(id).unwrap();
    import(&group, &bundle);
    assert_eq!(count(&group), all.len() as u64);
    assert!(store.groups_without_genesis().unwrap().is_empty());
    group.entries().append(vec![something(&group)]).unwrap();
}
