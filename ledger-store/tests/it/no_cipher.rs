//! A build without a cipher refuses to keep anything:
//! `cargo test -p ledger-store --no-default-features --features plain-sqlite`.
#![cfg(not(feature = "sqlcipher"))]

use std::sync::Arc;

use ledger_store::{FileSecrets, MemorySecrets, Store, StoreError};

#[test]
fn without_a_cipher_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.db");
    let secrets = Arc::new(FileSecrets::new(folder.path().join("flat.keys")));
    let error = Store::open_or_create(&path, secrets).err();
    assert!(matches!(error, Some(StoreError::NoCipher)), "{error:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "neither a file nor a key for it: {left:?}");
}

#[test]
fn without_a_cipher_an_existing_file_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flat.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path, Arc::new(MemorySecrets::new())).err();
    assert!(matches!(error, Some(StoreError::Damaged(_))), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
