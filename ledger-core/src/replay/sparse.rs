//! Index of entries that keeps no entry itself.

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

/// Source from which a [`SparseIndex`] fetches entries. A closure that finds an entry
/// by its id is one.
pub trait EntrySource {
    /// Why an entry cannot be read.
    type Error;

    /// Returns an entry. `number` counts entries from 0 in the order in which they were
    /// inserted into the index.
    ///
    /// # Errors
    /// The source's own, if it cannot be read.
    fn entry(&self, number: usize, id: &EntryId)
    -> Result<Option<Arc<VerifiedEntry>>, Self::Error>;
}

impl<F, E> EntrySource for F
where
    F: Fn(&EntryId) -> Result<Option<Arc<VerifiedEntry>>, E>,
{
    type Error = E;

    fn entry(&self, _: usize, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, E> {
        self(id)
    }
}

/// [`EntryIndex`] that keeps positions and verdicts, some 100 bytes an entry, and
/// fetches an entry when replay asks what it says: for corrections and cancellations,
/// and when verdicts flip.
///
/// A store replays everything that it holds with it, to build or check its own index.
#[derive(Clone, Debug)]
pub struct SparseIndex<S> {
    table: EntryTable,
    source: S,
}

impl<S> SparseIndex<S> {
    /// Returns an index without entries. It asks the source only for entries that were
    /// inserted.
    pub fn new(source: S) -> Self {
        Self { table: EntryTable::default(), source }
    }

    /// Begins a ledger with the genesis entry, and inserts that.
    ///
    /// # Errors
    /// As [`Ledger::from_genesis`].
    pub fn begin(&mut self, genesis: &VerifiedEntry) -> Result<Ledger, Refusal> {
        let ledger = Ledger::from_genesis(genesis)?;
        self.table.add(genesis, ChainPosition { chain: 0, seq: 0 }, Verdict::Applied);
        Ok(ledger)
    }

    /// Adds an entry that was admitted and replayed, and sets the verdicts on others
    /// that it changed. Insert entries in the order in which they were replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        self.table.insert(entry.verified(), replayed);
    }

    /// Returns the source.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Returns the source, to tell it what is inserted.
    pub fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Returns the entries in the order in which they were inserted.
    pub fn ids(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.table.verdicts().map(|(id, _)| id)
    }

    /// Returns the number of an entry in that order, counted from 0.
    #[must_use]
    pub fn number(&self, id: &EntryId) -> Option<usize> {
        self.table.number(id)
    }

    /// Returns the entry with a number in that order.
    #[must_use]
    pub fn id(&self, number: usize) -> Option<EntryId> {
        self.table.id(number)
    }

    /// Returns position and verdict of an entry and, if it is applied and in a slot, the
    /// slot's original.
    #[must_use]
    pub fn status(&self, id: &EntryId) -> Option<(ChainPosition, Verdict, Option<EntryId>)> {
        self.table.status(id)
    }
}

impl<S: EntrySource> EntryIndex for SparseIndex<S> {
    type Error = S::Error;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, S::Error> {
        Ok(self.table.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, S::Error> {
        let entry = self.entry(id)?;
        let headers = entry.iter().map(|entry| entry.decoded().header());
        Ok(headers.flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, S::Error> {
        Ok(self.table.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, S::Error> {
        match self.table.number(id) {
            Some(number) => self.source.entry(number, id),
            None => Ok(None),
        }
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, S::Error> {
        Ok(self.table.first_with_origin(origin))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, S::Error> {
        Ok(self.table.slot(original))
    }

    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, S::Error> {
        Ok(self.table.slot_without(original, without))
    }
}
