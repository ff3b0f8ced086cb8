//! A group whose phones exchange nothing but sealed bundles, carried by somebody
//! who drops, repeats, reorders, cuts and alters them.
//!
//! Unlike [`crate::replicas`], where a script is written beforehand, people act
//! live here, through the store's own calls: they join, write, remove, pair,
//! revoke, renew keys, and export and import bundles. So what is attacked is the
//! code that phones run, keys and quarantine included. The databases are in
//! memory, clock and randomness come from the seed, and a seed gives one digest.
//!
//! While it runs, after every import: balances sum to zero; what those who were
//! cut off send changes nothing; nothing reaches a phone that was sealed first by
//! somebody who knew that it is cut off. In the end, when everybody has
//! everything: all hold the same entries and the same state, which is that of an
//! evaluation from scratch; nothing is lost; databases check out.

#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation)]

mod carrier;
mod check;
mod phone;
mod play;

use crate::mutants::{self, Mutant};
use crate::replicas::{Failure, Hunted, Outcome, Settings};
use ledger_model::sim::tally::Tally;

/// Plays one history.
///
/// # Errors
/// The first violation, with the number of the step at which it shows.
pub fn run(settings: Settings) -> Result<Outcome, Failure> {
    play::Play::new(settings)?.run()
}

/// The same history with as few steps as show the violation.
#[must_use]
pub fn shrink(settings: Settings, failure: &Failure) -> (Settings, Failure) {
    let shorter = (0..settings.entries).find_map(|entries| {
        let settings = Settings { entries, ..settings };
        Some((settings, run(settings).err()?))
    });
    shorter.unwrap_or((settings, failure.clone()))
}

/// Rows that must not be empty after a few hundred histories at level 3.
pub const IMPORTANT: &[(&str, &str)] = &[
    ("steps", "entry written"),
    ("steps", "bundle exported"),
    ("steps", "person joined"),
    ("steps", "member removed"),
    ("steps", "device paired"),
    ("steps", "device revoked"),
    ("steps", "epoch renewed"),
    ("steps", "exchange key rotated"),
    ("steps", "key forged"),
    ("carrier", "delivered as it was"),
    ("carrier", "dropped"),
    ("carrier", "repeated"),
    ("carrier", "cut off"),
    ("carrier", "bits flipped"),
    ("carrier", "bits flipped inside of a record that checks out"),
    ("carrier", "records of several bundles, shuffled, some lost"),
    ("imports", "entries that were new"),
    ("imports", "entries that were there"),
    ("imports", "bundles with news of powerless devices alone"),
    ("imports", "envelopes that wait for a key"),
    ("imports", "envelopes that do not open"),
    ("imports", "bytes that belong to no record"),
    ("imports", "entries told to be missing"),
    ("histories", "secrets kept from a phone"),
];

/// The important rows that are empty.
#[must_use]
pub fn missing(tally: &Tally) -> Vec<(&'static str, &'static str)> {
    IMPORTANT.iter().copied().filter(|(table, row)| tally.count(table, row) == 0).collect()
}

/// Looks for each mutant of the ledger in this build that concerns keys, in histories of this kind,
/// with seeds from `settings.seed` on, at most `limit` of them.
#[must_use]
pub fn hunt_mutants(settings: &Settings, limit: u64) -> Vec<Hunted> {
    let hunted = |mutant: &Mutant| {
        let find = |n: u64| {
            let seed = settings.seed.wrapping_add(n);
            let failure = mutant.with(|| run(Settings { seed, ..*settings }).err());
            Some((n + 1, failure?))
        };
        Hunted::mutant(mutant, (0..limit).find_map(find))
    };
    mutants::APPLIED.iter().filter(|mutant| mutant.via_bundles).map(hunted).collect()
}
