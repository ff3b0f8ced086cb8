//! A process that is killed at any instant leaves whole batches behind.
#![cfg(feature = "sqlcipher")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{Folder, Rng, assert_sound, count, found, only, record, something};
use ledger_store::{FileSecrets, NewEntry, Store};

const DATABASE: &str = "LEDGER_CRASH_DATABASE";
const SEED: &str = "LEDGER_CRASH_SEED";
const ROUNDS: &str = "LEDGER_CRASH_ROUNDS";

/// What the other test runs as a process of its own: appends batches for ever,
/// and tells before and after each how many entries there are.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let mut rng = Rng::new(std::env::var(SEED).unwrap().parse().unwrap());
    let secrets = FileSecrets::new(path.with_extension("keys"));
    let store = Store::open(&path, Arc::new(secrets)).unwrap();
    let group = only(&store);
    let mut originals: Vec<_> =
        group.expenses(None, 100).unwrap().iter().map(|row| row.original).collect();
    loop {
        let state = group.state().unwrap();
        let size = 1 + rng.below(60);
        let batch: Vec<NewEntry> =
            (0..size).map(|_| something(&state, &originals, &mut rng)).collect();
        let before = count(&group);
        say(&format!("begin {}", before + size as u64));
        let ids = group.append(batch.clone()).unwrap();
        say(&format!("done {}", count(&group)));
        let recorded = batch.iter().zip(ids).filter(|(new, _)| matches!(new, NewEntry::Record(_)));
        originals.extend(recorded.map(|(_, id)| id));
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody may be listening any more; the end comes in any case.
    let _ = writeln!(out, "crash {line}");
    let _ = out.flush();
}

/// Runs the child and kills it a moment after it has said `lines` lines.
/// Returns how many entries it began and finished last.
fn run_and_kill(folder: &Folder, seed: u64, lines: usize, moment: usize) -> (u64, u64) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_appends_until_it_is_killed", "--nocapture"])
        .env(DATABASE, folder.db())
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut begun, mut done, mut heard) = (0, 0, 0);
    // After the kill, the rest of what it said is read.
    for line in said {
        let line = line.unwrap();
        let Some((_, rest)) = line.split_once("crash ") else { continue };
        match rest.split_once(' ') {
            Some(("begin", n)) => begun = n.parse().unwrap(),
            Some(("done", n)) => done = n.parse().unwrap(),
            _ => panic!("{line}"),
        }
        heard += 1;
        if heard == lines {
            for _ in 0..moment {
                std::hint::spin_loop();
            }
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && heard >= lines, "killed, not finished: {status}");
    (begun, done)
}

#[test]
fn a_killed_process_leaves_whole_batches() {
    let rounds = std::env::var(ROUNDS).map_or(20, |rounds| rounds.parse().unwrap());
    let folder = Folder::new(1);
    let store = folder.store();
    record(&found(&store, 4), 480, 100, &mut Rng::new(1));
    drop(store);
    let mut rng = Rng::new(std::env::var(SEED).map_or(7, |seed| seed.parse().unwrap()));
    let mut torn = 0;
    for round in 0..rounds {
        let before = count(&only(&folder.open().unwrap()));
        // Odd lines: it has begun a batch. Even ones: it has finished one.
        let (lines, moment) = (1 + rng.below(8), rng.below(200_000));
        let (begun, done) = run_and_kill(&folder, rng.next(), lines, moment);
        let done = done.max(before);
        let store = folder.store();
        let group = only(&store);
        let kept = count(&group);
        assert!(kept == done || kept == begun, "round {round}: {kept}, not {done} or {begun}");
        torn += u64::from(kept < begun);
        assert_sound(&group);
        let opening = group.opening().unwrap();
        assert_eq!(opening.dropped_checkpoints, 0);
        assert_eq!(opening.from_checkpoint + opening.replayed, kept);
        // Life goes on.
        record(&group, 3, 3, &mut rng);
        assert_eq!(count(&group), kept + 3);
        assert_sound(&group);
    }
    println!("{torn} of {rounds} kills hit a batch that had begun");
}
