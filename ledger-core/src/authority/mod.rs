//! Evaluation from scratch: from a set of admitted entries to verdicts and state (SPEC §5 to 7).
//!
//! A pure function of the set, written step by step as the SPEC words it, plain rather than fast.
//! Tests hold `incremental` and `replay`, which meet entries one at a time, against it.

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
