//! One group of a store.

mod cursor;
mod derived;
mod handle;
mod index;
mod load;
mod pending;
mod query;
mod record;
mod stored;
mod verify;
mod write;

pub use cursor::{Cursor, ParseCursorError};
pub use handle::{Group, Ingested};
pub use load::Opening;
pub use query::{Activity, Recorded};
pub use record::NewEntry;
pub use verify::{Problem, Verification};
pub(crate) use write::Writer;

/// A group's row in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) i64);
