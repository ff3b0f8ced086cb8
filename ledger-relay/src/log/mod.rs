//! Logs of topics: the trait that a connection needs, and its implementation in SQLite (SPEC
//! §18.2).

#[cfg(feature = "sqlite")]
mod allowance;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;

#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteLog, Totals};

use ledger_core::bundle::RecordId;
use ledger_core::relay::Lane;
use ledger_core::seal::Topic;

use crate::frame::{Cursor, PutResult};

/// Last records of both lanes. A topic without a log has zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// Last record.
    pub entries: Cursor,
    /// Last key envelope.
    pub keys: Cursor,
}

/// Records of a lane, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Number of the first.
    pub first: u64,
    /// Place of the last.
    pub last: Cursor,
    /// The records.
    pub records: Vec<Vec<u8>>,
    /// Whether more records follow.
    pub more: bool,
}

/// Records by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that fit into one frame.
    pub records: Vec<Vec<u8>>,
    /// Ids of those that are not here.
    pub missing: Vec<RecordId>,
}

/// Records of one client for one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The topic.
    pub topic: Topic,
    /// Where they come from, for allowances: a network, not a person.
    pub address: [u8; 8],
    /// The time, in milliseconds since 1970.
    pub now_ms: u64,
    /// The records.
    pub records: Vec<Vec<u8>>,
}

/// Error of a log: nothing was stored.
#[derive(Debug, thiserror::Error)]
#[error("the log failed: {0}")]
pub struct LogError(pub String);

/// Logs of all topics.
pub trait Log: Send + Sync {
    /// The last records of a topic.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    fn heads(&self, topic: Topic) -> Result<Heads, LogError>;

    /// Whether a cursor is a place in this lane (rule L5). A place whose key envelope went is one.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    fn holds(&self, topic: Topic, lane: Lane, cursor: Cursor) -> Result<bool, LogError>;

    /// The records behind a number, of at most so many bytes together.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    fn records(
        &self,
        topic: Topic,
        lane: Lane,
        after: u64,
        max_bytes: u64,
    ) -> Result<Batch, LogError>;

    /// The records of these ids.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    fn find(&self, topic: Topic, ids: &[RecordId]) -> Result<Found, LogError>;

    /// Stores records in one transaction. They are durable when this returns. Numbers are given and
    /// rows written in the same transaction, so no reader sees a number before a smaller one.
    ///
    /// # Errors
    /// [`LogError`] if nothing was stored.
    fn put(&self, puts: &[Put]) -> Result<Vec<Vec<PutResult>>, LogError>;
}
