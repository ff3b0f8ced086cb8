//! Who may do what: from the set of admitted entries to verdicts (SPEC §6).
//!
//! Evaluation from scratch, step by step as the SPEC words it, plain rather
//! than fast. It is a pure function of the set.

mod as_of;
mod cuts;
mod enrolment;
mod epochs;
mod fault;
mod history;
mod introductions;
mod past;
mod resolve;
mod slots;
mod state;

pub(crate) use as_of::{state_of_first, state_on};
pub(crate) use history::{Enrolment, History, Offered};
pub(crate) use resolve::{Resolution, resolve};
pub(crate) use slots::slot_entry;
pub(crate) use state::state;
