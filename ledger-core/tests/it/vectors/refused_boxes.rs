//! Boxes of epoch entries, which count or not (SPEC §11.1).

use ledger_core::engine::Payload;
use ledger_core::seal::EpochKey;
use serde_json::{Value, json};

use crate::vectors::entries::epochs;
use crate::vectors::raw::{array, bytes};
use crate::vectors::sealed_by_hand::{kdf, seal};
use crate::vectors::world::{World, hex};

/// Whether the library lets a box count: it opens, and each key belongs to the entry at its ref.
fn counts(world: &World, label: &str, key: &EpochKey) -> bool {
    let Payload::Epoch(epoch) = world.entry(label).decoded().payload() else { panic!("{label}") };
    let belongs = |(old, id): (&EpochKey, &ledger_core::EntryId)| {
        let entries = world.entries.iter().map(|(_, entry)| entry);
        match entries.clone().find(|entry| entry.id() == *id).unwrap().decoded().payload() {
            Payload::Epoch(before) => old.belongs_to(before),
            _ => false,
        }
    };
    let opened = key.predecessors(epoch);
    opened.is_ok_and(|keys| keys.iter().zip(epoch.predecessors()).all(belongs))
}

/// Epoch entries behind two others, and which of their boxes count under which key.
pub(crate) fn build() -> Value {
    const SECRET: [u8; 32] = [0x53; 32];
    let (mut w, keys) = epochs();
    let (key, other) =
        (EpochKey::from_bytes(w.group, SECRET), EpochKey::from_bytes(w.group, [0x54; 32]));
    let both = ["epoch", "epoch-with-history"];
    let secret = |w: &World, id: &ledger_core::EntryId| {
        let place = both.iter().position(|label| w.id(label) == *id);
        place.map_or([0x55; 32], |place| *keys[place].expose_secret())
    };
    let mut cases = Vec::new();
    type Change = fn(&mut Vec<[u8; 32]>);
    type Case<'a> = (&'a str, &'a [&'a str], Change, &'a EpochKey, bool, bool);
    let all: [Case<'_>; 7] = [
        ("two keys", &both, |_| {}, &key, false, true),
        ("one key", &both[..1], |_| {}, &key, false, true),
        ("two keys exchanged", &both, |keys| keys.reverse(), &key, false, false),
        ("a key of no entry", &both, |keys| keys[1] = [0x55; 32], &key, false, false),
        ("a key beside what is no epoch entry", &["epoch", "add-ben"], |_| {}, &key, false, false),
        ("altered", &both, |_| {}, &key, true, false),
        ("read with the key of another epoch", &both, |_| {}, &other, false, false),
    ];
    for (name, refs, change, reader, altered, expected) in all {
        let ids = w.ids(refs);
        let mut secrets: Vec<[u8; 32]> = ids.iter().map(|id| secret(&w, id)).collect();
        change(&mut secrets);
        let context: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        let hist = kdf(&[], &SECRET, "hist", &context);
        let mut sealed = seal(&hist, &[0; 24], &[], &secrets.concat());
        sealed[5] ^= u8::from(altered);
        let payload =
            array(&[bytes(key.commit().as_bytes()), bytes(key.topic().as_bytes()), bytes(&sealed)]);
        w.say_raw(1, name, 23, refs, &payload);
        assert_eq!(counts(&w, name, reader), expected, "{name}");
        let entry = w.entry(name).decoded();
        cases.push(json!({
            "name": name, "secret": hex(reader.expose_secret()), "counts": expected,
            "bytes": hex(entry.as_bytes()), "signature": hex(entry.signature()),
        }));
    }
    let before = |label: &str| {
        let entry = w.entry(label).decoded();
        json!({ "bytes": hex(entry.as_bytes()), "signature": hex(entry.signature()) })
    };
    let before = ["epoch", "epoch-with-history", "add-ben"].map(before);
    json!({ "entries_before": before, "cases": cases })
}
