//! Result of replaying an entry.

use std::collections::BTreeMap;

use crate::base::id::EntryId;
use crate::verdict::{ChainPosition, Slot, SlotEntry, SlotReference, Verdict};

/// Change of the verdict on an earlier entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The entry.
    pub id: EntryId,
    /// The verdict now.
    pub verdict: Verdict,
    /// Slot that the entry joins or, if it is void now, leaves: the slot's original, and
    /// the entry's part in it.
    pub slot: Option<(EntryId, SlotEntry)>,
}

/// Result of replaying an entry: its verdict and position, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub(super) verdict: Verdict,
    pub(super) position: ChainPosition,
    pub(super) slot_reference: Option<SlotReference>,
    pub(super) slot: Option<(EntryId, SlotEntry, Slot)>,
    pub(super) flips: Vec<Flip>,
    pub(super) slots: BTreeMap<EntryId, Slot>,
}

impl Replayed {
    /// Returns the verdict on the entry.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Returns the position of the entry on its device's chain.
    #[must_use]
    pub fn position(&self) -> ChainPosition {
        self.position
    }

    /// Returns the slot that the entry joins, if it is applied and has one: the slot's
    /// original, the entry's part in it, and what the slot shows now.
    #[must_use]
    pub fn slot(&self) -> Option<(EntryId, SlotEntry, Slot)> {
        self.slot
    }

    /// Returns the slot of the expense or transfer that the entry corrects, cancels, restores,
    /// copies or endorses, or that has its origin, whatever the verdict. `None` if the target is
    /// something else, which is a fault (SPEC §6.1). Never changes.
    #[must_use]
    pub fn slot_reference(&self) -> Option<SlotReference> {
        self.slot_reference
    }

    /// Returns the verdicts on earlier entries that changed. Only a control entry
    /// changes any.
    #[must_use]
    pub fn flips(&self) -> &[Flip] {
        &self.flips
    }

    /// Returns what each slot shows now that an entry of [`Replayed::flips`] joined or
    /// left, by its original.
    pub fn slots(&self) -> impl Iterator<Item = (EntryId, Slot)> + '_ {
        self.slots.iter().map(|(original, slot)| (*original, *slot))
    }
}
