//! Replay: one group as one device knows it, entry by entry.
//!
//! An entry that was verified is admitted, then replayed, then put into an index:
//!
//! 1. [`Ledger::admit`] checks its place in the graph (SPEC §5). Changes nothing.
//! 2. [`Ledger::replay`] finds its verdict and what it changes, then changes the ledger.
//! 3. The caller keeps the entry in an [`EntryIndex`](crate::engine::EntryIndex), with its
//!    verdict and the verdicts on others that flipped. [`MemoryIndex`] and
//!    [`SparseIndex`] do so in memory, a store in its database.
//!
//! The result is the same for every order of arrival, and the same as that of
//! [`evaluate`](crate::engine::evaluate) for the set of entries.

mod admission;
mod checkpoint;
mod commit;
mod data_entry;
mod effects;
mod entry_table;
mod heads;
mod idle;
mod idle_entries;
mod ledger;
mod memory;
mod prepare;
mod prepare_idle;
mod replayed;
mod sparse;
mod statement_base;
#[cfg(test)]
mod tests;
mod waiting;

pub use admission::{Admission, AdmittedEntry};
pub use checkpoint::CheckpointError;
pub use ledger::Ledger;
pub use memory::MemoryIndex;
pub use replayed::{Flip, Replayed};
pub use sparse::{EntrySource, SparseIndex};
pub use waiting::{WaitingAccount, WaitingEntries};
