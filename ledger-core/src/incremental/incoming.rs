//! An entry that is about to be applied, and what its backlink names.

use super::records::Located;
use crate::entry::DecodedEntry;
use crate::verdict::{ChainPosition, Enrolment};

/// Where an entry comes: what its backlink names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// The enrolment at the root of the chain: whose entry it is.
    pub(crate) author: Enrolment,
    /// The device's entry before; none if this is its first.
    pub(crate) before: Option<ChainPosition>,
}

/// An entry on its way in.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) entry: &'a DecodedEntry,
    pub(crate) after: After,
    pub(crate) point: ChainPosition,
}

impl Arrival<'_> {
    pub(super) fn located(&self) -> Located {
        Located { id: self.entry.id(), point: self.point }
    }
}
