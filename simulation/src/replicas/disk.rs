//! The disk of a replica: entries in the order of ingest with verdict and slot, and the last
//! checkpoints.
//!
//! It is a small model of a store. Its rows implement the index that replay asks.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use ledger_core::engine::{
    ChainEntry, ChainPosition, EntryIndex, Link, Payload, RefIndex, SlotEntry, SlotRole,
    VerifiedEntry,
};
use ledger_core::{EntryId, Origin, Verdict};

/// How many checkpoints are kept.
const KEPT: usize = 3;

/// A stored entry.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The entry.
    pub(super) entry: Arc<VerifiedEntry>,
    /// Number of the row in the order of ingest.
    pub(super) number: usize,
    /// Position of the entry on the chain of its device.
    pub(super) point: ChainPosition,
    /// The stored verdict.
    pub(super) verdict: Verdict,
    /// The slot that the entry belongs to, whether or not the entry is applied.
    pub(super) slot: Option<(EntryId, SlotEntry)>,
}

/// A saved ledger.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    /// How many rows it covers.
    pub(super) rows: usize,
    /// The ledger as bytes.
    pub(super) bytes: Vec<u8>,
}

/// Entries and checkpoints. A clone is cheap, so a transaction is rolled back by restoring a clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// The entries.
    rows: BTreeMap<EntryId, Row>,
    /// Their ids in the order of ingest.
    order: Vec<EntryId>,
    /// The rows of each chain.
    chains: BTreeMap<ChainPosition, EntryId>,
    /// The rows of each slot, by the original that names it.
    slots: BTreeMap<EntryId, Vec<EntryId>>,
    /// The originals with each origin, in the order of ingest: the first one names the slot of all.
    origins: BTreeMap<Origin, Vec<EntryId>>,
    /// The last checkpoints, oldest first.
    pub(super) checkpoints: Vec<Checkpoint>,
    /// How many rows there were after the last ingest that changed another row's verdict. A
    /// checkpoint that covers fewer would be continued with verdicts from its own future.
    pub(super) flipped_at: usize,
}

impl Disk {
    /// How many entries are stored.
    #[must_use]
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// A stored entry.
    #[must_use]
    pub(super) fn row(&self, id: &EntryId) -> Option<&Row> {
        self.rows.get(id)
    }

    /// The rows in the order of ingest, from a number on.
    pub(super) fn from(&self, number: usize) -> impl Iterator<Item = &Row> {
        self.order.iter().skip(number).filter_map(|id| self.rows.get(id))
    }

    /// Adds a row at the end.
    pub(super) fn insert(&mut self, entry: VerifiedEntry, point: ChainPosition, verdict: Verdict) {
        let (id, number) = (entry.id(), self.order.len());
        if let Some(origin) = origin(&entry) {
            self.origins.entry(origin).or_default().push(id);
        }
        let slot = self.slot_entry(&entry);
        self.order.push(id);
        if let Some((original, _)) = slot {
            self.slots.entry(original).or_default().push(id);
        }
        self.chains.insert(point, id);
        self.rows.insert(id, Row { entry: Arc::new(entry), number, point, verdict, slot });
    }

    /// Changes the verdict on a row.
    pub(super) fn set_verdict(&mut self, id: &EntryId, verdict: Verdict) {
        if let Some(row) = self.rows.get_mut(id) {
            row.verdict = verdict;
        }
    }

