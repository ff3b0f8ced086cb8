//! A long history replayed in little memory.

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

/// Where a [`SparseIndex`] gets entries from. A closure that finds them by id is
/// one.
pub trait EntrySource {
    /// Why an entry cannot be read.
    type Error;

    /// The entry that was inserted at a place, counted from 0.
    ///
    /// # Errors
    /// The source's own, if it cannot be read.
    fn entry(&self, place: usize, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error>;
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

/// An [`EntryIndex`] that remembers where entries stand, some 100 bytes for
/// each, and has them fetched again when replay asks what they say: for
/// corrections and cancellations, and when verdicts flip. To replay everything
/// that a store keeps, whatever it says of verdicts.
#[derive(Clone, Debug)]
pub struct SparseIndex<S> {
    graph: Graph,
    source: S,
}

impl<S> SparseIndex<S> {
    /// An index without entries. The source is asked for such alone as were
    /// inserted.
    pub fn new(source: S) -> Self {
        Self { graph: Graph::default(), source }
    }

    /// Begins a ledger with the genesis entry, which is inserted first.
    ///
    /// # Errors
    /// As [`Ledger::found`].
    pub fn begin(&mut self, genesis: &VerifiedEntry) -> Result<Ledger, Refusal> {
        let ledger = Ledger::found(genesis)?;
        self.graph.put(genesis, ChainPosition { chain: 0, seq: 0 }, Verdict::Applied);
        Ok(ledger)
    }

    /// Takes note of an entry that was admitted and replayed, and of the verdicts
    /// on others that it changed. Entries are to be inserted in the order in
    /// which they were replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        self.graph.insert(entry.verified(), replayed);
    }

    /// Where entries come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The same, to be told of what is inserted.
    pub fn source_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// The entries in the order in which they were inserted.
    pub fn ids(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.graph.verdicts().map(|(id, _)| id)
    }

    /// The place of an entry in that order, counted from 0.
    #[must_use]
    pub fn place(&self, id: &EntryId) -> Option<usize> {
        self.graph.place(id)
    }

    /// The entry at a place in that order.
    #[must_use]
    pub fn id(&self, place: usize) -> Option<EntryId> {
        self.graph.id(place)
    }

    /// Where an entry stands, what was said of it last, and the original of the
    /// slot that it is in, if it is applied and in one.
    #[must_use]
    pub fn judged(&self, id: &EntryId) -> Option<(ChainPosition, Verdict, Option<EntryId>)> {
        self.graph.judged(id)
    }
}

impl<S: EntrySource> EntryIndex for SparseIndex<S> {
    type Error = S::Error;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, S::Error> {
        Ok(self.graph.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, S::Error> {
        let entry = self.entry(id)?;
        let headers = entry.iter().map(|entry| entry.decoded().header());
        Ok(headers.flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, S::Error> {
        Ok(self.graph.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, S::Error> {
        match self.graph.place(id) {
            Some(place) => self.source.entry(place, id),
            None => Ok(None),
        }
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, S::Error> {
        Ok(self.graph.slot(original))
    }
}
