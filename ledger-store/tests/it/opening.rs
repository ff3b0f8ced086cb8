//! Opening of databases: each kind of wrong file has its kind of error.
#![cfg(feature = "sqlcipher")]

use std::sync::Arc;

use ledger_store::{MemorySecrets, SecretStore, Store, StoreError};

use crate::common::{Folder, Rng, assert_sound, filled, found, only, read_all, refused};

fn assert_damaged(folder: &Folder, what: &str) {
    match read_all(folder) {
        Err(StoreError::Damaged(_)) => {}
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn a_missing_file_is_not_found_and_not_made() {
    let folder = Folder::new(1);
    let error = refused(&folder.db(), folder.secrets());
    assert!(matches!(&error, StoreError::NotFound(path) if *path == folder.db()), "{error:?}");
    assert!(!folder.db().exists() && !folder.keys().exists());
}

#[test]
fn a_key_file_without_the_key_is_the_wrong_one() {
    let folder = filled(2);
    let other = filled(3);
    let before = std::fs::read(folder.db()).unwrap();
    for secrets in [other.secrets() as Arc<dyn SecretStore>, Arc::new(MemorySecrets::new())] {
        let error = refused(&folder.db(), secrets.clone());
        assert!(matches!(&error, StoreError::WrongKey(path) if *path == folder.db()), "{error:?}");
        let again = Store::open_or_create(&folder.db(), secrets);
        assert!(matches!(again, Err(StoreError::WrongKey(_))), "an existing file is never remade");
    }
    assert_eq!(std::fs::read(folder.db()).unwrap(), before);
    read_all(&folder).unwrap();
}

#[test]
fn another_key_under_the_right_name_does_not_decrypt() {
    let folder = filled(4);
    let text = std::fs::read_to_string(folder.keys()).unwrap();
    let changed: String = text
        .lines()
        .map(|line| match line.split_once(' ') {
            Some((name, key)) if name.starts_with("database-") => {
                let last = if key.ends_with('0') { '1' } else { '0' };
                format!("{name} {}{last}\n", &key[..key.len() - 1])
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert_ne!(changed, text);
    std::fs::write(folder.keys(), &changed).unwrap();
    assert_damaged(&folder, "one bit of the key");
    std::fs::write(folder.keys(), text.replace("database-", "database_")).unwrap();
    assert!(matches!(read_all(&folder), Err(StoreError::WrongKey(_))));
    let short: String = text
        .lines()
        .map(|line| format!("{}\n", line.trim_end_matches(|c: char| c.is_ascii_hexdigit())))
        .collect();
    std::fs::write(folder.keys(), short).unwrap();
    assert!(read_all(&folder).is_err(), "a key file without values");
}

#[test]
fn files_of_other_kinds_are_damaged() {
    let folder = Folder::new(5);
    let plain = rusqlite::Connection::open(folder.db()).unwrap();
    plain.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    drop(plain);
    assert_damaged(&folder, "a plain SQLite file");
    for length in 1..16 {
        std::fs::write(folder.db(), &[7; 16][..length]).unwrap();
        assert_damaged(&folder, "a file of a few bytes");
    }
    // The text's first bytes name no key, and those of ours are not its.
    std::fs::write(folder.db(), "Dear diary, ".repeat(1000)).unwrap();
    assert!(matches!(read_all(&folder), Err(StoreError::WrongKey(_))));
    std::fs::remove_file(folder.db()).unwrap();
    drop(folder.store());
    let salt = std::fs::read(folder.db()).unwrap()[..16].to_vec();
    let text = [&salt[..], "Dear diary, ".repeat(1000).as_bytes()].concat();
    std::fs::write(folder.db(), text).unwrap();
    assert_damaged(&folder, "a text behind our salt");
    std::fs::write(folder.db(), salt).unwrap();
    assert!(read_all(&folder).is_err(), "nothing but the salt");
}

#[test]
fn a_folder_in_place_of_the_file_is_told() {
    let folder = Folder::new(6);
    std::fs::create_dir(folder.db()).unwrap();
    let error = refused(&folder.db(), folder.secrets());
    assert!(matches!(&error, StoreError::Io { path, .. } if *path == folder.db()), "{error:?}");
}

#[test]
fn a_file_cut_short_anywhere_is_never_read_as_whole() {
    let folder = filled(7);
    let whole = std::fs::read(folder.db()).unwrap();
    let mut rng = Rng::new(7);
    let page = 4096;
    let pages = whole.len() / page;
    let mut lengths: Vec<usize> = (1..pages).map(|n| n * page).collect();
    lengths.extend((0..20).map(|_| 16 + rng.below(whole.len() - 16)));
    lengths.extend([16, 17, page - 1, page + 1, whole.len() - 1]);
    for length in lengths {
        std::fs::write(folder.db(), &whole[..length]).unwrap();
        match read_all(&folder) {
            Err(StoreError::Damaged(_)) => {}
            other => panic!("{length} of {} bytes: {other:?}", whole.len()),
        }
    }
    std::fs::write(folder.db(), &whole).unwrap();
    read_all(&folder).unwrap();
}

#[test]
fn a_damaged_first_page_is_told_at_once() {
    let folder = filled(8);
    let whole = std::fs::read(folder.db()).unwrap();
    for place in [16, 100, 2000, 4095] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        std::fs::write(folder.db(), &bytes).unwrap();
        let error = refused(&folder.db(), folder.secrets());
        assert!(matches!(error, StoreError::Damaged(_)), "byte {place}: {error:?}");
    }
    let mut bytes = whole;
    bytes[3] ^= 1;
    std::fs::write(folder.db(), &bytes).unwrap();
    let error = refused(&folder.db(), folder.secrets());
    assert!(matches!(error, StoreError::WrongKey(_)), "the salt: {error:?}");
    assert!(error.to_string().contains("first bytes of the database are damaged"), "{error}");
}

#[test]
fn an_empty_file_is_like_none() {
    let folder = Folder::new(9);
    std::fs::write(folder.db(), "").unwrap();
    assert!(matches!(refused(&folder.db(), folder.secrets()), StoreError::NotFound(_)));
    let store = folder.store();
    assert_sound(&found(&store, 2));
    drop(store);
    assert_sound(&only(&folder.open().unwrap()));
}

#[test]
fn a_database_from_the_future_is_left_alone() {
    let folder = filled(10);
    let ours: i64 = folder.raw().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    for version in [999, -1] {
        folder.raw().pragma_update(None, "user_version", version).unwrap();
        let before = std::fs::read(folder.db()).unwrap();
        let error = refused(&folder.db(), folder.secrets());
        assert!(
            matches!(error, StoreError::FromTheFuture { found, known } if (found, known) == (version, ours)),
            "{error:?}"
        );
        assert_eq!(std::fs::read(folder.db()).unwrap(), before);
    }
    folder.raw().pragma_update(None, "user_version", ours).unwrap();
    read_all(&folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_made_is_told() {
    let folder = Folder::new(14);
    let nowhere = folder.db().join("nowhere").join("flat.db");
    let error = Store::open_or_create(&nowhere, folder.secrets()).err().unwrap();
    assert!(matches!(error, StoreError::CannotOpen | StoreError::Io { .. }), "{error:?}");
}
