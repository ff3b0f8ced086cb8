//! A long history replayed in little memory.

use std::sync::Arc;

use super::graph::Graph;
use super::{AdmittedEntry, ChainEntry, EntryIndex, Ledger, Link, Replayed, SlotEntry, Verdict};
use crate::control::Point;
use crate::entry::VerifiedEntry;
use crate::id::EntryId;
use crate::rule::Refusal;

/// An [`EntryIndex`] that remembers where entries stand, about 120 bytes for
/// each, and has them fetched again when replay asks what they say: for
/// corrections and cancellations, and when verdicts flip. To replay everything
/// that a store keeps, whatever it says of verdicts.
#[derive(Clone, Debug)]
pub struct SparseIndex<F> {
    graph: Graph,
    fetch: F,
}

impl<F> SparseIndex<F> {
    /// Begins a ledger with the genesis entry. Entries are read by `fetch`, which
    /// is asked for such alone as were inserted.
    ///
    /// # Errors
    /// As [`Ledger::found`].
    pub fn begin(genesis: &VerifiedEntry, fetch: F) -> Result<(Ledger, Self), Refusal> {
        let ledger = Ledger::found(genesis)?;
        let mut graph = Graph::default();
        graph.put(genesis, Point { chain: 0, seq: 0 }, Verdict::Applied);
        Ok((ledger, Self { graph, fetch }))
    }

    /// Takes note of an entry that was admitted and replayed, and of the verdicts
    /// on others that it changed. Entries are to be inserted in the order in
    /// which they were replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        self.graph.insert(entry.verified(), replayed);
    }
}

impl<F, E> EntryIndex for SparseIndex<F>
where
    F: Fn(&EntryId) -> Result<Option<Arc<VerifiedEntry>>, E>,
{
    type Error = E;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, E> {
        Ok(self.graph.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, E> {
        let entry = self.entry(id)?;
        let headers = entry.iter().map(|entry| entry.decoded().header());
        Ok(headers.flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: Point) -> Result<Vec<ChainEntry>, E> {
        Ok(self.graph.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, E> {
        match self.graph.place(id) {
            Some(_) => (self.fetch)(id),
            None => Ok(None),
        }
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, E> {
        Ok(self.graph.slot(original))
    }
}
