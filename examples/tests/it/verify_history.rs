//! `ledger verify-history` names the entry and the rule, wherever a stored byte changed.

use serde_json::Value;

use crate::common::Desk;

fn verify(desk: &Desk) -> (i32, Value) {
    let output = desk.command("verify-history", &["--json"]).output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report)
}

/// The genesis entry, one under the checkpoint, one in the tail; the first, a
/// middle and the last byte of entry and signature.
#[test]
fn a_flipped_byte_is_found_with_its_entry_and_rule() {
    let desk = Desk::with_sample();
    let (code, report) = verify(&desk);
    assert_eq!((code, report["problems"].as_array().unwrap().len()), (0, 0));
    let entries = report["entries"].as_i64().unwrap();
    for n in [1, 300, entries] {
        for column in ["entry", "signature"] {
            for half in [0, 1, 2] {
                let db = desk.raw();
                let (id, good): (String, Vec<u8>) = db
                    .query_row(
                        &format!("SELECT lower(hex(id)), {column} FROM entries WHERE n = ?1"),
                        [n],
                        |row| Ok((row.get(0)?, row.get(1)?)),
                    )
                    .unwrap();
                let mut bad = good.clone();
                let place = (bad.len() - 1) * half / 2;
                bad[place] ^= 0x10;
                let set = format!("UPDATE entries SET {column} = ?2 WHERE n = ?1");
                db.execute(&set, (n, &bad)).unwrap();
                drop(db);

                let (code, report) = verify(&desk);
                let case = format!("entry {n}, {column}, byte {place}: {report:#}");
                assert_eq!(code, 1, "{case}");
                let first = &report["problems"][0];
                assert_eq!(first["entry"], Value::from(id), "{case}");
                assert!(first["rule"].is_string(), "{case}");

                desk.raw().execute(&set, (n, &good)).unwrap();
            }
        }
    }
    assert_eq!(verify(&desk).0, 0, "every byte is back");
}
