//! Authority: evaluation from scratch, from a set of entries to verdicts and state
//! (SPEC §6, §7).
//!
//! This is the oracle: step by step as the SPEC words it, plain rather than fast, and a
//! pure function of the set. [`incremental`](crate::incremental) computes the same entry
//! by entry; tests compare the two after every entry.
//!
//! | SPEC | file |
//! |---|---|
//! | §5, admission | `admit.rs` into a `History` (`history.rs`) |
//! | §1.1, introduces, starts, enrols | `enrolment.rs` |
//! | §5.3, idle entries and agreed heads | `heads.rs` |
//! | §6.1, faults | `fault.rs` |
//! | §6.2 to §6.4, steps 1 to 3 | `resolve.rs`, `cuts.rs` |
//! | §6.5, step 4 | `introductions.rs` |
//! | §6.6, step 5 | `resolve.rs` |
//! | §6.7, step 6 | `slots.rs` |
//! | §7, state | `state.rs`, `epochs.rs`, `as_of.rs` |

mod admit;
mod as_of;
mod cuts;
mod enrolment;
mod epochs;
mod evaluate;
mod fault;
mod heads;
mod history;
mod introductions;
mod past;
mod resolve;
mod slots;
mod state;

pub use evaluate::{AsOf, EvaluateError, Evaluation, evaluate};
