//! Who may do what: from the set of admitted entries to verdicts (SPEC §6).
//!
//! Evaluation from scratch, step by step as the SPEC words it, plain rather
//! than fast. It is a pure function of the set.

mod admit;
mod as_of;
mod cuts;
mod enrolment;
mod epochs;
mod evaluate;
mod fault;
mod history;
mod introductions;
mod past;
mod resolve;
mod slots;
mod state;

pub use evaluate::{AsOf, EvaluateError, Evaluation, evaluate};
