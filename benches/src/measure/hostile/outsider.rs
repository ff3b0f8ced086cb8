//! Bytes of somebody who holds no key of the group, but has seen its bundles.

use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use ledger_core::GroupId;
use ledger_core::bundle::{Records, frame};
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::EpochKey;

use super::Role;
use super::scene::{Act, Scene};

type Row = (Role, &'static str, usize, fn(&mut Scene, usize) -> Vec<Act>);

pub(super) const SCENARIOS: &[Row] = &[
    (Role::Outsider, "noise", 200, noise),
    (Role::Outsider, "lengths that fit nothing", 60, lengths),
    (Role::Outsider, "records of a byte", 10_000, records_of_a_byte),
    (Role::Outsider, "key envelopes for nobody", 20, key_envelopes),
    (Role::Outsider, "envelopes of topics without keys", 150, unknown_topics),
    (Role::Outsider, "envelopes of a topic in use", 150, known_topic),
    (Role::Outsider, "a bundle cut into pieces", 40, pieces),
];

fn random(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    ChaCha20Rng::from_seed([1; 32]).fill_bytes(&mut noise);
    noise
}

/// So many kilobytes of noise.
fn noise(_: &mut Scene, size: usize) -> Vec<Act> {
    vec![Act::Import(random(size * 1_000))]
}

/// So many kilobytes in which a record of legal length could begin at every third byte.
fn lengths(_: &mut Scene, size: usize) -> Vec<Act> {
    vec![Act::Import([0, 0, 0xff].repeat(size * 1_000 / 3))]
}

fn records_of_a_byte(_: &mut Scene, size: usize) -> Vec<Act> {
    vec![Act::Import(frame(&[0x7f]).repeat(size))]
}

/// Key envelopes of 64 wraps each.
fn key_envelopes(_: &mut Scene, size: usize) -> Vec<Act> {
    let recipients: BTreeSet<[u8; 32]> =
        (1..=64).map(|n| ExchangeKey::from_bytes([n; 32]).public_key()).collect();
    let group = GroupId::from_bytes([9; 32]);
    let mut bundle = Vec::new();
    for n in 0..size {
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let wraps = EpochKey::from_bytes(group, secret).wrap_for(&recipients, &secret);
        bundle.extend(wraps.iter().flat_map(|wrap| frame(wrap)));
    }
    vec![Act::Import(bundle)]
}

/// An envelope of a topic, with noise inside.
fn envelope(topic: &[u8], noise: &[u8]) -> Vec<u8> {
    frame(&[&[1], topic, noise].concat())
}

fn unknown_topics(_: &mut Scene, size: usize) -> Vec<Act> {
    let noise = random(size * (32 + SEALED));
    let one = |part: &[u8]| envelope(&part[..32], &part[32..]);
    vec![Act::Import(noise.chunks(32 + SEALED).flat_map(one).collect())]
}

/// Nonce, padded entry of 512 bytes, tag.
const SEALED: usize = 24 + 512 + 16;

fn known_topic(scene: &mut Scene, size: usize) -> Vec<Act> {
    let bundle = scene.host.export();
    let mut records = Records::new();
    records.push(&bundle);
    let mut all = std::iter::from_fn(|| records.next_record());
    let topic = all.find(|record| record.first() == Some(&1)).unwrap()[1..33].to_vec();
    let noise = random(size * SEALED);
    vec![Act::Import(noise.chunks(SEALED).flat_map(|part| envelope(&topic, part)).collect())]
}

/// So many imports of two kilobytes of noise each.
fn pieces(_: &mut Scene, size: usize) -> Vec<Act> {
    random(size * 2_000).chunks(2_000).map(|part| Act::Import(part.to_vec())).collect()
}
