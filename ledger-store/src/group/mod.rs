//! One group of a store.

mod acts;
mod cursor;
mod derived;
mod derived_lists;
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
mod stored;
mod subscribe;
mod successor;
mod verify;
mod write;

pub use acts::{ControlAct, Proposal};
pub use cursor::{Cursor, ParseCursorError};
pub use find::{By, Filter};
pub use handle::Group;
pub use history::{Opinion, Version};
pub use ingest::Ingested;
pub use load::Opening;
pub use overview::Overview;
pub use query::{Activity, Recorded};
pub use record::NewEntry;
pub use verify::{Problem, Verification};
pub(crate) use write::Writer;

/// A group's row in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) i64);
