//! Key files: which of several causes keeps a database from opening, and files that others may read.

use crate::common::{Desk, text};

#[test]
fn each_cause_has_a_message_that_names_the_key_file() {
    let desk = Desk::with_sample();
    let (keys, elsewhere) = (desk.path("flat.db.keys"), desk.path("elsewhere"));
    let balances = |arguments: &[&str]| desk.run("balances", arguments).failed(1);
    std::fs::rename(&keys, &elsewhere).unwrap();
    let missing = balances(&[]);
    assert!(missing.contains("there is no key file at") && missing.contains("--key-file"));
    assert!(missing.contains(text(&keys)), "{missing}");
    assert_eq!(desk.run("balances", &["--key-file", text(&elsewhere)]).code, Some(0));
    let other = Desk::with_sample();
    std::fs::copy(other.path("flat.db.keys"), &keys).unwrap();
    let foreign = balances(&[]);
    assert!(foreign.contains("another database") && foreign.contains(text(&keys)), "{foreign}");
    std::fs::rename(&elsewhere, &keys).unwrap();
    let whole = std::fs::read(desk.db()).unwrap();
    let mut texts = vec![missing, foreign];
    for place in [3, 100] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        std::fs::write(desk.db(), &bytes).unwrap();
        let damaged = balances(&[]);
        assert!(damaged.contains("damaged") && damaged.contains(text(&keys)), "{damaged}");
        texts.push(damaged);
    }
    std::fs::write(desk.db(), "Date,Description\n2026-01-01,Tea\n".repeat(500)).unwrap();
    let no_database = balances(&[]);
    assert!(no_database.contains("is a text file, and no database"), "{no_database}");
    texts.push(no_database);
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count, "{texts:?}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused_and_a_link_is_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let desk = Desk::with_sample();
    let keys = desk.path("flat.db.keys");
    for mode in [0o644, 0o666] {
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = desk.run("balances", &[] as &[&str]).failed(1);
        assert!(refused.contains("chmod 600") && refused.contains(text(&keys)), "{refused}");
    }
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let real = desk.path("real");
    std::fs::rename(&keys, &real).unwrap();
    symlink("real", &keys).unwrap();
    let before = std::fs::read(&real).unwrap();
    desk.run("invite", &[] as &[&str]).ok();
    assert!(keys.symlink_metadata().unwrap().is_symlink());
    assert_ne!(std::fs::read(&real).unwrap(), before, "the secret is behind the link");
}
