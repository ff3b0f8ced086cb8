//! Epoch keys, boxes, envelopes, key envelopes (SPEC §11).

use std::collections::BTreeSet;

use ledger_core::GroupId;
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, EpochKey, KeyEnvelope, WrappingKey};
use serde_json::{Value, json};

use crate::vectors::entries::epochs;
use crate::vectors::refused_shares::envelope_rule;
use crate::vectors::sealed_by_hand::{Sealer, padded};
use crate::vectors::world::{World, device, entropy, hex};
use crate::vectors::{file, refused_boxes, refused_keys};

fn key(key: &EpochKey) -> Value {
    json!({
        "secret": hex(key.expose_secret()),
        "commit": key.commit().to_string(),
        "topic": key.topic().to_string(),
    })
}

/// Envelopes, intact and with one change each: they open, or the broken rule is named.
fn envelopes(group: GroupId) -> Vec<Value> {
    let (world, [first, second]) = epochs();
    assert_eq!(world.group, group);
    let mut cases = Vec::new();
    for (label, entry) in &world.entries {
        let sealed = first.seal(entry.decoded());
        let envelope = Envelope::parse(&sealed).unwrap();
        assert_eq!(first.open(&envelope).as_ref(), Ok(entry.decoded()));
        cases.push(json!({
            "name": label,
            "secret": hex(first.expose_secret()),
            "id": entry.id().to_string(),
            "entry": hex(entry.decoded().as_bytes()),
            "signature": hex(entry.decoded().signature()),
            "envelope": hex(&sealed),
        }));
    }
    let sealed = first.seal(world.entry("epoch").decoded());
    let mut broken = |name: &str, rule: &str, bytes: Vec<u8>| {
        let opened = Envelope::parse(&bytes).and_then(|envelope| first.open(&envelope));
        assert_eq!(opened.as_ref().err().map(envelope_rule), Some(rule), "{name}");
        let secret = hex(first.expose_secret());
        cases.push(json!({
            "name": name, "secret": secret, "rule": rule, "envelope": hex(&bytes),
        }));
    };
    broken("cut off", "X1", sealed[..sealed.len() - 1].to_vec());
    broken("with a byte behind it", "X1", [sealed.as_slice(), &[0]].concat());
    broken("nothing", "X1", Vec::new());
    broken("of another kind", "X1", [&[3], &sealed[1..]].concat());
    broken("of another epoch", "X2", second.seal(world.entry("epoch").decoded()));
    let mut altered = sealed.clone();
    altered[100] ^= 1;
    broken("altered", "X3", altered);
    let mut nonce = sealed;
    nonce[40] ^= 1;
    broken("with another nonce", "X3", nonce);
    for (name, rule, bytes) in authentic(&world, &first) {
        broken(name, rule, bytes);
    }
    cases
}

/// Envelopes that open, but hold what they should not.
fn authentic(world: &World, key: &EpochKey) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let sealer = Sealer { secret: *key.expose_secret(), topic: *key.topic().as_bytes() };
    let entry = world.entry("add-ben").decoded();
    let named = [entry.id().as_bytes().as_slice(), entry.signature()].concat();
    let sealed = |plaintext: &[u8]| sealer.seal(1, "env", sealer.nonce(&named), plaintext);
    let sound = || padded(entry.as_bytes(), entry.signature());
    assert_eq!(sealed(&sound()), key.seal(entry));
    let (mut dirty, mut long, mut beyond) = (sound(), sound(), sound());
    *dirty.last_mut().unwrap() = 1;
    long.resize(long.len() + 512, 0);
    beyond[..4].fill(0xff);
    let both = [&dirty[..], &[0; 512]].concat();
    let broken = entry.as_bytes()[..entry.as_bytes().len() - 1].to_vec();
    let broken = padded(&broken, entry.signature());
    let other = |plaintext: &[u8]| sealer.seal(1, "env", [9; 24], plaintext);
    vec![
        ("padded too much", "X4", sealed(&long)),
        ("with padding that is not zero", "X4", sealed(&dirty)),
        ("padded too much with what is not zero", "X4", sealed(&both)),
        ("with a length beyond its end", "X4", sealed(&beyond)),
        ("under a nonce that does not follow", "X5", other(&sound())),
        ("with an entry that is cut off", "X6", sealed(&broken)),
        ("with an entry that is cut off, under a nonce that does not follow", "X6", other(&broken)),
        ("as a manifest is sealed", "X3", {
            sealer.seal(1, "manifest", sealer.nonce(&named), &sound())
        }),
    ]
}

