//! Simulation of a group whose phones exchange nothing but sealed bundles.
//!
//! A carrier drops, repeats, reorders, cuts and alters the bundles. Unlike [`crate::replicas`], where
//! a script is written beforehand, people act live here through the calls of the store: they join,
//! write, remove, pair, revoke, leave, renew keys, and export and import bundles. So the attacks meet
//! the code that phones run, keys and quarantine included. The databases are in memory. Clock and
//! randomness come from the seed, and a seed gives one digest.
//!
//! The owner may leave, after a confirmation. What the owner signs then leaves the phone by hand alone.
//! A member lies with real keys, also after being removed: entries of later versions and unknown kinds,
//! entries that name up to 1,024 others, present or absent, floods under fresh keys, sock puppets, and
//! two entries whose ids begin alike, each shown to one phone. The limits of what a phone keeps are so
//! small that these reach them.
//!
//! After every import, the report says what happened; balances sum to zero; entries of devices that
//! were cut off, and such as this version cannot read, change nothing; no more waits than may; and no
//! phone holds an entry that was sealed first by a person who knew that the phone was cut off.
//! In the end, everybody gets everything, by whole bundles or by summaries alone. Then all have the
//! same agreed heads and the same state, which is that of an evaluation from scratch; nothing is lost; what
//! several phones recorded of one imported row or one occurrence counts once; the databases have no
//! damage; and a summary brings nothing more.

#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation)]

mod actions;
mod carrier;
mod check;
mod exports;
mod leaving;
mod liar;
mod lies;
mod newcomers;
mod owner;
mod phone;
mod play;
mod quiet;
mod raw;
mod recurring;

use ledger_model::sim::tally::Tally;

use crate::mutants;
use crate::replicas::{Failure, Hunt, Outcome, Settings};

/// Runs one history.
///
/// # Errors
/// The first violation, with the number of the step at which it shows.
pub fn run(settings: Settings) -> Result<Outcome, Failure> {
    play::Play::new(settings)?.run()
}

/// The shortest beginning of a history that shows a violation.
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
    ("steps", "series begun"),
    ("steps", "own occurrences recorded"),
    ("steps", "occurrence recorded"),
    ("steps", "recorded on several phones"),
    ("steps", "bundle exported"),
    ("steps", "person joined"),
    ("steps", "member removed"),
    ("steps", "member left"),
    ("steps", "own phone revoked"),
    ("steps", "owner left"),
    ("steps", "member removed by an owner who left"),
    ("steps", "removal handed over by hand"),
    ("steps", "liar removed"),
    ("steps", "device paired"),
    ("steps", "device revoked"),
    ("steps", "epoch renewed"),
    ("steps", "exchange key rotated"),
    ("steps", "key forged"),
    ("steps", "bundle by summary"),
    ("steps", "export interrupted"),
    ("steps", "export failed, nothing written"),
    ("steps", "quiet point after whole bundles"),
    ("steps", "quiet point after summaries alone"),
    ("steps", "newcomer at a quiet point"),
    ("steps", "phrase at a quiet point"),
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
    ("imports", "entries reported missing"),
    ("imports", "entries reported needed"),
    ("imports", "idle entries left out"),
    ("imports", "no room for more entries that wait"),
    ("lies", "entries of a later version"),
    ("lies", "entry of an unknown kind"),
    ("lies", "entry that names all others"),
    ("lies", "entries that name up to 1,024 absent ones"),
    ("lies", "entries under fresh keys"),
    ("lies", "entries of a sock puppet"),
    ("lies", "two ids that begin alike"),
    ("lies", "by somebody removed"),
    ("held in the end", "entries of a later version"),
    ("held in the end", "entries of an unknown kind"),
    ("held in the end", "entries with many refs"),
    ("held in the end", "two ids that begin alike"),
    ("held in the end", "entries that wait"),
    ("histories", "secrets kept from a phone"),
];

/// The important rows that are empty.
#[must_use]
pub fn missing(tally: &Tally) -> Vec<(&'static str, &'static str)> {
    IMPORTANT.iter().copied().filter(|(table, row)| tally.count(table, row) == 0).collect()
}

/// Hunts for each mutant of the ledger in this build that concerns keys, in histories of this kind,
/// with seeds from `settings.seed` on, at most `limit` of them.
#[must_use]
pub fn hunt_mutants(settings: &Settings, limit: u64) -> Vec<Hunt> {
    let settings = *settings;
    let hunt = |mutant| {
        Hunt::mutant(mutant, limit, move |n| {
            run(Settings { seed: settings.seed.wrapping_add(n), ..settings }).err()
        })
    };
    mutants::APPLIED.iter().filter(|mutant| mutant.via_bundles).map(hunt).collect()
}
