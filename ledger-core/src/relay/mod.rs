//! Proofs for relays, and the records that their logs take (SPEC §18). Pure functions of keys and
//! bytes; the relay and the engine that speaks with it share them.

mod access;
mod record;

pub use crate::base::codec::{Reader, Writer};
pub use access::AccessProof;
pub use record::{Lane, RecordError, lane_of, next_link};

#[cfg(test)]
mod tests;
