//! Kills a writing process again and again, and checks after each kill that
//! nothing that was durable is lost, no batch is torn, everything derived agrees
//! with the entries, and no device forked its chain.
//!
//! ```text
//! cargo run --release -p ledger-store --example crash -- --rounds 300 --seed 1
//! ```
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

#[path = "../tests/it/common/mod.rs"]
mod common;

use std::path::PathBuf;
use std::process::Command;

use common::crashing::{DATABASE, SEED, survive, write_until_killed};

fn main() {
    if let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) {
        write_until_killed(&path, std::env::var(SEED).unwrap().parse().unwrap());
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut rounds, mut seed) = (300, 1);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--rounds" => rounds = value.parse().unwrap(),
            [name, value] if name == "--seed" => seed = value.parse().unwrap(),
            _ => {
                eprintln!("usage: crash [--rounds N] [--seed N]");
                std::process::exit(2);
            }
        }
    }
    let busy = survive(rounds, seed, || Command::new(std::env::current_exe().unwrap()));
    println!("seed {seed}: {rounds} kills, {busy} amid something; every property held");
}
