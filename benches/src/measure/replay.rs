//! 1,000 entries, from stored bytes through signature checks to balances, on one
//! thread. Its physical limit is the signature checks alone.

use std::hint::black_box;

use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::{Effort, Figure, core_ms, median};
use crate::{Stored, decode, generate, replay, verify};

const MONEY_ENTRIES: usize = 1_000;
/// Milliseconds.
const LIMIT: f64 = 100.0;

/// What one signature check needs.
type Signed = (VerificationKeyBytes, Signature, Vec<u8>);

/// Against the bound, and against the signature checks.
#[must_use]
pub fn from_stored_bytes(effort: Effort) -> Vec<Figure> {
    let entries = generate(1, MONEY_ENTRIES).unwrap().entries;
    let signed = messages(&entries);
    // Once unmeasured: caches, tables, allocator.
    ours(&entries);
    raw(&signed);
    let pair = |_| (core_ms(|| ours(&entries)), core_ms(|| raw(&signed)));
    let (ours, raw): (Vec<f64>, Vec<f64>) = (0..effort.times(9)).map(pair).unzip();
    let figure = |name: &str, limit, at_most| Figure {
        name: format!("1,000 entries from stored bytes to balances{name}"),
        value: median(&ours),
        unit: "ms",
        limit,
        at_most,
    };
    vec![figure("", LIMIT, 1.0), figure(", by signature checks alone", median(&raw), 2.5)]
}

fn ours(entries: &[Stored]) {
    let ledger = replay(verify(decode(entries).unwrap()).unwrap()).unwrap();
    assert_eq!(ledger.frontier().entries(), u64::try_from(entries.len()).unwrap());
    let _ = black_box(ledger);
}

/// One batch of everything, as ours, without what surrounds it.
fn raw(signed: &[Signed]) {
    let mut verifier = Verifier::new();
    for (key, signature, message) in signed {
        verifier.queue(Item::from((*key, *signature, message)));
    }
    verifier.verify(ChaCha20Rng::from_seed([7; 32])).unwrap();
}

fn messages(entries: &[Stored]) -> Vec<Signed> {
    let signed = |entry: ledger_core::engine::DecodedEntry| {
        let key = VerificationKeyBytes::from(*entry.header().device().as_bytes());
        let message = [b"gl/1/entry-sig".as_slice(), entry.id().as_bytes()].concat();
        (key, Signature::from(*entry.signature()), message)
    };
    decode(entries).unwrap().into_iter().map(signed).collect()
}
