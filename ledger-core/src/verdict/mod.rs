//! Verdicts, and the small types with which both evaluations express them.
//!
//! Evaluation from scratch ([`authority`](crate::authority)) and entry by entry
//! ([`incremental`](crate::incremental)) share what stands here. A mistake here
//! is one that their comparison cannot find; the independent model in the
//! simulation can.

mod balance_delta;
mod chain_position;
mod content_fault;
mod enrolment;
mod reason;
mod slot;

pub(crate) use balance_delta::BalanceDelta;
pub use chain_position::ChainPosition;
pub(crate) use content_fault::content_fault;
pub(crate) use enrolment::Enrolment;
pub use reason::{Verdict, VoidReason};
pub use slot::{Slot, SlotEntry, SlotReference, SlotRole};
