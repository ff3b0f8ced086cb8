//! A group as one device knows it: admission, replay, indexes, checkpoints.

mod admission;
mod apply;
mod checkpoint;
mod data_entry;
mod effects;
mod graph;
mod heads;
mod idle;
mod ledger;
mod memory;
mod pending;
mod replayed;
mod sparse;
#[cfg(test)]
mod tests;

pub use admission::{Admission, AdmittedEntry};
pub use checkpoint::CheckpointError;
pub use ledger::Ledger;
pub use memory::MemoryIndex;
pub use pending::Pending;
pub use replayed::{Flip, Replayed};
pub use sparse::{EntrySource, SparseIndex};
