//! Index of entries in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::admission::AdmittedEntry;
use super::entry_table::EntryTable;
use super::ledger::Ledger;
use super::replayed::Replayed;
use crate::base::id::{EntryId, Origin};
use crate::base::rule::Refusal;
use crate::entry::VerifiedEntry;
use crate::state::{ChainEntry, EntryIndex, Link};
use crate::verdict::{ChainPosition, Slot, SlotEntry, Verdict};

/// [`EntryIndex`] that keeps all entries in memory, for tests and previews.
#[derive(Clone, Debug, Default)]
pub struct MemoryIndex {
    table: EntryTable,
    /// By their number in the table.
    entries: Vec<Arc<VerifiedEntry>>,
}

impl MemoryIndex {
    /// Returns an index without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps an entry that was admitted and replayed, and the verdicts on others that
    /// it changed. Insert entries in the order in which they were replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        if self.table.insert(entry.verified(), replayed) {
            self.entries.push(entry.share());
        }
    }

    fn get(&self, id: &EntryId) -> Option<&Arc<VerifiedEntry>> {
        self.entries.get(self.table.number(id)?)
    }

    /// Returns the verdict on each admitted entry, in the order of the ids.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> + '_ {
        let mut verdicts: Vec<(EntryId, Verdict)> = self.table.verdicts().collect();
        verdicts.sort_unstable_by_key(|(id, _)| *id);
        verdicts.into_iter()
    }

    /// Returns the entries in the order of their arrival.
    pub fn entries(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.iter().map(|entry| &**entry)
    }
}

impl Ledger {
    /// Begins a ledger with the genesis entry, and puts that into an index in memory.
    ///
    /// # Errors
    /// As [`Ledger::from_genesis`].
    pub fn begin(genesis: &VerifiedEntry, index: &mut MemoryIndex) -> Result<Self, Refusal> {
        let ledger = Self::from_genesis(genesis)?;
        let first = ChainPosition { chain: 0, seq: 0 };
        if index.table.add(genesis, first, Verdict::Applied) {
            index.entries.push(Arc::new(genesis.clone()));
        }
        Ok(ledger)
    }
}

impl EntryIndex for MemoryIndex {
    type Error = core::convert::Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        Ok(self.table.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error> {
        let header = self.get(id).map(|entry| entry.decoded().header());
        Ok(header.into_iter().flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Self::Error> {
        Ok(self.table.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error> {
        Ok(self.get(id).map(Arc::clone))
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, Self::Error> {
        Ok(self.table.first_with_origin(origin))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        Ok(self.table.slot(original))
    }

    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, Self::Error> {
        Ok(self.table.slot_without(original, without))
    }
}
