//! Tests of the command line and of the example programs, in one binary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test stops at the first surprise"
)]

mod advice;
mod bad_input;
mod care;
mod change;
mod check_database;
mod common;
#[cfg(unix)]
mod crash;
mod debts;
mod exchange;
mod hints;
mod hledger;
mod import;
mod imports;
mod key_file;
mod own_entries;
mod pairing;
mod read;
mod read_only;
mod recurring;
mod refund;
mod settings;
mod settle;
mod split;
mod statement;
mod story;
mod totals;
mod units;
mod usage;
mod verify_history;
mod write;
