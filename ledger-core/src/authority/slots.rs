//! Step 6: slots (SPEC §6.7).

use std::collections::BTreeMap;

use super::history::{History, Node};
use crate::id::EntryId;
use crate::payload::Payload;
use crate::verdict::{Slot, SlotEntry, SlotRole, Verdict};

/// Every slot that an applied entry belongs to, by its original.
pub(super) fn slots(history: &History, verdicts: &[Verdict]) -> BTreeMap<EntryId, Slot> {
    let mut slots: BTreeMap<EntryId, Slot> = BTreeMap::new();
    for (node, verdict) in history.nodes.iter().zip(verdicts) {
        if let Some((original, entry)) = slot_entry(history, node).filter(|_| verdict.is_applied())
        {
            let slot = slots.entry(original).or_default();
            *slot = slot.with(entry);
        }
    }
    slots
}

/// The slot that an entry belongs to, and its part in it.
pub(crate) fn slot_entry(history: &History, node: &Node) -> Option<(EntryId, SlotEntry)> {
    let (original, role) = match node.payload() {
        Payload::Transaction(_) => (node.entry.id(), SlotRole::Original),
        Payload::Copy(copy) => (node.reference(copy.original())?, SlotRole::Copy),
        Payload::Correction(correction) => {
            (slot_named(history, node.reference(correction.target())?)?, SlotRole::Correction)
        }
        Payload::Cancellation(cancellation) => {
            (slot_named(history, node.reference(cancellation.target())?)?, SlotRole::Cancellation)
        }
        _ => return None,
    };
    let (lamport, id) = node.order();
    Some((original, SlotEntry { id, lamport, role }))
}

/// The slot meant by naming an expense, a transfer or a copy of one.
pub(super) fn slot_named(history: &History, target: EntryId) -> Option<EntryId> {
    let node = history.get(&target)?;
    match node.payload() {
        Payload::Copy(copy) => node.reference(copy.original()),
        _ => Some(target),
    }
}
