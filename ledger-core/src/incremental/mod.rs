//! Incremental evaluation: the same verdicts as evaluation from scratch, kept up to
//! date entry by entry (SPEC §6, docs/adr/0005-incremental-evaluation.md).
//!
//! [`authority`](crate::authority) resolves the whole set of entries at once, plainly.
//! A device that receives one entry at a time cannot afford that. Here an arriving entry
//! costs as much as it changes:
//!
//! - A data entry is judged by its author and its position: one comparison for each cut
//!   on the author ([`AuthorityState::judge`]).
//! - A control entry (an introduction, or the carrier of a statement) may flip verdicts
//!   of others. The affected members are found, their verdicts recomputed, and the
//!   caller is told which chains of data entries to judge again
//!   ([`AuthorityState::apply_control_entry`]).
//!
//! What decides about an entry in its causal past is computed once, when the entry
//! arrives, as a partial version vector ([`Ancestry`]). Every answer from then on is a
//! comparison of two numbers.
//!
//! Both evaluations must agree; property tests and the simulation compare them. Only the
//! small types in [`verdict`](crate::verdict) and [`state`](crate::state) are shared.

mod acceptance;
mod affected;
mod ancestry;
mod authority_state;
mod bytes;
mod carrying;
mod causal_walk;
mod chains;
mod control_entry;
mod cuts;
mod data_entry;
mod describe;
mod enrolments;
mod epochs;
mod fault;
mod incoming;
mod introduction_order;
mod keys;
mod leaves;
mod recompute;
mod records;
mod statement;
mod subjects;
mod verdict_snapshot;

pub(crate) use ancestry::Ancestry;
pub(crate) use authority_state::AuthorityState;
pub(crate) use causal_walk::CausalWalk;
pub(crate) use control_entry::{ChangedDevices, Outcome};
pub(crate) use incoming::{Backlink, IncomingEntry};
pub(crate) use keys::IntroducedKeys;
pub(crate) use records::{LocatedEntry, read_seqs, write_seqs};
