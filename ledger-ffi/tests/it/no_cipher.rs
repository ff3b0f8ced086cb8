//! A library that was built without a cipher says so, and keeps nothing:
//! `cargo test -p ledger-ffi --no-default-features --features plain-sqlite --test it`.

use ledger_ffi::{ErrorCode, Ledger};

#[test]
fn without_a_cipher_there_is_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let opened = Ledger::open_with_key_file(&path("flat.db"), &path("flat.keys"), true, None, None);
    assert_eq!(opened.err().map(|error| error.code()), Some(ErrorCode::NoCipher));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
