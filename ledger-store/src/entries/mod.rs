//! The entries of a group: loading their ledger, and adding to them with everything derived.
//!
//! `entries` is the only table that is trusted; every other table can be rebuilt from it. So
//! all writes of entries go through [`GroupTransaction`], which brings the derived tables up to
//! date in the same transaction.

pub(crate) mod day;
mod folding;
pub(crate) mod index;
mod ingest;
mod left_out;
pub(crate) mod load;
mod loaded;
pub(crate) mod named;
mod new_entry;
pub(crate) mod projections;
mod recent;
pub(crate) mod shown;
mod sign;
pub(crate) mod slot;
pub(crate) mod spoken;
mod target;
mod transaction;
pub(crate) mod undo;
mod verify;
mod waiting;

pub(crate) use folding::fold;
pub use ingest::Ingested;
pub(crate) use ingest::{StoredNumbers, admit_batch};
pub(crate) use loaded::LoadedLedger;
pub use loaded::Opening;
pub use new_entry::NewEntry;
pub(crate) use new_entry::check_new_name;
pub use recent::Arrival;
pub(crate) use recent::{RecentArrivals, join_arrivals};
pub(crate) use spoken::spoken;
pub(crate) use transaction::{GroupTransaction, has_origin};
#[cfg(feature = "import")]
pub(crate) use transaction::{RecordedRow, recorded_row};
pub use undo::{Undone, UndoneBy};
pub(crate) use verify::verify_step;
pub use waiting::WaitingCount;
pub(crate) use waiting::{KnownWaiting, missing_entries, waiting_origins};
