//! Work that a connection asks for, and its results.

use ledger_core::bundle::RecordId;
use ledger_core::relay::Lane;
use ledger_core::seal::Topic;

use crate::frame::{Cursor, PutResult};
use crate::log::{Batch, Found, Heads, Log, LogError, Put};

/// Work on the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Checks the cursors of a follow.
    Follow {
        /// The topic.
        topic: Topic,
        /// Cursors and their lanes, in the order of the frame.
        cursors: [(Lane, Option<Cursor>); 3],
    },
    /// Reads records for a follower.
    Read {
        /// The topic.
        topic: Topic,
        /// The lane.
        lane: Lane,
        /// Number of the last record that was sent.
        after: u64,
        /// Most bytes.
        max_bytes: u64,
    },
    /// Reads records by id.
    Get {
        /// The topic.
        topic: Topic,
        /// The ids.
        ids: Vec<RecordId>,
    },
    /// Stores records. A server gathers those of many connections in one transaction.
    Put(Put),
}

/// Result of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Job::Follow`]: the heads, and which cursor is none of this log.
    Follow(Heads, Option<u64>),
    /// Of [`Job::Read`].
    Read(Batch),
    /// Of [`Job::Get`].
    Get(Found),
    /// Of [`Job::Put`].
    Put(Vec<PutResult>),
}

impl Job {
    /// Does the work.
    ///
    /// # Errors
    /// [`LogError`] if the log failed.
    pub fn run(&self, log: &dyn Log) -> Result<Outcome, LogError> {
        match self {
            Self::Follow { topic, cursors } => {
                let mut wrong = None;
                for (which, (lane, cursor)) in (0..).zip(cursors) {
                    let holds =
                        cursor.map_or(Ok(true), |cursor| log.holds(*topic, *lane, cursor))?;
                    wrong = wrong.or((!holds).then_some(which));
                }
                Ok(Outcome::Follow(log.heads(*topic)?, wrong))
            }
            Self::Read { topic, lane, after, max_bytes } => {
                log.records(*topic, *lane, *after, *max_bytes).map(Outcome::Read)
            }
            Self::Get { topic, ids } => log.find(*topic, ids).map(Outcome::Get),
            Self::Put(put) => {
                let results = log.put(std::slice::from_ref(put))?.pop();
                results.map(Outcome::Put).ok_or_else(|| LogError("no result".to_owned()))
            }
        }
    }
}
