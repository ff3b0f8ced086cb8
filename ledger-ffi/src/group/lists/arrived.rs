//! New entries on this device.

use ledger_core::EntryId;

/// A new entry: it came from another device, or was recorded here.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Arrival {
    /// The entry.
    pub entry: EntryId,
    /// Whether this device signed it, with the keys that it has now. Otherwise another
    /// device did, perhaps one of the same person.
    pub signed_here: bool,
}

impl From<ledger_store::Arrival> for Arrival {
    fn from(arrival: ledger_store::Arrival) -> Self {
        let ledger_store::Arrival { entry, signed_here } = arrival;
        Self { entry, signed_here }
    }
}

/// Entries of other devices that came since somebody marked the group as read.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Unread {
    /// How many there are: those that count, without the ones that only keep the group
    /// together.
    pub entries: u64,
    /// Whether there may be more: only the first 10,000 entries are looked at.
    pub is_more: bool,
    /// The cursor with which `Lists.arrived` begins after what was read. None if the group
    /// was never marked as read.
    pub read: Option<String>,
}

impl From<ledger_store::Unread> for Unread {
    fn from(unread: ledger_store::Unread) -> Self {
        let ledger_store::Unread { entries, is_more, read, .. } = unread;
        Self { entries, is_more, read: read.map(|cursor| cursor.to_string()) }
    }
}
