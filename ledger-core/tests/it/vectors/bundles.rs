//! Records, manifests, summaries (SPEC §12).

use std::collections::BTreeSet;

use ledger_core::bundle::{BundleId, Manifest, Part, RecordId, Records, Summary, frame};
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::EpochKey;
use ledger_core::{DeviceId, EntryId};
use serde_json::{Value, json};

use crate::vectors::file;
use crate::vectors::world::{World, hex};

/// One record of each kind: an envelope, a key envelope, a manifest, and one of a later version.
fn records(world: &World, key: &EpochKey) -> Vec<(&'static str, Vec<u8>)> {
    let recipients = BTreeSet::from([ExchangeKey::from_bytes([0x81; 32]).public_key()]);
    vec![
        ("a key envelope", key.wrap_for(&recipients, &[9; 32]).remove(0)),
        ("a manifest", manifests(world, key).remove(0).1.seal(key)),
        ("an envelope", key.seal(world.entry("genesis").decoded())),
        ("of a later version", vec![0x77]),
    ]
}

fn manifests(world: &World, key: &EpochKey) -> Vec<(&'static str, Manifest)> {
    let ids: Vec<EntryId> = world.entries.iter().map(|(_, entry)| entry.id()).collect();
    let many = (0..1_000u32).map(|n| {
        let mut id = [0x33; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        EntryId::from_bytes(id)
    });
    let many: Vec<EntryId> = many.collect();
    let first = Manifest {
        group: world.group,
        bundle: BundleId::compute(ids.iter().chain(&many).copied()),
        part: Part { number: 0, total: 2 },
        entries: 1_000 + ids.len() as u64,
        heads: ids.iter().rev().take(2).copied().collect(),
        wanted: vec![key.topic()],
        ids,
    };
    let second = Manifest {
        part: Part { number: 1, total: 2 },
        heads: Vec::new(),
        wanted: Vec::new(),
        ids: many,
        ..first.clone()
    };
    vec![("the first part", first), ("the second part, of 1,000 entries", second)]
}

/// Runs of bytes, with the records that a reader finds and the number of bytes that it skips.
fn runs(world: &World, key: &EpochKey) -> Vec<Value> {
    let records = records(world, key);
    let all: Vec<u8> = records.iter().flat_map(|(_, record)| frame(record)).collect();
    let envelope = frame(&records[2].1);
    let mut cases = Vec::new();
    let mut case = |name: &str, bytes: Vec<u8>| {
        let mut reader = Records::new();
        reader.push(&bytes);
        reader.push(&[]);
        let found: Vec<Vec<u8>> = std::iter::from_fn(|| reader.next_record()).collect();
        cases.push(json!({
            "name": name,
            "bytes": hex(&bytes),
            "records": found.iter().map(|record| hex(record)).collect::<Vec<_>>(),
            "skipped": reader.skipped(),
        }));
    };
    case("nothing", Vec::new());
    case("one of each kind", all.clone());
    case("with bytes before, between and behind", {
        let (middle, end) = (envelope.as_slice(), &[0, 0, 0xff, 0, 0][..]);
        [&b"text"[..], middle, &[0; 9], middle, end].concat()
    });
    let altered = |place: usize| {
        let mut bytes = [envelope.as_slice(), &envelope].concat();
        bytes[place] ^= 1;
        bytes
    };
    case("with a damaged length", altered(3));
    case("with a damaged check", altered(4));
    case("with a damaged body: the reader of records does not look at it", altered(100));
    case("with a byte less in a body: the next frame is not found", {
        [&envelope[..100], &envelope[101..], &envelope, &envelope].concat()
    });
    case("cut off in a frame", [&envelope[..], &envelope[..7]].concat());
    case("cut off in a body", [&envelope[..], &envelope[..300]].concat());
    case("a frame in a frame", frame(&[&[0x77][..], &envelope].concat()));
    case("an envelope of no padded size", frame(&records[2].1[..500]));
    case("a key envelope of three wraps", frame(&records[0].1[..49 + 3 * 88]));
    case("of no bytes", frame(&[]));
    case("dense false lengths", [0, 0, 0xff].repeat(40));
    cases
}

fn summaries(world: &World) -> Vec<Value> {
    let id = |n: u8| EntryId::from_bytes([n; 32]);
    let device = |n: u8| DeviceId::from_bytes([n; 32]);
    let case = |name: &str, salt: u8, chains: &[(u8, u64, u8)], missing: &[u8]| {
        let tips = chains.iter().map(|&(of, seq, tip)| (device(of), seq, id(tip)));
        let summary = Summary::new(world.group, [salt; 8], tips, missing.iter().map(|n| id(*n)));
        let bytes = summary.to_bytes();
        assert_eq!(Summary::from_bytes(world.group, &bytes), Ok(summary));
        json!({
            "name": name,
            "salt": hex(&[salt; 8]),
            "chains": chains
                .iter()
                .map(|&(of, seq, tip)| json!([device(of).to_string(), seq, id(tip).to_string()]))
                .collect::<Vec<_>>(),
            "missing": missing.iter().map(|n| id(*n).to_string()).collect::<Vec<_>>(),
            "summary": hex(&bytes),
        })
    };
    vec![
        case("of nothing", 1, &[], &[]),
        case("two chains", 2, &[(1, 7, 0x11), (2, 0, 0x12)], &[]),
        case("the same with another salt", 3, &[(1, 7, 0x11), (2, 0, 0x12)], &[]),
        case("a chain that forked", 4, &[(1, 7, 0x11), (1, 7, 0x13), (2, 4_000_000_000, 9)], &[]),
        case("two missing entries", 5, &[(1, 7, 0x11)], &[0x21, 0x22]),
    ]
}

pub(crate) fn build() -> Value {
    let world = World::with_ben();
    let key = EpochKey::from_bytes(world.group, [0x51; 32]);
    let about = "SPEC 12. Records have an id each. A run of bytes gives records and a number of \
        bytes that are in none. A manifest is sealed under the key. A summary follows from its \
        salt, chains and missing entries; the order of its items is free, here it ascends.";
    let mut built = file(about, "group", json!(world.group.to_string()));
    built["secret"] = json!(hex(key.expose_secret()));
    let record = |(name, record): &(&str, Vec<u8>)| json!({ "name": name, "record": hex(record), "id": RecordId::compute(record).to_string() });
    built["records"] = records(&world, &key).iter().map(record).collect();
    built["runs"] = json!(runs(&world, &key));
    let manifest = |(name, manifest): &(&str, Manifest)| {
        let sealed = manifest.seal(&key);
        assert_eq!(Manifest::open(&key, &sealed).as_ref(), Ok(manifest));
        json!({
            "name": name,
            "bundle": hex(manifest.bundle.as_bytes()),
            "part": manifest.part.number,
            "parts": manifest.part.total,
            "entries": manifest.entries,
            "heads": manifest.heads.iter().map(EntryId::to_string).collect::<Vec<_>>(),
            "wanted": manifest.wanted.iter().map(|topic| topic.to_string()).collect::<Vec<_>>(),
            "ids": manifest.ids.iter().map(EntryId::to_string).collect::<Vec<_>>(),
            "manifest": hex(&sealed),
        })
    };
    built["manifests"] = manifests(&world, &key).iter().map(manifest).collect();
    built["summaries"] = json!(summaries(&world));
    built
}
