//! `ledger check-database` finds differences and mends them; `ledger salvage` saves what
//! is left of a damaged file.

use serde_json::Value;

use crate::common::{self, Desk};

#[test]
fn what_is_derived_is_compared_and_written_anew() {
    let desk = Desk::with_sample();
    let before = desk.everything();
    let sound = desk.run("check-database", &["--json"]).json();
    assert_eq!(sound["problems"], serde_json::json!([]));
    desk.raw().execute_batch("UPDATE expenses SET cancelled = 1 WHERE n % 7 = 0").unwrap();
    let found = desk.run("check-database", &[] as &[&str]);
    assert_eq!(found.code, Some(1));
    assert!(
        found.out.contains("expenses, entry ") && found.err.contains("--rebuild-indexes"),
        "{found:?}"
    );
    let rebuilt = desk.run("check-database", &["--rebuild-indexes", "--json"]).json();
    assert_eq!(
        (&rebuilt["rebuilt"], &rebuilt["problems_left"]),
        (&Value::Bool(true), &sound["problems"])
    );
    assert!(!rebuilt["problems"].as_array().unwrap().is_empty());
    assert_eq!(desk.everything(), before);
    assert!(desk.run("check-database", &["--rebuild-indexes"]).ok().contains("every table agrees"));
}

#[test]
fn what_is_left_of_a_damaged_file_is_saved() {
    let desk = Desk::with_sample();
    let mut bytes = std::fs::read(desk.db()).unwrap();
    let pages = bytes.len() / 4096;
    bytes[4096 * (pages / 2) + 77] ^= 1;
    bytes[4096 * (pages / 3) + 77] ^= 1;
    std::fs::write(desk.db(), &bytes).unwrap();
    let checked = desk.run("check-database", &[] as &[&str]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let to = desk.path("new.db");
    let report = desk.run("salvage", &["--to".as_ref(), to.as_os_str(), "--json".as_ref()]).json();
    assert_eq!(report["damaged_pages"].as_array().unwrap().len(), 2);
    assert_eq!(report["complete"], Value::Bool(false));
    assert_eq!(std::fs::read(desk.db()).unwrap(), bytes, "it is only read");
    let keys = desk.path("flat.db.keys");
    let verified = common::program()
        .args(["verify-history", "--db"])
        .arg(&to)
        .arg("--key-file")
        .arg(&keys)
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let there = desk.run("salvage", &["--to".as_ref(), to.as_os_str()]).failed(1);
    assert!(there.contains("new.db"), "{there}");
}
