//! Databases that are opened only to be read.
#![cfg(feature = "sqlcipher")]

use ledger_store::{Condition, Filter, NewEntry, NewInvite, StoreError, StoreOptions};

use crate::common::{Folder, Rng, beside, count, found, only, record};

fn is_refused<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::ReadOnly))
}

#[test]
fn what_is_opened_to_be_read_is_not_written() {
    let folder = Folder::new(1);
    let store = folder.store();
    record(&found(&store, 3), 40, 20, &mut Rng::new(1));
    let before = count(&only(&store));
    assert!(!store.is_read_only());
    drop(store);
    let (file, keys) = (std::fs::read(folder.db()).unwrap(), std::fs::read(folder.keys()).unwrap());
    let options = || StoreOptions::new().read_only();
    let store = options().open(&folder.db(), folder.secrets()).unwrap();
    assert!(store.is_read_only());
    let group = only(&store);
    assert_eq!(count(&group), before);
    assert!(group.lists().expenses(None, 10).is_ok_and(|rows| rows.len() == 10));
    let things = Filter::default().conditions(vec![Condition::Text("thing".to_owned())]);
    assert!(group.lists().find(&things, None, 10).is_ok_and(|rows| rows.len() == 10));
    assert!(is_refused(group.entries().append(vec![NewEntry::Placeholder { name: "Zoe".into() }])));
    assert!(is_refused(group.invites().create(&NewInvite::default())));
    assert!(is_refused(store.create_group("Other", "Ann")));
    assert!(is_refused(store.delete_group(group.id())));
    assert!(is_refused(store.maintenance().rekey()));
    // It is closed and opened again in the same way.
    store.suspend().unwrap();
    store.resume().unwrap();
    assert_eq!(count(&only(&store)), before);
    for ending in ["-wal", "-shm", "-journal", ".lock"] {
        assert!(!beside(&folder.db(), ending).exists(), "{ending}");
    }
    drop((store, group));
    assert_eq!(std::fs::read(folder.db()).unwrap(), file);
    assert_eq!(std::fs::read(folder.keys()).unwrap(), keys);
    // A file that is not there is not made.
    let nowhere = beside(&folder.db(), "-nowhere");
    let missing = options().open(&nowhere, folder.secrets());
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
    assert!(!nowhere.exists());
}

#[test]
fn what_an_older_version_wrote_is_told() {
    let folder = Folder::new(2);
    drop(found(&folder.store(), 2));
    let ours: i64 = folder.raw().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    folder.raw().pragma_update(None, "user_version", ours - 1).unwrap();
    let opened = StoreOptions::new().read_only().open(&folder.db(), folder.secrets());
    let error = opened.err().unwrap();
    assert!(matches!(error, StoreError::ReadOnlyOlder), "{error:?}");
    assert!(error.to_string().contains("read-only medium"), "{error}");
    folder.raw().pragma_update(None, "user_version", ours + 1).unwrap();
    let opened = StoreOptions::new().read_only().open(&folder.db(), folder.secrets());
    assert!(matches!(opened.err().unwrap(), StoreError::FromTheFuture { .. }));
}

#[test]
fn what_stands_in_the_log_is_read() {
    let folder = Folder::new(3);
    let store = folder.store();
    record(&found(&store, 2), 20, 10, &mut Rng::new(3));
    let copy = Folder::new(4);
    for ending in ["", "-wal", "-shm"] {
        std::fs::copy(beside(&folder.db(), ending), beside(&copy.db(), ending)).unwrap();
    }
    std::fs::copy(folder.keys(), copy.keys()).unwrap();
    let read = StoreOptions::new().read_only().open(&copy.db(), copy.secrets()).unwrap();
    assert_eq!(count(&only(&read)), count(&only(&store)));
}
