//! Index of entries: what replay asks of the keeper of entries.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::id::{EntryId, Origin};
use crate::entry::VerifiedEntry;
use crate::header::Kind;
use crate::verdict::{ChainPosition, Slot, SlotEntry, Verdict};

/// Place of an admitted entry in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Position on its device's chain, as `Replayed::position` said.
    pub position: ChainPosition,
    /// Clock of the entry.
    pub lamport: u64,
}

/// Entry of a chain, as an index keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEntry {
    /// The entry.
    pub id: EntryId,
    /// `seq` of the entry.
    pub seq: u64,
    /// Kind of the entry.
    pub kind: Kind,
    /// Last verdict on the entry.
    pub verdict: Verdict,
}

/// Index of the admitted entries of one group. A store keeps it in its database,
/// `MemoryIndex` and `SparseIndex` in memory.
///
/// Its verdicts are those after the entry that was replayed last. Replay reads the index
/// before the entry that it replays is put in.
pub trait EntryIndex {
    /// Why the store could not answer.
    type Error;

    /// Returns the place of an entry, `None` if it is not admitted.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error>;

    /// Returns the dependencies of an admitted entry; none of an unknown one.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error>;

    /// Returns the entries of a chain from a `seq` on, in any order.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Self::Error>;

    /// Returns the entries of a chain from a `seq` on and before another one, in any order.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn chain_until(&self, from: ChainPosition, until: u64) -> Result<Vec<ChainEntry>, Self::Error> {
        let mut entries = self.chain(from)?;
        entries.retain(|entry| entry.seq < until);
        Ok(entries)
    }

    /// Returns the bytes of header and payload of the entries of a chain from a `seq` on and
    /// before another one, all together.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn bytes(&self, from: ChainPosition, until: u64) -> Result<u64, Self::Error> {
        let mut bytes: u64 = 0;
        for entry in self.chain_until(from, until)? {
            let length = self.entry(&entry.id)?.map_or(0, |entry| entry.decoded().as_bytes().len());
            bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(bytes)
    }

    /// Returns an entry, `None` if it is not admitted.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error>;

    /// Returns the expense or transfer with an origin that was put in first, whatever its verdict.
    /// It names the slot of all with this origin. A correction or copy has no origin, whatever its
    /// bytes say.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, Self::Error>;

    /// Returns the applied entries of the slot that an original names, in any order.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error>;

    /// Returns the slot that an original names, of its applied entries without some of them.
    ///
    /// Replay asks this for each entry that joins a slot, and whoever may write decides how many
    /// entries a slot has. So an index that keeps many looks up those that decide, at most one of
    /// each [`SlotRole`](crate::verdict::SlotRole), and reads of the others only those to be left
    /// out. This default reads them all.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, Self::Error> {
        let entries = self.slot(original)?;
        Ok(Slot::from_entries(entries.into_iter().filter(|entry| !without.contains(&entry.id))))
    }

    /// Returns the slot that an original names, of all its applied entries.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn slot_shown(&self, original: &EntryId) -> Result<Slot, Self::Error> {
        self.slot_without(original, &BTreeSet::new())
    }
}