fn key_envelopes(group: GroupId) -> Vec<Value> {
    let epoch = EpochKey::from_bytes(group, [0x51; 32]);
    let secrets: Vec<[u8; 32]> = (1..=5u8).map(|n| [n + 128; 32]).collect();
    let recovery = entropy(2).recovery_public_key(0);
    let devices = secrets.iter().map(|secret| ExchangeKey::from_bytes(*secret).public_key());
    let recipients: BTreeSet<[u8; 32]> = devices.chain([recovery]).collect();
    let bytes = epoch.wrap_for(&recipients, &[9; 32]).remove(0);
    let parsed = KeyEnvelope::parse(&bytes).unwrap();
    assert_eq!(parsed.recipients(&epoch, &recipients), recipients);
    for secret in &secrets {
        let opened = parsed.open(group, [&ExchangeKey::from_bytes(*secret)]);
        assert_eq!(opened, Ok(Some(epoch.clone())));
    }
    assert_eq!(parsed.open(group, [device(9).exchange_key()]), Ok(None));
    vec![json!({
        "name": "five devices and a phrase",
        "recipients": secrets.iter().map(|secret| hex(secret)).collect::<Vec<_>>(),
        "wrapped_for": recipients.iter().map(|public| hex(public)).collect::<Vec<_>>(),
        "strangers": [hex(&[9 + 128; 32])],
        "secret": hex(epoch.expose_secret()),
        "key_envelope": hex(&bytes),
    })]
}

/// Sealed secrets, intact and with one change each: they open, or the broken rule is named.
fn secrets() -> Vec<Value> {
    let (key, other) = (WrappingKey::from_bytes([0x61; 32]), WrappingKey::from_bytes([0x62; 32]));
    let sealed = key.seal("wrapping-key", other.expose_bytes(), &[0x63; 24]);
    let mut altered = sealed.clone();
    altered[60] ^= 1;
    let cases = [
        ("a wrapping key", "wrapping-key", &key, sealed.clone(), None),
        ("nothing", "entropy", &key, key.seal("entropy", &[], &[0x64; 24]), None),
        ("not sealed", "entropy", &key, vec![0x65; 32], Some("Z1")),
        ("cut off", "wrapping-key", &key, sealed[..sealed.len() - 1].to_vec(), Some("Z1")),
        ("altered", "wrapping-key", &key, altered, Some("Z1")),
        ("of another key", "wrapping-key", &other, sealed.clone(), Some("Z2")),
        ("of another name", "entropy", &key, sealed, Some("Z3")),
    ];
    type Case<'a> = (&'a str, &'a str, &'a WrappingKey, Vec<u8>, Option<&'a str>);
    let case = |(label, name, key, bytes, rule): Case<'_>| {
        let opened = key.open(name, &bytes);
        assert_eq!(opened.is_err(), rule.is_some(), "{label}");
        let secret = opened.ok().map(|secret| hex(&secret));
        json!({
            "name": label, "key": hex(key.expose_bytes()), "secret_name": name,
            "secret": secret, "rule": rule, "sealed": hex(&bytes),
        })
    };
    cases.into_iter().map(case).collect()
}

pub(crate) fn build() -> Value {
    let (world, keys) = epochs();
    let third = EpochKey::from_bytes(world.group, [0x53; 32]);
    let boxed = |name: &str, key: &EpochKey, before: &[(&str, &EpochKey)]| {
        let before: Vec<_> =
            before.iter().map(|(label, key)| (world.entry(label).id(), *key)).collect();
        let predecessors = before.iter().map(
            |(id, key)| json!({ "entry": id.to_string(), "secret": hex(key.expose_secret()) }),
        );
        json!({
            "name": name,
            "secret": hex(key.expose_secret()),
            "predecessors": predecessors.collect::<Vec<_>>(),
            "box": hex(key.begin(&before).unwrap().history()),
        })
    };
    let [first, second] = &keys;
    let boxes = json!([
        boxed("no predecessor", first, &[]),
        boxed("one predecessor", second, &[("epoch", first)]),
        boxed("two predecessors", &third, &[("epoch", first), ("epoch-with-history", second)]),
    ]);
    let about = "SPEC 11 and 17. Keys, boxes and envelopes follow from their secrets; a key envelope \
        opens for its recipients, whose X25519 secrets are given, and for no stranger. A broken \
        envelope or secret is refused by the first rule that it breaks.";
    let mut built = file(about, "group", json!(world.group.to_string()));
    built["keys"] = keys.iter().map(key).collect();
    built["boxes"] = boxes;
    built["envelopes"] = json!(envelopes(world.group));
    built["key_envelopes"] = json!(key_envelopes(world.group));
    built["boxes_by_entry"] = refused_boxes::build();
    built["refused_key_envelopes"] = json!(refused_keys::build(world.group));
    built["secrets"] = json!(secrets());
    built
}
