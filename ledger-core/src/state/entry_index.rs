//! What replay asks of whoever keeps the entries.

use std::sync::Arc;

use crate::entry::VerifiedEntry;
use crate::id::EntryId;
use crate::payload::Kind;
use crate::verdict::{ChainPosition, SlotEntry, Verdict};

/// Where an admitted entry stands in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its place on its device's chain: `Replayed::point`.
    pub point: ChainPosition,
    /// Its clock.
    pub lamport: u64,
}

/// An entry as its chain knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEntry {
    /// The entry.
    pub id: EntryId,
    /// Its place in its device's chain.
    pub seq: u64,
    /// Its kind.
    pub kind: Kind,
    /// What was said of it last.
    pub verdict: Verdict,
}

/// The admitted entries, as a store keeps them. `MemoryIndex` keeps them in
/// memory.
pub trait EntryIndex {
    /// Why the store could not answer.
    type Error;

    /// The place in the graph of an admitted entry.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error>;

    /// The dependencies of an admitted entry: none of an unknown one.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error>;

    /// The entries of a chain from a seq on, in any order.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Self::Error>;

    /// An admitted entry.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error>;

    /// The applied entries of the slot that `original` names, in any order.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error>;
}
