//! Replays every file of the fuzz corpora, so that what fuzzing once found
//! stays found on compilers without a fuzzer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger_core::bundle::{Manifest, Records, Summary};
use ledger_core::engine::{DecodedEntry, verify_batch};
use ledger_core::seal::{Envelope, KeyEnvelope};
use serde_json::Value;

#[path = "../../../fuzz/properties/decode_entry.rs"]
mod decode_entry;
#[path = "../../../fuzz/properties/messages.rs"]
mod messages;
#[path = "../../../fuzz/properties/open_sealed.rs"]
mod open_sealed;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

fn replay(target: &str, check: fn(&[u8])) {
    let folder = corpus(target);
    let files = std::fs::read_dir(&folder).expect("the target has a corpus");
    let mut replayed = 0_u32;
    for file in files {
        let path = file.expect("the corpus can be listed").path();
        let data = std::fs::read(&path).expect("the corpus can be read");
        if std::panic::catch_unwind(|| check(&data)).is_err() {
            panic!("the property does not hold for {}", path.display());
        }
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}

#[test]
fn decode_entry_holds_for_its_corpus() {
    replay("decode_entry", decode_entry::check);
}

#[test]
fn messages_hold_for_their_corpus() {
    replay("messages", messages::check);
}

#[test]
fn open_sealed_holds_for_its_corpus() {
    replay("open_sealed", open_sealed::check);
}

/// Seeds are named after what they are: `ok-expense` decodes, `no-P7` breaks
/// rule P7, or does so once its signature is checked.
#[test]
fn named_seeds_are_what_their_names_say() {
    let folder = corpus("decode_entry");
    let mut named = 0_u32;
    for file in std::fs::read_dir(&folder).expect("the target has a corpus") {
        let path = file.expect("the corpus can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("ASCII names");
        let Some((verdict @ ("ok" | "no"), rule)) = name.split_once('-') else { continue };
        let seed = std::fs::read(&path).expect("the corpus can be read");
        let (signature, entry) = seed.split_first_chunk().expect("a signature");
        let verified = DecodedEntry::decode(entry, signature)
            .and_then(|entry| verify_batch(vec![entry], &[7; 32]).remove(0));
        let broken = verified.err().map(|refusal| refusal.rule().code());
        let expected = (verdict == "no").then(|| rule.split('-').next()).flatten();
        assert_eq!(broken, expected, "{name}");
        named += 1;
    }
    assert!(named >= 25, "only {named} seeds are left");
}

/// The seeds of `open_sealed` are the bytes of `sealing.json` and `bundles.json`, so that each is
/// still what its name says. `LEDGER_WRITE_VECTORS=1` writes them anew.
#[test]
fn seeds_of_open_sealed_are_bytes_of_the_vectors() {
    let folder = corpus("open_sealed");
    let seeds = sealed_seeds();
    if std::env::var_os("LEDGER_WRITE_VECTORS").is_some() {
        std::fs::remove_dir_all(&folder).expect("the target has a corpus");
        std::fs::create_dir(&folder).expect("the corpus can be written");
        for (name, seed) in &seeds {
            std::fs::write(folder.join(name), seed).expect("the corpus can be written");
        }
    }
    for (name, seed) in seeds {
        let found = std::fs::read(folder.join(&name)).unwrap_or_else(|error| {
            panic!("{name}: {error}; LEDGER_WRITE_VECTORS=1 writes it anew")
        });
        assert!(found == seed, "{name} is stale; LEDGER_WRITE_VECTORS=1 writes it anew");
    }
}

/// A fuzzing run takes no longer seeds; see `.ci/full`.
const MAX_SEED_BYTES: usize = 4_096;

fn sealed_seeds() -> BTreeMap<String, Vec<u8>> {
    let (sealing, bundles) = (vectors("sealing.json"), vectors("bundles.json"));
    let mut seeds = BTreeMap::new();
    for (file, list, field, prefix) in [
        (&sealing, "envelopes", "envelope", "envelope"),
        (&sealing, "key_envelopes", "key_envelope", "key-envelope"),
        (&sealing, "refused_key_envelopes", "key_envelope", "refused-key-envelope"),
        (&bundles, "runs", "bytes", "run"),
        (&bundles, "manifests", "manifest", "manifest"),
        (&bundles, "summaries", "summary", "summary"),
    ] {
        for case in cases(file, list) {
            seeds.insert(seed_name(prefix, case), hex(&case[field]));
        }
    }
    // The property seals these itself: `len32 ‖ entry ‖ signature ‖ zeros`.
    for case in cases(&sealing, "envelopes").iter().filter(|case| case["entry"].is_string()) {
        let (entry, signature) = (hex(&case["entry"]), hex(&case["signature"]));
        let len = u32::try_from(entry.len()).expect("a length of an entry");
        let mut inside = [&len.to_be_bytes()[..], &entry, &signature].concat();
        // Without kind, topic, nonce and tag.
        inside.resize(hex(&case["envelope"]).len() - (1 + 32 + 24 + 16), 0);
        seeds.insert(seed_name("inside", case), inside);
    }
    seeds.retain(|_, seed| seed.len() <= MAX_SEED_BYTES);
    seeds
}

fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(name);
    let text = std::fs::read_to_string(path).expect("the vectors can be read");
    serde_json::from_str(&text).expect("JSON")
}

fn cases<'a>(file: &'a Value, list: &str) -> &'a [Value] {
    file[list].as_array().expect("a list of the file")
}

fn seed_name(prefix: &str, case: &Value) -> String {
    let name = case["name"].as_str().expect("a name").replace(|c: char| !c.is_alphanumeric(), "-");
    format!("{prefix}-{name}")
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().expect("hex digits");
    let byte = |n| u8::from_str_radix(&digits[n..n + 2], 16).expect("hex digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[test]
fn seeds_of_open_sealed_reach_every_part_of_the_property() {
    let (key, group) = (open_sealed::key(), open_sealed::group());
    let seeds = sealed_seeds();
    let seed = |name: &str| seeds.get(name).unwrap_or_else(|| panic!("no {name}"));
    let mut records = Records::new();
    records.push(seed("run-one-of-each-kind"));
    assert_eq!(std::iter::from_fn(|| records.next_record()).count(), 4);
    assert!(Envelope::parse(seed("envelope-genesis")).and_then(|e| key.open(&e)).is_ok());
    assert!(KeyEnvelope::parse(seed("key-envelope-five-devices-and-a-phrase")).is_ok());
    assert!(Manifest::open(&key, seed("manifest-the-first-part")).is_ok());
    assert!(Summary::from_bytes(group, seed("summary-a-chain-that-forked")).is_ok());
}
