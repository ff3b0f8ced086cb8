//! Random adversarial histories as bytes, with the verdicts that every implementation must give.
//!
//! [`history`] signs a history of the model with real keys and decides in which order its entries
//! arrive, which of them are lost, and which come with a broken signature. [`judge`] offers the
//! arrivals one by one, and compares the result with an evaluation from scratch and with the model.
//! [`json`] writes both for other programs.

pub mod json;
mod judge;

use ledger_core::engine::VerifiedEntry;
use ledger_core::{EntryId, GroupId};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::replay::generate_with;
use ledger_model::sim::world::Cast;

pub use judge::{JudgedEntry, Judgement, judge};

use crate::Error;
use crate::real_entries::RealHistory;

/// An entry as it arrives: bytes and signature, and nothing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Id by the bytes.
    pub id: EntryId,
    /// Header and payload.
    pub bytes: Vec<u8>,
    /// The signature, which may be broken.
    pub signature: [u8; 64],
}

/// A history whose entries arrive in some order.
pub struct ArrivingHistory {
    /// The seed.
    pub seed: u64,
    /// The group.
    pub group: GroupId,
    /// The entries in the order of arrival; the genesis entry comes first.
    pub arrivals: Vec<Arrival>,
    made: RealHistory,
}

/// Makes the history of a seed, of at most `entries` entries beside the lies of liars.
///
/// # Errors
/// If the history cannot be signed, which is a mistake of the simulation.
pub fn history(seed: u64, entries: usize) -> Result<ArrivingHistory, Error> {
    // Every other history has an owner who signs what an app would not.
    let plots = if seed.is_multiple_of(2) { 20 } else { 0 };
    let world = generate_with(seed, entries, Cast { plots, ..Cast::default() });
    let made = RealHistory::play(&world, seed)?;
    let mut rng = Prng::new(seed.rotate_left(32) ^ 0xA551);
    let mut arrivals: Vec<Arrival> = made.made.iter().map(|entry| arrival(&entry.real)).collect();
    let mut others = arrivals.split_off(arrivals.len().min(1));
    reorder(&mut others, &mut rng);
    lose(&mut others, &mut rng);
    break_signatures(&mut others, &mut rng);
    arrivals.append(&mut others);
    Ok(ArrivingHistory { seed, group: made.group, arrivals, made })
}

fn arrival(entry: &VerifiedEntry) -> Arrival {
    let decoded = entry.decoded();
    Arrival {
        id: decoded.id(),
        bytes: decoded.as_bytes().to_vec(),
        signature: *decoded.signature(),
    }
}

/// Changes the order: none, a few entries late, two halves exchanged, reversed, or shuffled.
fn reorder(arrivals: &mut Vec<Arrival>, rng: &mut Prng) {
    match rng.below(6) {
        0 => {}
        1 | 2 => {
            for _ in 0..=rng.below(8) {
                if !arrivals.is_empty() {
                    let late = arrivals.remove(rng.below(arrivals.len()));
                    arrivals.insert(rng.below(arrivals.len().saturating_add(1)), late);
                }
            }
        }
        3 => {
            let half = rng.below(arrivals.len().max(1));
            arrivals.rotate_left(half);
        }
        4 => arrivals.reverse(),
        _ => rng.shuffle(arrivals),
    }
}

/// In every fourth history one or two entries never arrive: what depends on them waits.
fn lose(arrivals: &mut Vec<Arrival>, rng: &mut Prng) {
    if rng.chance(25) {
        for _ in 0..=rng.below(2) {
            if !arrivals.is_empty() {
                arrivals.remove(rng.below(arrivals.len()));
            }
        }
    }
}

/// In every third history some signatures have a flipped bit. Half of these entries also arrive as
/// they were signed, before or after.
fn break_signatures(arrivals: &mut Vec<Arrival>, rng: &mut Prng) {
    if !rng.chance(33) {
        return;
    }
    for _ in 0..=rng.below(2) {
        let at = rng.below(arrivals.len().max(1));
        let Some(whole) = arrivals.get_mut(at) else { return };
        let right = whole.clone();
        if let Some(byte) = whole.signature.get_mut(rng.below(64)) {
            *byte ^= 1 << rng.below(8);
        }
        if rng.chance(50) {
            arrivals.insert(rng.below(arrivals.len().saturating_add(1)), right);
        }
    }
}
