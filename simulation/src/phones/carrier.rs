//! The carrier of the bundles, who may drop, repeat, cut, mix and alter them.

use ledger_core::GroupId;
use ledger_core::bundle::{Records, frame};
use ledger_core::seal::EpochKey;
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;

use crate::replicas::Settings;

/// How many bundles are kept to be delivered again.
const KEPT: usize = 40;

const CARRIER: &str = "carrier";

/// The bundles that are under way, oldest first, each with the number of its phone.
#[derive(Default)]
pub(super) struct Carrier {
    bundles: Vec<(usize, Vec<u8>)>,
}

impl Carrier {
    /// Takes a bundle.
    pub(super) fn take(&mut self, from: usize, bundle: Vec<u8>) {
        if self.bundles.len() >= KEPT {
            self.bundles.remove(0);
        }
        self.bundles.push((from, bundle));
    }

    /// The next bundle that arrives, possibly altered; `None` if no bundle arrives.
    pub(super) fn give(
        &mut self,
        settings: &Settings,
        rng: &mut Prng,
        tally: &mut Tally,
    ) -> Option<Vec<u8>> {
        if self.bundles.is_empty() {
            return None;
        }
        if !settings.faults() {
            tally.add(CARRIER, "delivered as it was", 1);
            return Some(self.bundles.remove(0).1);
        }
        let at = rng.below(self.bundles.len());
        match rng.below(12) {
            0 => {
                self.bundles.remove(at);
                tally.add(CARRIER, "dropped", 1);
                None
            }
            // It stays, to be repeated later.
            1..=3 => {
                tally.add(CARRIER, "repeated", 1);
                Some(self.bundles.get(at)?.1.clone())
            }
            4 => {
                tally.add(CARRIER, "cut off", 1);
                let mut bundle = self.bundles.get(at)?.1.clone();
                bundle.truncate(rng.below(bundle.len().saturating_add(1)));
                Some(bundle)
            }
            5 => {
                tally.add(CARRIER, "bits flipped", 1);
                let mut bundle = self.bundles.get(at)?.1.clone();
                for _ in 0..=rng.below(4) {
                    let place = rng.below(bundle.len());
                    if let Some(byte) = bundle.get_mut(place) {
                        *byte ^= 1 << rng.below(8);
                    }
                }
                Some(bundle)
            }
            6 => {
                tally.add(CARRIER, "bits flipped inside of a record that checks out", 1);
                let mut records = records(&self.bundles.get(at)?.1);
                let record = rng.below(records.len());
                if let Some(record) = records.get_mut(record) {
                    let place = rng.below(record.len());
                    if let Some(byte) = record.get_mut(place) {
                        *byte ^= 1 << rng.below(8);
                    }
                }
                Some(bundle_of(&records))
            }
            7 | 8 => {
                tally.add(CARRIER, "records of several bundles, shuffled, some lost", 1);
                let mut all: Vec<Vec<u8>> =
                    self.bundles.iter().flat_map(|(_, bundle)| records(bundle)).collect();
                rng.shuffle(&mut all);
                all.truncate(rng.below(all.len().saturating_add(1)));
                Some(bundle_of(&all))
            }
            _ => {
                tally.add(CARRIER, "delivered as it was", 1);
                Some(self.bundles.remove(at).1)
            }
        }
    }

    /// A bundle with a key that the carrier made, wrapped for the recipients, and with envelopes of
    /// unknown topics.
    pub(super) fn forgery(
        group: GroupId,
        recipients: &std::collections::BTreeSet<[u8; 32]>,
        rng: &mut Prng,
    ) -> (EpochKey, Vec<u8>) {
        let mut seed = [0; 32];
        fill(&mut seed, rng);
        let key = EpochKey::from_bytes(group, seed);
        let mut records = key.wrap_for(recipients, &seed);
        for _ in 0..rng.below(20) {
            let mut envelope = vec![1; 1 + 32 + 24 + 512 + 16];
            fill(envelope.get_mut(1..).unwrap_or_default(), rng);
            records.push(envelope);
        }
        (key, bundle_of(&records))
    }
}

/// Fills bytes with random ones.
pub(super) fn fill(bytes: &mut [u8], rng: &mut Prng) {
    for chunk in bytes.chunks_mut(8) {
        chunk.iter_mut().zip(rng.draw().to_be_bytes()).for_each(|(to, from)| *to = from);
    }
}

/// The records of a bundle.
pub(super) fn records(bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Records::new();
    records.push(bundle);
    std::iter::from_fn(|| records.next_record()).collect()
}

fn bundle_of(records: &[Vec<u8>]) -> Vec<u8> {
    records.iter().flat_map(|record| frame(record)).collect()
}
