//! Simulation of groups with faulty networks, crashes and lying members, and comparison of the
//! ledger with an independent model.
//!
//! * [`real_entries`] signs histories of [`ledger_model`] with real keys, and compares verdicts and
//!   state of the ledger with those of the model.
//! * [`histories`] writes such histories and the verdicts on them for other implementations.
//! * [`replicas`] delivers such histories to several replicas through a faulty network, with
//!   crashes and damaged checkpoints.
//! * [`phones`] runs the store itself: people join, write, remove and pair, and exchange nothing
//!   but sealed bundles, which a carrier drops, repeats, mixes and alters.
//! * [`mutants`] lists the mistakes in a mutated copy of the ledger, each of which the simulation
//!   must notice.
//!
//! Every history follows from its seed, so a violation can be repeated.

pub mod histories;
pub mod mutants;
pub mod phones;
pub mod real_entries;
pub mod replicas;

/// Any failure of a history: a difference, or a mistake of the simulation.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
