//! What the store costs, each path beside its physical limit in the same run:
//! the same rows in the same tables and indexes, by plain rusqlite with the same
//! cipher; without the index of words, which cannot be read back.
//!
//! `cargo bench -p ledger-benches --bench store_target` prints the ratios and
//! exits with 1 when one misses its limit twice in a row. With `ENTRIES=10000` it
//! takes a smaller ledger.

#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_wrap,
    reason = "a bench, not the library"
)]

#[path = "store_target/crowd.rs"]
mod crowd;
#[path = "store_target/raw.rs"]
mod raw;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use crowd::Crowd;
use ledger_core::{DecodedEntry, Ledger, MemoryIndex, VerifiedEntry, hazmat};
use ledger_store::{FileSecrets, Store};
use raw::Raw;

/// One figure: what it is, how many times its limit it costs, and how many times
/// it may.
struct Figure {
    name: &'static str,
    ratio: f64,
    limit: f64,
}

fn main() -> ExitCode {
    let entries = std::env::var("ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    for attempt in ["first", "second"] {
        let figures = measure(entries);
        for Figure { name, ratio, limit } in &figures {
            println!("{name:60} {ratio:5.2} times its physical limit (at most {limit})");
        }
        if figures.iter().all(|figure| figure.ratio <= figure.limit) {
            return ExitCode::SUCCESS;
        }
        println!("the {attempt} attempt missed a limit");
    }
    ExitCode::FAILURE
}

fn measure(entries: usize) -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crowd.db");
    let keys = folder.path().join("crowd.keys");
    let secrets = || Arc::new(FileSecrets::new(keys.clone()));
    let store = Store::open_or_create(&path, secrets()).unwrap();
    let group = store.found_group("Crowd", "0").unwrap();
    let mut crowd = Crowd::of(&group, &keys);
    crowd.write(entries);
    let mut figures = Vec::new();

    // Batch ingest of verified entries, the last tenth of them measured.
    let (warm, measured) = crowd.entries[1..].split_at(entries * 9 / 10);
    warm.chunks(1_000).for_each(|batch| {
        group.ingest_verified(batch.to_vec()).unwrap();
    });
    let ours = median(measured.chunks(1_000).map(|batch| {
        let batch = batch.to_vec();
        time(|| {
            group.ingest_verified(batch).unwrap();
        })
    }));
    assert_eq!(group.ledger().unwrap().frontier().entries(), crowd.entries.len() as u64);
    assert_eq!(group.state().unwrap().digest(), crowd.ledger.state().digest());
    drop(store);

    let mut raw = Raw::copy_of(&path, &keys, &folder.path().join("raw.db"), warm.len());
    let theirs = median((0..measured.len() / 1_000).map(|_| raw.insert(1_000)));
    println!("ingest of 1,000 verified entries: {ours:.2} ms, raw inserts {theirs:.2} ms");
    figures.push(Figure {
        name: "batch ingest of verified entries",
        ratio: ours / theirs,
        limit: 1.5,
    });

    // Opening.
    let opened = || {
        time(|| {
            let store = Store::open(&path, secrets()).unwrap();
            let id = store.group_ids().unwrap()[0];
            let group = store.group(id).unwrap();
            assert!(group.opening().unwrap().from_checkpoint > 0);
        })
    };
    let ours = median((0..9).map(|_| opened()));
    let theirs = median((0..9).map(|_| raw::open_and_read(&path, &keys)));
    println!("opening among {entries}: {ours:.2} ms, file, blob and 500 rows alone {theirs:.2} ms");
    figures.push(Figure { name: "open with a checkpoint", ratio: ours / theirs, limit: 3.0 });

    // Rebuilding: all entries from the rows, verdicts and balances.
    let rows = time(|| {
        raw::read_all(&path, &keys);
    });
    let stored: Vec<VerifiedEntry> = raw::read_all(&path, &keys)
        .iter()
        .map(|(bytes, signature)| {
            hazmat::trust_stored(DecodedEntry::decode(bytes, signature).unwrap())
        })
        .collect();
    let replayed = time(|| {
        let mut index = MemoryIndex::new();
        let mut ledger = Ledger::begin(&stored[0], &mut index).unwrap();
        for entry in &stored[1..] {
            let Ok(ledger_core::Admission::Admitted(entry)) = ledger.admit(entry.clone(), &index)
            else {
                panic!("not admitted")
            };
            let Ok(replayed) = ledger.replay(&entry, &index);
            index.insert(&entry, &replayed);
        }
        assert_eq!(ledger.state().digest(), crowd.ledger.state().digest());
    });
    let micros = replayed * 1e3 / entries as f64;
    println!(
        "replaying {entries} decoded entries: {micros:.2} µs an entry; reading the rows {:.2} µs",
        rows * 1e3 / entries as f64
    );
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("disk: {} bytes an entry", bytes / entries as u64);
    figures
}

/// Milliseconds.
fn time(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e3
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
