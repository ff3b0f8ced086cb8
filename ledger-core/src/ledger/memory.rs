//! Entries in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AdmittedEntry, ChainEntry, EntryIndex, Link, Replayed, SlotEntry, Verdict};
use crate::control::Point;
use crate::entry::VerifiedEntry;
use crate::id::EntryId;

/// An [`EntryIndex`] in memory, for tests and previews.
#[derive(Clone, Debug, Default)]
pub struct MemoryIndex {
    entries: BTreeMap<EntryId, Kept>,
    chains: BTreeMap<Point, EntryId>,
    /// The applied entries of each slot.
    slots: BTreeMap<EntryId, BTreeMap<EntryId, SlotEntry>>,
}

#[derive(Clone, Debug)]
struct Kept {
    entry: Arc<VerifiedEntry>,
    point: Point,
    verdict: Verdict,
}

impl MemoryIndex {
    /// An index without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps an entry that was admitted and replayed, and the verdicts on
    /// others that it changed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        self.put(entry.share(), replayed.point(), replayed.verdict());
        if let Some((original, entry, _)) = replayed.slot() {
            self.slots.entry(original).or_default().insert(entry.id, entry);
        }
        for flip in replayed.flips() {
            if let Some(kept) = self.entries.get_mut(&flip.id) {
                kept.verdict = flip.verdict;
            }
            let Some((original, entry)) = flip.slot else { continue };
            let slot = self.slots.entry(original).or_default();
            if flip.verdict.is_applied() {
                slot.insert(flip.id, entry);
            } else {
                slot.remove(&flip.id);
            }
        }
    }

    pub(super) fn put(&mut self, entry: Arc<VerifiedEntry>, point: Point, verdict: Verdict) {
        self.chains.insert(point, entry.id());
        self.entries.insert(entry.id(), Kept { entry, point, verdict });
    }

    /// The verdict on each admitted entry.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> + '_ {
        self.entries.iter().map(|(id, kept)| (*id, kept.verdict))
    }

    /// The entries, in the order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.values().map(|kept| &*kept.entry)
    }
}

impl EntryIndex for MemoryIndex {
    type Error = core::convert::Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        Ok(self.entries.get(id).map(|kept| {
            let lamport = kept.entry.decoded().header().lamport();
            Link { point: kept.point, lamport }
        }))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error> {
        let header = self.entries.get(id).map(|kept| kept.entry.decoded().header());
        Ok(header.into_iter().flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: Point) -> Result<Vec<ChainEntry>, Self::Error> {
        let end = Point { chain: from.chain, seq: u64::MAX };
        let entries = self.chains.range(from..=end).filter_map(|(point, id)| {
            let kept = self.entries.get(id)?;
            let kind = kept.entry.decoded().header().kind();
            Some(ChainEntry { id: *id, seq: point.seq, kind, verdict: kept.verdict })
        });
        Ok(entries.collect())
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error> {
        Ok(self.entries.get(id).map(|kept| Arc::clone(&kept.entry)))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        Ok(self.slots.get(original).into_iter().flat_map(|slot| slot.values()).copied().collect())
    }
}
