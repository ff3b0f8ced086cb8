//! Result of replaying an entry.

use std::collections::BTreeMap;

use crate::id::EntryId;
use crate::verdict::{ChainPosition, Named, Slot, SlotEntry, Verdict};

/// A verdict on an earlier entry that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The entry.
    pub id: EntryId,
    /// The verdict now.
    pub verdict: Verdict,
    /// The slot that the entry now belongs to or, if it is void now, no longer
    /// belongs to: the slot's name, and the entry's part in it.
    pub slot: Option<(EntryId, SlotEntry)>,
}

/// What replaying an entry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub(super) verdict: Verdict,
    pub(super) point: ChainPosition,
    pub(super) named: Option<Named>,
    pub(super) slot: Option<(EntryId, SlotEntry, Slot)>,
    pub(super) flips: Vec<Flip>,
    pub(super) slots: BTreeMap<EntryId, Slot>,
}

impl Replayed {
    /// Whether the entry counts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Where the entry stands on its device's chain.
    #[must_use]
    pub fn point(&self) -> ChainPosition {
        self.point
    }

    /// The slot that the entry belongs to, if it is applied and has one: the
    /// slot's name, the entry's part in it, and what the slot shows now.
    #[must_use]
    pub fn slot(&self) -> Option<(EntryId, SlotEntry, Slot)> {
        self.slot
    }

    /// The expense or transfer that the entry corrects, cancels, copies or
    /// endorses, whether that counts or not; none if its target is something
    /// else, for which it is void for good (SPEC §6.1). Never changes.
    #[must_use]
    pub fn named(&self) -> Option<Named> {
        self.named
    }

    /// The verdicts on earlier entries that changed. Control entries alone do
    /// this.
    #[must_use]
    pub fn flips(&self) -> &[Flip] {
        &self.flips
    }

    /// What the slots show now to which entries of [`Replayed::flips`] belong
    /// or belonged, by their names.
    pub fn slots(&self) -> impl Iterator<Item = (EntryId, Slot)> + '_ {
        self.slots.iter().map(|(original, slot)| (*original, *slot))
    }
}
