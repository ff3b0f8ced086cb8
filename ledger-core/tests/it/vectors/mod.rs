//! The golden bytes and verdicts of `vectors/`, rebuilt from fixed seeds and
//! compared with the files. After a deliberate change of the format:
//!
//! ```text
//! LEDGER_WRITE_VECTORS=1 cargo test -p ledger-core --test it vectors
//! ```
//!
//! `vectors/check/check.py` reads the same files without any of this code.

use std::path::PathBuf;

use serde_json::{Value, json};

mod admission;
mod attacks;
mod authority;
mod bundles;
mod encoding;
mod encoding_keys;
mod encoding_order;
mod encoding_payloads;
mod entries;
mod faults;
mod fields;
mod hints;
mod introductions;
mod messages;
mod money;
mod outcome;
mod pinned;
mod proofs;
mod raw;
mod refused_boxes;
mod refused_keys;
mod refused_messages;
mod refused_pairings;
mod refused_shares;
mod sealed_by_hand;
mod sealing;
mod setting_values;
mod settings;
mod signatures;
mod slots;
mod speaks;
mod splits;
mod templates;
mod ties;
mod units;
pub(crate) mod world;

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

/// All scenarios of these builders, each of which gives one or several.
fn several(builders: &[fn() -> Value]) -> Value {
    let all = builders.iter().flat_map(|build| match build() {
        Value::Array(several) => several,
        one => vec![one],
    });
    all.collect()
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
fn bundles_and_summaries() {
    check("bundles.json", &bundles::build());
}

#[test]
fn messages_outside_of_the_ledger() {
    check("messages.json", &messages::build());
}

#[test]
fn proofs_of_equivocation() {
    check("proofs.json", &proofs::build());
}

#[test]
fn settling_up() {
    check("settle_up.json", &money::settle_up_vectors());
}

#[test]
fn values_of_settings() {
    check("settings.json", &setting_values::build());
}

#[test]
fn hints_of_transactions() {
    check("hints.json", &hints::build());
}

#[test]
fn recurring_days() {
    check("recurring.json", &templates::days());
}

#[test]
fn splits() {
    check("splits.json", &money::split_vectors());
}
