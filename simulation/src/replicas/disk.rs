//! What a replica has on disk: entries in the order of ingest with verdict and slot, and the last
//! checkpoints. The model of a store; the rows answer what replay asks of an index.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use ledger_core::engine::{
    ChainEntry, ChainPosition, EntryIndex, Link, Payload, RefIndex, SlotEntry, SlotRole,
    VerifiedEntry,
};
use ledger_core::{EntryId, Verdict};

/// How many checkpoints are kept.
const KEPT: usize = 3;

/// A stored entry.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The entry.
    pub(super) entry: Arc<VerifiedEntry>,
    /// Its place in the order of ingest.
    pub(super) number: usize,
    /// Its place on its device's chain.
    pub(super) point: ChainPosition,
    /// Whether it counts.
    pub(super) verdict: Verdict,
    /// The slot that it belongs to, applied or not.
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

/// Entries and checkpoints. A clone is cheap, so a transaction that is rolled back is a clone that
/// is put back.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// The entries.
    rows: BTreeMap<EntryId, Row>,
    /// Their ids in the order of ingest.
    order: Vec<EntryId>,
    /// The rows of each chain.
    chains: BTreeMap<ChainPosition, EntryId>,
    /// The rows of each slot.
    slots: BTreeMap<EntryId, Vec<EntryId>>,
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

    /// Adds a row.
    pub(super) fn put(&mut self, entry: VerifiedEntry, point: ChainPosition, verdict: Verdict) {
        let (id, number) = (entry.id(), self.order.len());
        let slot = self.part(&entry);
        self.order.push(id);
        if let Some((original, _)) = slot {
            self.slots.entry(original).or_default().push(id);
        }
        self.chains.insert(point, id);
        self.rows.insert(id, Row { entry: Arc::new(entry), number, point, verdict, slot });
    }

    /// Changes the verdict on a row.
    pub(super) fn judge(&mut self, id: &EntryId, verdict: Verdict) {
        if let Some(row) = self.rows.get_mut(id) {
            row.verdict = verdict;
        }
    }

    /// The slot that an entry belongs to, and its part in it. Whether it counts is its verdict's
    /// matter, which may change.
    fn part(&self, entry: &VerifiedEntry) -> Option<(EntryId, SlotEntry)> {
        let refs = entry.decoded().header().refs();
        let named = |at: RefIndex| refs.get(at.place()).copied();
        // What a correction or cancellation names: an original, or a copy of one.
        let original = |at: RefIndex| {
            let target = self.rows.get(&named(at)?)?.entry.decoded();
            match target.payload() {
                Payload::Transaction(_) => Some(target.id()),
                Payload::Copy(copy) => target.header().refs().get(copy.original().place()).copied(),
                _ => None,
            }
        };
        let (slot, role) = match entry.decoded().payload() {
            Payload::Transaction(_) => (entry.id(), SlotRole::Original),
            Payload::Copy(copy) => (named(copy.original())?, SlotRole::Copy),
            Payload::Correction(correction) => {
                (original(correction.target())?, SlotRole::Correction)
            }
            Payload::Cancellation(cancellation) => {
                (original(cancellation.target())?, SlotRole::Cancellation)
            }
            _ => return None,
        };
        let lamport = entry.decoded().header().lamport();
        Some((slot, SlotEntry { id: entry.id(), lamport, role }))
    }

    /// Loses the last row, as no disk should.
    pub(super) fn lose(&mut self) {
        if let Some(row) = self.order.pop().and_then(|id| self.rows.remove(&id)) {
            self.chains.remove(&row.point);
            self.slots.values_mut().for_each(|ids| ids.retain(|id| *id != row.entry.id()));
        }
    }

    /// Saves a checkpoint that covers every row.
    pub(super) fn save(&mut self, bytes: Vec<u8>) {
        self.checkpoints.push(Checkpoint { rows: self.len(), bytes });
        if self.checkpoints.len() > KEPT {
            self.checkpoints.remove(0);
        }
    }

    /// The index that shows the first `rows` rows.
    #[must_use]
    pub(super) fn first(&self, rows: usize) -> First<'_> {
        First { disk: self, rows }
    }
}

/// The index over the rows stored first. While a tail is replayed, each of its entries is judged by
/// what was stored before it, as when it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct First<'a> {
    disk: &'a Disk,
    rows: usize,
}

impl First<'_> {
    fn row(&self, id: &EntryId) -> Option<&Row> {
        self.disk.rows.get(id).filter(|row| row.number < self.rows)
    }
}

impl EntryIndex for First<'_> {
    type Error = Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Infallible> {
        Ok(self.row(id).map(|row| {
            let lamport = row.entry.decoded().header().lamport();
            Link { point: row.point, lamport }
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

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Infallible> {
        let ids = self.disk.slots.get(original).into_iter().flatten();
        let rows = ids.filter_map(|id| self.row(id)).filter(|row| row.verdict.is_applied());
        Ok(rows.filter_map(|row| row.slot.map(|(_, entry)| entry)).collect())
    }
}
