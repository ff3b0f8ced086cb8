//! Programs over the public API live beside this file; see `ledger/main.rs`.
