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

mod bytes;
mod chain;
mod describe;
mod epochs;
mod fault;
mod keys;
mod observe;
mod record;
mod settle;
mod standing;
mod take;
mod version_vector;

pub(crate) use chain::After;
pub use chain::ChainPosition;
pub(crate) use fault::content_fault;
pub(crate) use keys::Keys;
pub(crate) use record::AuthorityState;
pub(crate) use take::{Arrival, Outcome};
pub(crate) use version_vector::Ancestry;
