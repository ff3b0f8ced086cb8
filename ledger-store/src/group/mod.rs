//! One group of a store.

mod acts;
pub(crate) mod audit;
mod compact;
mod cursor;
mod exchange;
mod find;
mod handle;
mod history;
mod index;
mod ingest;
mod load;
mod named;
mod overview;
mod pending;
#[cfg(test)]
mod plans;
mod projections;
mod query;
mod record;
mod subscribe;
mod successor;
mod verify;
mod write;

pub use acts::{Proposal, StatementIntent};
pub use cursor::{Cursor, ParseCursorError};
pub use exchange::{BundleCursor, BundleCursorError, Exported, Imported, Since};
pub use find::{By, Filter};
pub use handle::Group;
pub(crate) use handle::load;
pub use history::{Opinion, Version};
pub(crate) use index::stored_entry;
pub use ingest::Ingested;
pub use load::Opening;
pub(crate) use load::load as load_ledger;
pub use overview::Overview;
pub use query::{Activity, Recorded};
pub use record::NewEntry;
pub use verify::Verification;
pub(crate) use write::GroupTransaction;

/// A group's row in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) i64);
