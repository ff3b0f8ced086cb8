//! Who may do what, kept up to date entry by entry (SPEC §6).
//!
//! [`authority`](crate::authority) works everything out from the whole set;
//! here the same is kept for the entries that decide about others: statements,
//! introductions, the chains of devices. Plain entries leave nothing here but
//! counts and rotations, so it stays small, and a checkpoint can hold it.
//!
//! What hangs on the past of an entry is worked out once, when it arrives, and
//! kept as the place it reaches on each chain that matters ([`reach`]): an entry
//! comes after its past, so whatever comes later is never in it.

mod ancestry;
mod authority_state;
mod bytes;
mod chains;
mod describe;
mod epochs;
mod fault;
mod incoming;
mod keys;
mod observe;
mod records;
mod settle;
mod standing;
mod take;

pub(crate) use ancestry::Ancestry;
pub(crate) use authority_state::AuthorityState;
pub(crate) use incoming::{After, Arrival};
pub(crate) use keys::Keys;
pub(crate) use take::Outcome;
