//! Tests of the simulation, and of the ledger by the simulation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod arrivals;
mod histories;
mod oracle;
mod oracle_found;
mod phones;
mod replicas;
