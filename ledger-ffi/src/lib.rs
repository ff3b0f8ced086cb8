//! Group ledgers for Swift, Kotlin and Python, through UniFFI. No logic: each
//! call is one of `ledger-store` or `ledger-core`, in types that every
//! language has.
//!
//! A first light: it opens a database with one group and reads it.

mod error;
mod ledger;

pub use error::LedgerError;
pub use ledger::{BalanceRow, Ledger, SettlementRow};

uniffi::setup_scaffolding!();
