//! Replays every file of the fuzz corpora, so that what fuzzing once found
//! stays found on compilers without a fuzzer.

use std::path::Path;

use ledger_core::engine::{DecodedEntry, verify_batch};

#[path = "../../../fuzz/properties/decode_entry.rs"]
mod decode_entry;
#[path = "../../../fuzz/properties/messages.rs"]
mod messages;

#[path = "../../../fuzz/properties/open_sealed.rs"]
mod open_sealed;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/decode_entry");
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
