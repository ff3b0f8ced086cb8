//! Readers and writers of other programs' files.
//!
//! * [`splitwise`] reads a group that Splitwise exported as CSV, and writes a ledger in that
//!   layout.
//! * [`read`] recognises the files of other programs by content: Spliit, Cospend, ihatemoney,
//!   Settle Up.
//! * [`hledger`] writes a ledger as a journal for hledger.
//! * `json` (feature `json`) writes a whole ledger, and single entries, as JSON.
//!
//! A reader turns the bytes of a file into amounts, shares and transfers, and checks everything
//! before it returns anything. It knows no group and writes no entry: the caller matches the
//! file's people to members and records the rows. A writer takes the state of a group and its rows,
//! and writes to any [`std::io::Write`]. Nothing here opens a file or a database.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod bills;
mod csv;
mod detect;
mod foreign;
pub mod hledger;
mod import;
#[cfg(feature = "json")]
pub mod json;
mod rows;
mod settle_up;
mod spliit;
pub mod splitwise;
mod text;

pub use csv::Options;
pub use detect::read;
pub use import::{
    ClosingTotal, Column, ImportFile, ImportRow, Inference, Person, PersonKey, Problem,
    ProblemKind, Problems, Program, Repair, Rows,
};
pub use rows::Row;
pub use text::one_line;
