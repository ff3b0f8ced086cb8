//! Target of rebuilding: verdicts and balances of 100,000 stored entries at 3 µs an entry, from rows
//! in memory, in time that grows with their number alone.
//!
//! Beside it stands the physical limit: copying the bytes, and looking up and inserting the ids in
//! one map.
//!
//! `cargo bench -p ledger-benches --bench rebuild_target` exits with 1 when the
//! target is missed three times in a row: machines have bad moments. With
//! `ENTRIES=20000` it takes a smaller ledger.

#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench, not the library"
)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

use ledger_benches::measure::{core_ms, median};
use ledger_benches::{Stored, generate};
use ledger_core::engine::{Admission, DecodedEntry, SparseIndex, VerifiedEntry};
use ledger_core::{EntryId, StateDigest, hazmat};

/// Microseconds that an entry may take.
const LIMIT_US: f64 = 3.0;
/// The largest allowed ratio of an entry's cost and its cost among a tenth of the entries.
const GROWTH: f64 = 1.5;
const ROUNDS: usize = 7;

/// A row: the id and the stored entry.
type Row = (EntryId, Stored);

fn main() -> ExitCode {
    let entries = std::env::var("ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let (many, digest) = rows(entries);
    let (few, few_digest) = rows(entries / 10);
    for attempt in ["first", "second", "third"] {
        let mut figures = [const { Vec::new() }; 5];
        for _ in 0..ROUNDS {
            figures[0].push(time(&many, || assert_eq!(rebuild(&many), digest)));
            figures[1].push(time(&few, || assert_eq!(rebuild(&few), few_digest)));
            figures[2].push(time(&many, || decode(&many)));
            figures[3].push(time(&many, || decode_anew(&many)));
            figures[4].push(time(&many, || limit(&many)));
        }
        let [ours, ours_of_few, reading, anew, theirs] = figures.map(|times| median(&times));
        println!(
            "rebuilding from {entries} rows: {ours:.2} µs an entry (at most {LIMIT_US}), of a \
             tenth as many {ours_of_few:.2} µs; reading them {reading:.2} µs, decoding anew \
             {anew:.2} µs; bytes and one map alone {theirs:.2} µs, of which it is {:.2} times",
            ours / theirs,
        );
        if ours <= LIMIT_US && ours <= GROWTH * ours_of_few {
            return ExitCode::SUCCESS;
        }
        println!("the {attempt} attempt missed the target");
    }
    ExitCode::FAILURE
}

fn rows(entries: usize) -> (Vec<Row>, StateDigest) {
    let generated = generate(1, entries).unwrap();
    let row = |stored: Stored| {
        (DecodedEntry::decode(&stored.bytes, &stored.signature).unwrap().id(), stored)
    };
    (generated.entries.into_iter().map(row).collect(), generated.digest)
}

fn read((id, stored): &Row) -> VerifiedEntry {
    hazmat::read_stored(*id, &stored.bytes, &stored.signature).unwrap()
}

fn rebuild(rows: &[Row]) -> StateDigest {
    // The index by which a store finds rows by id.
    let by_id: HashMap<EntryId, usize> = rows.iter().map(|(id, _)| *id).zip(0..).collect();
    let fetch =
        |id: &EntryId| Ok::<_, Infallible>(by_id.get(id).map(|n| Arc::new(read(&rows[*n]))));
    let mut index = SparseIndex::new(fetch);
    let mut ledger = index.begin(&read(&rows[0])).unwrap();
    for row in &rows[1..] {
        let Ok(Admission::Admitted(entry)) = ledger.admit(read(row), &index) else {
            panic!("{} is not admitted", row.0);
        };
        let Ok(replayed) = ledger.replay(&entry, &index);
        index.insert(&entry, &replayed);
    }
    ledger.state().digest()
}

fn decode(rows: &[Row]) {
    rows.iter().for_each(|row| {
        black_box(read(row));
    });
}

/// Decodes with the hashing and comparison that reading of stored entries leaves out.
fn decode_anew(rows: &[Row]) {
    rows.iter().for_each(|(_, stored)| {
        black_box(DecodedEntry::decode(&stored.bytes, &stored.signature).unwrap());
    });
}

/// Copies each entry, looks up three ids, and inserts one into a map.
fn limit(rows: &[Row]) {
    let mut places: HashMap<EntryId, usize> = HashMap::new();
    for (n, (id, stored)) in rows.iter().enumerate() {
        black_box(stored.bytes.clone());
        assert!(!places.contains_key(id));
        for k in [n.saturating_sub(1), n.saturating_sub(5)] {
            black_box(places.get(&rows[k].0));
        }
        places.insert(*id, n);
    }
}

/// Microseconds a row.
fn time(rows: &[Row], work: impl FnOnce()) -> f64 {
    core_ms(work) * 1e3 / rows.len() as f64
}
