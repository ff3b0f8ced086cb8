//! The target of the project: 1,000 entries from stored bytes through signature checks to balances,
//! on one thread. Its physical limit is the signature checks alone.

use std::hint::black_box;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};
use ledger_core::engine::DecodedEntry;

use super::{Effort, Figure, core_ms, median};
use crate::{Stored, decode, generate, replay, verify};

const MONEY_ENTRIES: usize = 1_000;

/// Milliseconds that the target allows.
pub const LIMIT_MS: f64 = 100.0;

/// A stored ledger of 1,000 entries about money, and what its signature checks need.
pub struct StoredLedger {
    entries: Vec<Stored>,
    signed: Vec<Signed>,
}

/// Key, signature and message of one signature check.
type Signed = (VerificationKeyBytes, Signature, Vec<u8>);

impl StoredLedger {
    /// The same ledger on every call. Both ways were taken once, so caches and tables are warm.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it signs 1,000 entries")]
    pub fn new() -> Self {
        let entries = generate(1, MONEY_ENTRIES).unwrap().entries;
        let signed = decode(&entries).unwrap().into_iter().map(signed).collect();
        let ledger = Self { entries, signed };
        ledger.to_balances();
        ledger.check_signatures();
        ledger
    }

    /// Goes from stored bytes to balances.
    pub fn to_balances(&self) {
        let ledger = replay(verify(decode(&self.entries).unwrap()).unwrap()).unwrap();
        assert_eq!(ledger.frontier().entries(), u64::try_from(self.entries.len()).unwrap());
        let _ = black_box(ledger);
    }

    /// Checks the signatures in one batch, as [`StoredLedger::to_balances`] does, and nothing else.
    pub fn check_signatures(&self) {
        let mut verifier = Verifier::new();
        for (key, signature, message) in &self.signed {
            verifier.queue(Item::from((*key, *signature, message)));
        }
        verifier.verify(ChaCha20Rng::from_seed([7; 32])).unwrap();
    }
}

fn signed(entry: DecodedEntry) -> Signed {
    let key = VerificationKeyBytes::from(*entry.header().device().as_bytes());
    let message = [b"gl/1/entry-sig".as_slice(), entry.id().as_bytes()].concat();
    (key, Signature::from(*entry.signature()), message)
}

/// The target beside its bound, and beside the signature checks.
#[must_use]
pub fn from_stored_bytes(effort: Effort) -> Vec<Figure> {
    let ledger = StoredLedger::new();
    let pair = |_| (core_ms(|| ledger.to_balances()), core_ms(|| ledger.check_signatures()));
    let (ours, checks): (Vec<f64>, Vec<f64>) = (0..effort.times(9)).map(pair).unzip();
    let figure = |name: &str, limit, at_most| Figure {
        name: format!("1,000 entries from stored bytes to balances{name}"),
        value: median(&ours),
        unit: "ms",
        limit,
        at_most,
    };
    vec![figure("", LIMIT_MS, 1.0), figure(", by signature checks alone", median(&checks), 2.5)]
}
