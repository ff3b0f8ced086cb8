//! Entries in memory.

use std::collections::BTreeMap;

use super::{AdmittedEntry, EntryIndex, Link, Replayed, SlotEntry, Verdict};
use crate::entry::VerifiedEntry;
use crate::id::EntryId;

/// An [`EntryIndex`] in memory, for tests and previews.
#[derive(Clone, Debug, Default)]
pub struct MemoryIndex {
    entries: BTreeMap<EntryId, (VerifiedEntry, Verdict)>,
    slots: BTreeMap<EntryId, Vec<SlotEntry>>,
}

impl MemoryIndex {
    /// An index without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps an entry that was admitted and replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        let slot = replayed.slot().map(|(original, entry, _)| (original, entry));
        self.put(entry.verified(), replayed.verdict(), slot);
    }

    pub(super) fn put(
        &mut self,
        entry: &VerifiedEntry,
        verdict: Verdict,
        slot: Option<(EntryId, SlotEntry)>,
    ) {
        self.entries.insert(entry.id(), (entry.clone(), verdict));
        if let Some((original, slot_entry)) = slot {
            self.slots.entry(original).or_default().push(slot_entry);
        }
    }

    /// The verdict on each admitted entry.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> + '_ {
        self.entries.iter().map(|(id, (_, verdict))| (*id, *verdict))
    }

    /// The entries, in the order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.values().map(|(entry, _)| entry)
    }
}

impl EntryIndex for MemoryIndex {
    type Error = core::convert::Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        Ok(self.entries.get(id).map(|(entry, _)| {
            let header = entry.decoded().header();
            Link { device: header.device(), seq: header.seq(), lamport: header.lamport() }
        }))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<VerifiedEntry>, Self::Error> {
        Ok(self.entries.get(id).map(|(entry, _)| entry.clone()))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        Ok(self.slots.get(original).cloned().unwrap_or_default())
    }
}
