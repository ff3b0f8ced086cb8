//! Tests of the store, in one binary: SQLCipher is linked once.
//!
//! A test that needs a process of its own runs this binary again, with the name of
//! the test that is the child ([`common::child_process`]).

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

// Without a cipher the store opens nothing: all modules but `no_cipher` and `security`
// are empty then.
mod account_statement;
mod app_key;
mod arrived;
mod as_of;
mod bundles;
mod cancelled;
mod changes;
mod changes_without_effect;
mod check_database;
mod checkpoints;
mod clones;
mod common;
mod concurrency;
mod control_entries;
mod crash;
mod damage;
mod debts;
mod earlier;
mod epoch_boxes;
mod epoch_renewal;
mod failed_exports;
mod faults;
mod find;
mod fixtures;
mod half_done;
mod history;
mod housekeeping;
mod import_crash;
mod imports;
mod imports_crash;
mod imports_undo;
mod ingest;
mod invites;
mod junk;
mod leaving;
mod left_out;
mod many_heads;
mod no_cipher;
mod opening;
mod options;
mod origins;
mod own_entries;
mod pairing;
mod people_from_files;
mod processes;
mod quiet;
mod read_only;
mod recovery;
mod recurring;
mod refunds;
mod rekey;
mod resume;
mod rows;
mod sealed_under;
mod secrets;
mod security;
mod settings;
mod shared_rows;
mod size;
mod speaks;
mod statements;
mod summaries;
mod totals;
mod undo;
mod verify_history;
mod waiting_room;
