//! Entries in memory.

use std::sync::Arc;

use super::admission::AdmittedEntry;
use super::graph::Graph;
use super::ledger::Ledger;
use super::replayed::Replayed;
use crate::entry::VerifiedEntry;
use crate::id::EntryId;
use crate::rule::Refusal;
use crate::state::{ChainEntry, EntryIndex, Link};
use crate::verdict::{ChainPosition, SlotEntry, Verdict};

/// An [`EntryIndex`] in memory, for tests and previews.
#[derive(Clone, Debug, Default)]
pub struct MemoryIndex {
    graph: Graph,
    /// By their place in the graph.
    entries: Vec<Arc<VerifiedEntry>>,
}

impl MemoryIndex {
    /// An index without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps an entry that was admitted and replayed, and the verdicts on
    /// others that it changed. Entries are to be inserted in the order in which
    /// they were replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        if self.graph.insert(entry.verified(), replayed) {
            self.entries.push(entry.share());
        }
    }

    pub(super) fn put(
        &mut self,
        entry: Arc<VerifiedEntry>,
        point: ChainPosition,
        verdict: Verdict,
    ) {
        if self.graph.put(&entry, point, verdict) {
            self.entries.push(entry);
        }
    }

    fn get(&self, id: &EntryId) -> Option<&Arc<VerifiedEntry>> {
        self.entries.get(self.graph.place(id)?)
    }

    /// The verdict on each admitted entry, in the order of their ids.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> + '_ {
        let mut verdicts: Vec<(EntryId, Verdict)> = self.graph.verdicts().collect();
        verdicts.sort_unstable_by_key(|(id, _)| *id);
        verdicts.into_iter()
    }

    /// The entries, in the order in which they came.
    pub fn entries(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.iter().map(|entry| &**entry)
    }
}

impl Ledger {
    /// Begins with the genesis entry and puts it into an index in memory.
    ///
    /// # Errors
    /// As [`Ledger::found`].
    pub fn begin(genesis: &VerifiedEntry, index: &mut MemoryIndex) -> Result<Self, Refusal> {
        let ledger = Self::found(genesis)?;
        index.put(Arc::new(genesis.clone()), ChainPosition { chain: 0, seq: 0 }, Verdict::Applied);
        Ok(ledger)
    }
}

impl EntryIndex for MemoryIndex {
    type Error = core::convert::Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        Ok(self.graph.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error> {
        let header = self.get(id).map(|entry| entry.decoded().header());
        Ok(header.into_iter().flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Self::Error> {
        Ok(self.graph.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error> {
        Ok(self.get(id).map(Arc::clone))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        Ok(self.graph.slot(original))
    }
}
