//! Key envelopes that break a rule (SPEC §11.4).

use ledger_core::GroupId;
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{EpochKey, KeyEnvelope, KeyEnvelopeError};
use serde_json::{Value, json};

use crate::vectors::raw::digest;
use crate::vectors::sealed_by_hand::wrap;
use crate::vectors::world::hex;

const SALT: [u8; 16] = [0x77; 16];

/// A wrap of a secret for the X25519 key whose secret is one byte repeated.
fn wrapped(topic: &[u8], n: u8, secret: &[u8]) -> Vec<u8> {
    let to = ExchangeKey::from_bytes([n; 32]).public_key();
    let hint = digest("hint", &[&SALT[..], &to].concat());
    let context = [topic, &to].concat();
    [&hint[..8], &wrap(&to, "wrap", &context, secret)].concat()
}

fn envelope(topic: &[u8], wraps: &[Vec<u8>]) -> Vec<u8> {
    [&[0x02][..], topic, &SALT, &wraps.concat()].concat()
}

/// Key envelopes that the holder of one X25519 key reads, each with the rule that it breaks.
pub(crate) fn build(group: GroupId) -> Vec<Value> {
    const SECRET: [u8; 32] = [0x51; 32];
    let topic = *EpochKey::from_bytes(group, SECRET).topic().as_bytes();
    let wraps = |count: usize| {
        let mut all: Vec<Vec<u8>> =
            (1u8..).take(count).map(|n| wrapped(&topic, n, &SECRET)).collect();
        all.sort();
        all
    };
    let four = wraps(4);
    let mut turned = four.clone();
    turned.swap(1, 2);
    let mut twice = four.clone();
    twice[1] = twice[0].clone();
    let mut false_key = vec![wrapped(&topic, 1, &[9; 32])];
    false_key.extend((2..=4).map(|n| wrapped(&topic, n, &SECRET)));
    false_key.sort();
    let mut short_key = vec![wrapped(&topic, 1, &SECRET)];
    short_key.extend((2..=4).map(|n| wrapped(&topic, n, &SECRET)));
    let mut altered: Vec<Vec<u8>> = short_key.clone();
    *altered[0].last_mut().unwrap() ^= 1;
    altered.sort();
    // A recipient's hint twice, once with what does not open, before or behind what does.
    let twice_hinted = |fill: u8| {
        let mut wraps = wraps(3);
        let mut other = wrapped(&topic, 1, &SECRET);
        other[8..40].fill(fill);
        wraps.push(other);
        wraps.sort();
        wraps
    };
    let whole = envelope(&topic, &four);
    let cases: [(&str, Option<&str>, Vec<u8>, bool); 15] = [
        ("as it is", None, whole.clone(), true),
        ("nothing", Some("W1"), Vec::new(), false),
        ("of another kind", Some("W1"), [&[1], &whole[1..]].concat(), false),
        ("without wraps", Some("W1"), envelope(&topic, &[]), false),
        ("of two wraps", Some("W1"), envelope(&topic, &four[..2]), false),
        ("of five wraps", Some("W1"), envelope(&topic, &wraps(5)), false),
        ("of 1,024 wraps", Some("W1"), [whole.clone(), vec![0; 88 * 1020]].concat(), false),
        ("a byte short", Some("W1"), whole[..whole.len() - 1].to_vec(), false),
        ("a byte long", Some("W1"), [&whole[..], &[0]].concat(), false),
        ("with wraps that descend", Some("W2"), envelope(&topic, &turned), false),
        ("with a wrap twice", Some("W2"), envelope(&topic, &twice), false),
        ("with another key", Some("W3"), envelope(&topic, &false_key), false),
        ("with a wrap that does not open", None, envelope(&topic, &altered), false),
        ("with a false wrap before", None, envelope(&topic, &twice_hinted(0x00)), false),
        ("with a false wrap behind", None, envelope(&topic, &twice_hinted(0xff)), true),
    ];
    let case = |(name, rule, bytes, opens): (&str, Option<&str>, Vec<u8>, bool)| {
        let key = ExchangeKey::from_bytes([1; 32]);
        let opened = KeyEnvelope::parse(&bytes).and_then(|parsed| parsed.open(group, [&key]));
        let found = opened.as_ref().err().map(|error| match error {
            KeyEnvelopeError::Kind(_) | KeyEnvelopeError::Size(_) => "W1",
            KeyEnvelopeError::Order => "W2",
            KeyEnvelopeError::OtherKey(_) => "W3",
            other => panic!("{other}"),
        });
        assert_eq!(found, rule, "{name}");
        assert_eq!(opened.is_ok_and(|key| key.is_some()), opens, "{name}");
        let secret = opens.then(|| hex(&SECRET));
        json!({
            "name": name, "rule": rule, "recipient": hex(&[1; 32]), "secret": secret,
            "key_envelope": hex(&bytes),
        })
    };
    cases.map(case).to_vec()
}
