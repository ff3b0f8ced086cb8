//! Control or data entry on its way into the authority state.

use super::records::LocatedEntry;
use crate::entry::DecodedEntry;
use crate::verdict::{ChainPosition, Enrolment};

/// Author of an admitted entry, and the entry before it on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backlink {
    /// Enrolment at the root of the chain: the author.
    pub(crate) author: Enrolment,
    /// The device's entry before; `None` if this is its first.
    pub(crate) previous: Option<ChainPosition>,
}

/// An admitted entry with its author and the position that it takes.
#[derive(Clone, Copy)]
pub(crate) struct IncomingEntry<'a> {
    pub(crate) entry: &'a DecodedEntry,
    pub(crate) backlink: Backlink,
    pub(crate) position: ChainPosition,
}

impl IncomingEntry<'_> {
    pub(super) fn located(&self) -> LocatedEntry {
        LocatedEntry { id: self.entry.id(), position: self.position }
    }
}
