//! What became of a damaged database.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ledger_core::{DeviceId, EntryId, GroupId};

/// What was saved, and what is known to be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// How many pages the file has.
    pub pages: u64,
    /// Those that do not check out; their content is lost.
    pub damaged_pages: Vec<RangeInclusive<u64>>,
    /// The groups of which there is anything.
    pub groups: Vec<SalvagedGroup>,
    /// Entries that are lost and whose ids are known: others name them as
    /// dependencies, or an index of the file has them. There may be more.
    pub lost: BTreeSet<EntryId>,
}

/// What was saved of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvagedGroup {
    /// The group.
    pub id: GroupId,
    /// How many entries are in its ledger again.
    pub entries: u64,
    /// How many wait for entries that are lost, or that were missing before.
    pub waiting: u64,
    /// What they wait for: ask other devices for these. With the genesis entry
    /// among them, the group is not listed until it is there: find it by its id,
    /// and have it ingest.
    pub missing: BTreeSet<EntryId>,
    /// Chains of which a part is missing. One whose end is lost cannot be told
    /// from one that is whole.
    pub cut: Vec<Cut>,
    /// Whether this device's key in the group was found.
    pub has_key: bool,
}

/// A device's chain of which a part is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// The device.
    pub device: DeviceId,
    /// How many of its entries are in the ledger.
    pub kept: u64,
    /// Place in its chain of the first of its entries that waits.
    pub waiting_from: u64,
}

impl Salvaged {
    pub(super) fn new(pages: u64, damaged: &BTreeSet<u64>) -> Self {
        let mut damaged_pages: Vec<RangeInclusive<u64>> = Vec::new();
        for page in damaged {
            match damaged_pages.last_mut() {
                Some(last) if last.end().checked_add(1) == Some(*page) => {
                    *last = *last.start()..=*page;
                }
                _ => damaged_pages.push(*page..=*page),
            }
        }
        Self { pages, damaged_pages, groups: Vec::new(), lost: BTreeSet::new() }
    }

    /// Whether nothing at all was lost: every page checked out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.damaged_pages.is_empty() && self.lost.is_empty()
    }
}
