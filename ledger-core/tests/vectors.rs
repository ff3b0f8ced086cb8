//! The golden bytes and verdicts of `vectors/`, rebuilt from fixed seeds and
//! compared with the files. After a deliberate change of the format:
//!
//! ```text
//! LEDGER_WRITE_VECTORS=1 cargo test -p ledger-core --test vectors
//! ```
//!
//! `vectors/check/check.py` reads the same files without any of this code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use std::path::PathBuf;

use serde_json::{Value, json};

#[path = "vectors/admission.rs"]
mod admission;
#[path = "vectors/attacks.rs"]
mod attacks;
#[path = "vectors/authority.rs"]
mod authority;
#[path = "vectors/encoding.rs"]
mod encoding;
#[path = "vectors/encoding_keys.rs"]
mod encoding_keys;
#[path = "vectors/encoding_payloads.rs"]
mod encoding_payloads;
#[path = "vectors/entries.rs"]
mod entries;
#[path = "vectors/faults.rs"]
mod faults;
#[path = "vectors/fields.rs"]
mod fields;
#[path = "vectors/introductions.rs"]
mod introductions;
#[path = "vectors/messages.rs"]
mod messages;
#[path = "vectors/money.rs"]
mod money;
#[path = "vectors/outcome.rs"]
mod outcome;
#[path = "vectors/raw.rs"]
mod raw;
#[path = "vectors/sealing.rs"]
mod sealing;
#[path = "vectors/signatures.rs"]
mod signatures;
#[path = "vectors/slots.rs"]
mod slots;
#[path = "vectors/world.rs"]
mod world;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(name)
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(path(name))
        .unwrap_or_else(|error| panic!("vectors/{name}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// A vector file: version and format first, then what it holds.
fn file(about: &str, what: &str, content: Value) -> Value {
    json!({ "version": 1, "format": "group-ledger/1", "about": about, what: content })
}

/// Compares with the file, or writes it if asked to.
fn check(name: &str, built: &Value) {
    if std::env::var_os("LEDGER_WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(built).unwrap() + "\n";
        std::fs::write(path(name), text).unwrap();
        return;
    }
    let found = read(name);
    if found != *built {
        let place = difference("", &found, built).unwrap_or_default();
        panic!("vectors/{name} differs at {place}; LEDGER_WRITE_VECTORS=1 writes it anew");
    }
}

/// Where two values differ first.
fn difference(at: &str, old: &Value, new: &Value) -> Option<String> {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(key, value)| match b.get(key) {
                Some(other) => difference(&format!("{at}.{key}"), value, other),
                None => Some(format!("{at}.{key}")),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(place, (a, b))| difference(&format!("{at}[{place}]"), a, b))
        }
        _ => (old != new).then(|| at.to_owned()),
    }
}

#[test]
fn entries_of_every_kind() {
    check("entries.json", &entries::build());
}

#[test]
fn broken_encodings() {
    check("encoding.json", &encoding::build());
}

#[test]
fn published_signatures() {
    check("signatures.json", &signatures::build(read("signatures.json")));
}

#[test]
fn admissions() {
    check("admission.json", &admission::build());
}

#[test]
fn authority_step_by_step() {
    check("authority.json", &authority::build());
}

#[test]
fn sealing_and_opening() {
    check("sealing.json", &sealing::build());
}

#[test]
fn messages_outside_of_the_ledger() {
    check("messages.json", &messages::build());
}

#[test]
fn settling_up() {
    check("settle_up.json", &money::settle_up_vectors());
}

#[test]
fn splits() {
    check("splits.json", &money::split_vectors());
}
