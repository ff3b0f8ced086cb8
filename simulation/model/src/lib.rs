//! Model of authority in Group Ledger (SPEC §6): the independent oracle with which the ledger is
//! compared.
//!
//! The model has no cryptography, bytes, store or optimisation. Ids, digests and keys are numbers,
//! "signed by" is a field, and every question is answered from scratch. Everything is deterministic.
//! The crate has no dependencies, so it cannot share a mistake with the library.
//!
//! * [`admissible`] and [`History::admit`] decide which entries are admitted (SPEC §5).
//! * [`resolve()`] decides the meaning of the admitted entries. [`resolve_with`] can switch off single
//!   rules.
//! * [`sim`] makes random adversarial histories from a seed, and checks the properties of the design.
//!
//! Quotation marks in comments quote the page of the design that the model was written from.
//! `docs/authority-questions.md` lists the questions that the page leaves open, and the decisions.

#![allow(
    // Small numbers stand for everything, and an overflow would only be a bug of the model.
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::missing_errors_doc
)]

pub mod cuts;
pub mod entry;
pub mod history;
pub mod introductions;
pub mod past;
pub mod resolve;
pub mod rules;
pub mod sim;
pub mod slots;
pub mod state;
pub mod verdict;

pub use entry::*;
pub use history::{History, Refusal, admissible};
pub use resolve::{resolve, resolve_with};
pub use rules::Rules;
pub use state::{Resolution, State};
pub use verdict::{Reason, Verdict};
