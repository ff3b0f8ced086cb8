//! Copies of an open database, and the dump for support.
#![cfg(feature = "sqlcipher")]

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ledger_core::engine::Draft;
use ledger_core::{Amount, Currency, Expense, Transaction};
use ledger_store::{MemorySecrets, NewEntry, Phase, Progress, Store, StoreError};

use crate::common::people::Ben;
use crate::common::{
    Folder, Rng, assert_sound, count, digest, found, go_on, heads, hex, only, record, refused,
};

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_the_database_as_it_was() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 3);
    record(&group, 900, 300, &mut Rng::new(1));
    let (before, entries) = (digest(&group), count(&group));
    let copy = Folder::new(2);
    let mut told: Vec<Progress> = Vec::new();
    // Writing goes on between the steps, by this store and by another one.
    let elsewhere = folder.open().unwrap();
    let mut rng = Rng::new(2);
    store
        .maintenance()
        .backup(&copy.db(), &mut |progress| {
            told.push(progress);
            record(&group, 5, 5, &mut rng);
            record(&only(&elsewhere), 5, 5, &mut rng);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(told.len() > 1 && told.iter().all(|p| p.phase == Phase::BackingUp), "{told:?}");
    assert!(told.is_sorted_by_key(|p| p.done));
    let last = told.last().unwrap();
    assert!(last.done == last.total && told.iter().all(|p| p.total == last.total));
    assert_eq!(count(&group), entries + 10 * told.len() as u64);
    assert_eq!(files(copy.db().parent().unwrap()), ["flat.db"]);

    std::fs::copy(folder.keys(), copy.keys()).unwrap();
    let there = copy.open().unwrap();
    let other = only(&there);
    assert_eq!((digest(&other), count(&other)), (before, entries));
    assert_sound(&other);
    // It can be written to, and goes its own way.
    record(&other, 1, 1, &mut rng);
    assert_sound(&other);
    assert_sound(&group);
    // Encrypted, with the same key and no other.
    drop(there);
    let bytes = std::fs::read(copy.db()).unwrap();
    assert!(!bytes.windows(5).any(|window| window == b"Thing" || window == b"Guest"));
    let error = refused(&copy.db(), Arc::new(MemorySecrets::new()));
    assert!(matches!(error, StoreError::WrongKey(_)), "{error:?}");
}

#[test]
fn a_backup_that_is_stopped_leaves_nothing() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 3);
    record(&group, 600, 300, &mut Rng::new(3));
    let copy = Folder::new(4);
    for stop in 1.. {
        let mut told = 0;
        let mut until = |_| {
            told += 1;
            if told == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match store.maintenance().backup(&copy.db(), &mut until) {
            Err(StoreError::Cancelled) => assert_eq!(files(copy.db().parent().unwrap()), [""; 0]),
            Ok(()) => {
                assert!(stop > 1, "it could not be stopped");
                break;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_sound(&group);
    record(&group, 1, 1, &mut Rng::new(4));
}

#[test]
fn a_backup_overwrites_nothing() {
    let folder = Folder::new(5);
    let store = folder.store();
    found(&store, 1);
    let copy = Folder::new(6);
    let exists = |error: StoreError| match error {
        StoreError::Io { source, .. } => source.kind() == ErrorKind::AlreadyExists,
        _ => false,
    };
    std::fs::write(copy.db(), b"precious").unwrap();
    assert!(exists(store.maintenance().backup(&copy.db(), &mut go_on).unwrap_err()));
    assert!(exists(store.maintenance().backup(&folder.db(), &mut go_on).unwrap_err()));
    // Not even what came while it was copied.
    std::fs::remove_file(copy.db()).unwrap();
    let mut comes = |_| {
        std::fs::write(copy.db(), b"precious").unwrap();
        ControlFlow::Continue(())
    };
    assert!(exists(store.maintenance().backup(&copy.db(), &mut comes).unwrap_err()));
    assert_eq!(std::fs::read(copy.db()).unwrap(), b"precious");
    assert_eq!(files(copy.db().parent().unwrap()), ["flat.db"]);
    let nowhere = copy.db().join("nowhere");
    store.maintenance().backup(&nowhere, &mut go_on).unwrap_err();
    assert_sound(&only(&store));
}

#[test]
fn a_dump_for_support_shows_nothing_private() {
    let folder = Folder::new(7);
    let store = folder.store();
    let group = store.create_group("Canarygroup", "Canaryanna").unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: "Canarybo".into() }]).unwrap();
    let ben = Ben::join(&folder, &group);
    let state = group.state().unwrap();
    let members: Vec<_> = state.members().iter().map(|(id, _)| *id).collect();
    let amount = Amount::from_minor_units(98_765_432_123).unwrap();
    let said = Transaction::Expense(
        Expense::new(
            "2031-07-29".parse().unwrap(),
            "Canarydescription",
            Currency::from_code("KWD").unwrap(),
            amount,
        )
        .category("Canarycategory")
        .note("Canarynote")
        .paid_by(members[0], amount)
        .share(members[1], amount),
    );
    let ids = group.entries().append(vec![NewEntry::Record(said.clone()); 3]).unwrap();
    let reason = Some("Canaryreason".to_owned());
    group.entries().append(vec![NewEntry::Cancellation { original: ids[0], reason }]).unwrap();
    let known = heads(&group);
    ben.write(&group, Draft::record(&group.state().unwrap(), &said).unwrap());
    let note = Some("Canaryopinion".to_owned());
    ben.write(&group, Draft::endorsement(ids[1], false, note));
    ben.remove(&group, known);

    let check = |dump: &str| {
        let mut private: Vec<String> =
            ["canary", "98765432", "98_765", "2031", "07-29", "kwd", "flat.db"]
                .map(Into::into)
                .into();
        private.push(folder.db().parent().unwrap().to_str().unwrap().to_lowercase());
        let mut ids: Vec<[u8; 32]> = members.iter().map(|id| *id.as_bytes()).collect();
        ids.push(*group.id().as_bytes());
        ids.push(*ben.anna.id().as_bytes());
        for row in group.lists().activity(None, 100).unwrap_or_default() {
            ids.push(*row.entry.id().as_bytes());
        }
        private.extend(ids.iter().map(|id| hex(&id[..4])));
        private.extend(ids.iter().map(|id| id.map(|byte| byte.to_string()).join(", ")));
        let keys = std::fs::read_to_string(folder.keys()).unwrap();
        for word in keys.lines().skip(1).flat_map(|line| line.split([' ', '-'])) {
            private.extend(
                word.as_bytes()
                    .chunks(8)
                    .filter(|part| part.len() == 8)
                    .map(|part| String::from_utf8(part.to_vec()).unwrap()),
            );
        }
        for word in private {
            assert!(!dump.to_lowercase().contains(&word), "{word} is in it:\n{dump}");
        }
    };
    let dump = store.maintenance().support_dump().unwrap();
    check(&dump);
    for line in [
        "cipher_version: 4.",
        "journal_mode: wal",
        "  entries: 10",
        "  members: 3",
        "  verdict 0 (applied): 8",
        "  verdict 40 (hard-cut): 2",
        "  entries of kind 16 (expense): 4",
        "  expenses cancelled: 1",
    ] {
        assert!(dump.lines().any(|found| found.starts_with(line)), "{line} is not in\n{dump}");
    }
    // All tables but the index of words.
    let raw = folder.raw();
    let sql = "SELECT name FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'texts%' AND name NOT LIKE 'sqlite%'";
    let mut statement = raw.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for table in tables.map(Result::unwrap) {
        assert!(dump.contains(&format!("rows of {table}:")), "{table} is not in\n{dump}");
    }
    drop(statement);
    // Nor does a damaged group show more.
    drop(dump);
    raw.execute_batch("DELETE FROM checkpoints; UPDATE entries SET entry = x'00' WHERE n = 5")
        .unwrap();
    drop(raw);
    let fresh = Store::open(&folder.db(), folder.secrets()).unwrap();
    let dump = fresh.maintenance().support_dump().unwrap();
    assert!(dump.contains("cannot be opened"), "{dump}");
    check(&dump);
}
