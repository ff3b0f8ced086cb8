//! An entry with its position.

use crate::base::codec::{Reader, Writer};
use crate::base::id::EntryId;
use crate::base::rule::Refusal;
use crate::verdict::ChainPosition;

/// Id and chain position of an admitted entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocatedEntry {
    pub(crate) id: EntryId,
    pub(crate) position: ChainPosition,
}

impl LocatedEntry {
    pub(crate) fn write(w: &mut Writer, entry: &Self) {
        w.array(2);
        w.bytes(entry.id.as_bytes());
        entry.position.write(w);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { id: EntryId::from_bytes(r.bytes_n()?), position: ChainPosition::read(r)? })
    }
}
