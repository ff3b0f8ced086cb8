//! The report of a salvage.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ledger_core::{DeviceId, EntryId, GroupId};

/// Result of salvaging a database: what was saved, and what is known to be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// Number of pages of the file.
    pub pages: u64,
    /// Pages that are not authentic; their content is lost.
    pub damaged_pages: Vec<RangeInclusive<u64>>,
    /// The groups of which anything was saved.
    pub groups: Vec<SalvagedGroup>,
    /// Entries that are lost and whose ids are known, because other entries or an index name them.
    /// There may be more.
    pub lost: BTreeSet<EntryId>,
}

/// The part of a group that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvagedGroup {
    /// The group.
    pub id: GroupId,
    /// Number of entries that are in its ledger again.
    pub entries: u64,
    /// Number of entries that wait for lost entries, or for entries that were missing before.
    pub waiting: u64,
    /// The entries that they wait for: ask other devices for these. If the genesis entry is among
    /// them, the group is not listed until it is there: open the group by its id, and ingest that
    /// entry.
    pub missing: BTreeSet<EntryId>,
    /// Chains of which a part is missing. A chain whose end is lost cannot be told from a whole
    /// one.
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
    /// Number of its entries in the ledger.
    pub kept: u64,
    /// Position in its chain of the first of its entries that waits.
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

    /// Whether nothing was lost: every page is authentic, and no named entry is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.damaged_pages.is_empty() && self.lost.is_empty()
    }
}