    /// The slot that an entry belongs to, and the role of the entry there. The verdict decides
    /// whether the entry counts in the slot, and the verdict may change.
    fn slot_entry(&self, entry: &VerifiedEntry) -> Option<(EntryId, SlotEntry)> {
        let refs = entry.decoded().header().refs();
        let named = |at: RefIndex| refs.get(at.as_usize()).copied();
        // A correction or cancellation names an original, or a copy of one.
        let original = |at: RefIndex| {
            let target = self.rows.get(&named(at)?)?.entry.decoded();
            match target.payload() {
                Payload::Transaction(_) => Some(target.id()),
                Payload::Copy(copy) => {
                    target.header().refs().get(copy.original().as_usize()).copied()
                }
                _ => None,
            }
        };
        let (original, role) = match entry.decoded().payload() {
            Payload::Transaction(_) => (entry.id(), SlotRole::Original),
            Payload::Copy(copy) => (named(copy.original())?, SlotRole::Copy),
            Payload::Correction(correction) => {
                (original(correction.target())?, SlotRole::Correction)
            }
            Payload::Cancellation(cancellation) => {
                (original(cancellation.target())?, SlotRole::Cancellation)
            }
            Payload::Restoration(restoration) => {
                (original(restoration.target())?, SlotRole::Restoration)
            }
            _ => return None,
        };
        let origin = match self.rows.get(&original) {
            Some(row) => origin(&row.entry),
            None => origin(entry),
        };
        let first = origin.and_then(|origin| self.origins.get(&origin)?.first().copied());
        let lamport = entry.decoded().header().lamport();
        let slot = first.unwrap_or(original);
        Some((slot, SlotEntry { id: entry.id(), lamport, role }))
    }

    /// Loses the last row: a fault that the checks must notice.
    pub(super) fn drop_last_row(&mut self) {
        if let Some(row) = self.order.pop().and_then(|id| self.rows.remove(&id)) {
            self.chains.remove(&row.point);
            let lost = row.entry.id();
            let lists = self.slots.values_mut().chain(self.origins.values_mut());
            lists.for_each(|ids| ids.retain(|id| *id != lost));
        }
    }

    /// Saves a checkpoint that covers every row.
    pub(super) fn save_checkpoint(&mut self, bytes: Vec<u8>) {
        self.checkpoints.push(Checkpoint { rows: self.len(), bytes });
        if self.checkpoints.len() > KEPT {
            self.checkpoints.remove(0);
        }
    }

    /// An index that shows the first `rows` rows only.
    #[must_use]
    pub(super) fn index_of_first(&self, rows: usize) -> PrefixIndex<'_> {
        PrefixIndex { disk: self, rows }
    }
}

/// The origin of an original.
pub(super) fn origin(entry: &VerifiedEntry) -> Option<Origin> {
    match entry.decoded().payload() {
        Payload::Transaction(transaction) => transaction.origin(),
        _ => None,
    }
}

/// Index over the first rows of a disk. While a tail is replayed, each entry is judged by the rows
/// before it, as it was when it was ingested.
#[derive(Clone, Copy, Debug)]
pub(super) struct PrefixIndex<'a> {
    disk: &'a Disk,
    rows: usize,
}

impl PrefixIndex<'_> {
    fn row(&self, id: &EntryId) -> Option<&Row> {
        self.disk.rows.get(id).filter(|row| row.number < self.rows)
    }
}

impl EntryIndex for PrefixIndex<'_> {
    type Error = Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Infallible> {
        Ok(self.row(id).map(|row| {
            let lamport = row.entry.decoded().header().lamport();
            Link { position: row.point, lamport }
        }))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Infallible> {
        let header = self.row(id).map(|row| row.entry.decoded().header());
        Ok(header.into_iter().flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Infallible> {
        let end = ChainPosition { chain: from.chain, seq: u64::MAX };
        let rows = self.disk.chains.range(from..=end).filter_map(|(_, id)| self.row(id));
        let entry = |row: &Row| ChainEntry {
            id: row.entry.id(),
            seq: row.point.seq,
            kind: row.entry.decoded().header().kind(),
            verdict: row.verdict,
        };
        Ok(rows.map(entry).collect())
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Infallible> {
        Ok(self.row(id).map(|row| Arc::clone(&row.entry)))
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, Infallible> {
        let first = self.disk.origins.get(origin).and_then(|ids| ids.first());
        Ok(first.copied().filter(|id| self.row(id).is_some()))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Infallible> {
        let ids = self.disk.slots.get(original).into_iter().flatten();
        let rows = ids.filter_map(|id| self.row(id)).filter(|row| row.verdict.is_applied());
        Ok(rows.filter_map(|row| row.slot.map(|(_, entry)| entry)).collect())
    }
}
