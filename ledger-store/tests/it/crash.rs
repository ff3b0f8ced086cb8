//! Crashes: a process that is killed at any instant leaves whole batches. More rounds: `cargo run --release -p ledger-store --example crash -- --rounds 300`.
#![cfg(feature = "sqlcipher")]

use std::path::PathBuf;

use crate::common::child_process;
use crate::common::crashing::{DATABASE, SEED, survive, write_until_killed};

/// Child process of the other test.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    write_until_killed(&path, std::env::var(SEED).unwrap().parse().unwrap());
}

#[test]
fn a_killed_process_leaves_whole_batches() {
    let busy = survive(15, 7, || child_process("crash::child_that_writes_until_it_is_killed"));
    println!("{busy} of 15 kills hit something that had begun");
}
