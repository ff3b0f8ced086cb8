//! Records that the log of a topic takes, and the links between them (SPEC §18.2).

use crate::base::hash::{Tag, digest};
use crate::base::id::RecordId;
use crate::bundle::{MAX_RECORD_BYTES, is_legal};
use crate::seal::Topic;

/// Lane of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Records of the log's own topic, kept as long as the log.
    Entries,
    /// Key envelopes of any topic; the oldest go when there are too many.
    Keys,
}

/// Error of a record that no log of this topic takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Its kind has no records of this length (rule L1).
    #[error("a record of this kind cannot be {0} bytes long")]
    Length(usize),
    /// It is another topic's (rule L2).
    #[error("the record is of another topic than the log")]
    OtherTopic,
}

/// The lane of a topic's log in which a record belongs (rules L1 and L2). Records of kinds that
/// later versions add are taken, too.
///
/// # Errors
/// [`RecordError`] if the log does not take it.
pub fn lane_of(record: &[u8], topic: Topic) -> Result<Lane, RecordError> {
    let length = RecordError::Length(record.len());
    let (kind, rest) = record.split_first().ok_or(length)?;
    let named = rest.first_chunk::<32>().ok_or(length)?;
    if record.len() > MAX_RECORD_BYTES || !is_legal(*kind, record.len()) {
        return Err(length);
    }
    match kind {
        2 => Ok(Lane::Keys),
        _ if named == topic.as_bytes() => Ok(Lane::Entries),
        _ => Err(RecordError::OtherTopic),
    }
}

/// The link of a record, from that of the record before it; the first follows 32 zeros. So a link
/// stands for all records up to its own, in their order.
#[must_use]
pub fn next_link(previous: &[u8; 32], id: &RecordId) -> [u8; 32] {
    digest(Tag::LOG, &[previous, id.as_bytes()])
}
