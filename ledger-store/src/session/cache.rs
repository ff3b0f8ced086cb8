//! The cache of an open database: ledgers and waiting entries.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::GroupId;

use super::feed::Feed;
use crate::database::GroupKey;
use crate::entries::{KnownWaiting, LoadedLedger};

/// Ledgers and feed that an open database keeps in memory. Locked for moments only: never while SQL
/// or a callback runs.
#[derive(Default)]
pub(crate) struct LedgerCache {
    /// Ledgers as of the last commit or read. Only a shortcut: another process may have added
    /// entries, which are then replayed on top.
    pub(crate) ledgers: BTreeMap<GroupKey, LoadedLedger>,
    /// Entries that wait for others, each with the number of the writer that read them; a shortcut as
    /// well. Used only while holding the writer permit.
    pub(crate) pending: BTreeMap<GroupKey, (u64, KnownWaiting)>,
    /// Subscriptions to changes.
    pub(crate) feed: Feed,
    /// Groups whose database was compared with the published tip, and is not behind it.
    pub(crate) up_to_date: BTreeSet<GroupKey>,
    /// Groups that were deleted. A reader that still has one of them must not put it back.
    gone: BTreeSet<GroupKey>,
}

impl LedgerCache {
    /// Drops a group that was deleted.
    pub(crate) fn forget(&mut self, key: GroupKey, id: GroupId) {
        if self.gone.insert(key) {
            self.ledgers.remove(&key);
            self.pending.remove(&key);
            self.feed.deleted(key, id);
        }
    }

    /// Keeps a ledger that was committed or read, and notifies subscribers. A ledger that covers
    /// more entries stays.
    pub(crate) fn keep(&mut self, key: GroupKey, loaded: LoadedLedger) {
        if self.gone.contains(&key) {
            return;
        }
        self.feed.notify(key, &loaded);
        if self.ledgers.get(&key).is_none_or(|known| known.upto <= loaded.upto) {
            self.ledgers.insert(key, loaded);
        }
    }

    /// Empties the shortcuts; returns what was in them, to be dropped without the lock.
    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        (std::mem::take(&mut self.ledgers), std::mem::take(&mut self.pending))
    }
}
