//! A small abstract model of Group Ledger's resolution of authority (SPEC §6), to be
//! used as the oracle that the real implementation is compared with.
//!
//! No cryptography, no bytes, no store, no optimisation: ids, digests and keys are numbers, "signed
//! by" is a field, and every question is answered from scratch. Everything is deterministic.
//!
//! * [`admissible`] and [`History::admit`]: who joins the set (SPEC §5).
//! * [`resolve()`]: what the set means. [`resolve_with`] can switch single rules off.
//! * [`sim`]: seeded random adversarial histories and the checks that the properties of the design become.
//!
//! docs/authority-questions.md lists every place where the design leaves room, and what was decided.

#![allow(
    // Small numbers stand for everything, and an overflow would only be a bug of the model.
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::missing_errors_doc
)]

pub mod cuts;
pub mod enrolment;
pub mod entry;
pub mod form;
pub mod history;
pub mod intros;
pub mod past;
pub mod resolve;
pub mod rules;
pub mod sim;
pub mod slots;
pub mod state;

pub use entry::*;
pub use history::{History, Refusal, admissible};
pub use resolve::{Reason, Resolution, Verdict, resolve, resolve_with};
pub use rules::Rules;
pub use state::State;
