//! Step 6: slots (SPEC §6.7).

use std::collections::BTreeMap;

use super::history::{History, Node};
use crate::base::id::EntryId;
use crate::payload::Payload;
use crate::verdict::{Slot, SlotEntry, SlotRole, Verdict};

/// Returns every slot to which an applied entry belongs, by its original.
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

/// Returns the original of the slot to which an entry belongs, and its part in it,
/// whatever the verdict.
pub(super) fn slot_entry(history: &History, node: &Node) -> Option<(EntryId, SlotEntry)> {
    let (original, role) = match node.payload() {
        Payload::Transaction(_) => (node.entry.id(), SlotRole::Original),
        Payload::Copy(copy) => (node.reference(copy.original())?, SlotRole::Copy),
        Payload::Correction(correction) => {
            (original_of(history, node.reference(correction.target())?)?, SlotRole::Correction)
        }
        Payload::Cancellation(cancellation) => {
            (original_of(history, node.reference(cancellation.target())?)?, SlotRole::Cancellation)
        }
        Payload::Restoration(restoration) => {
            (original_of(history, node.reference(restoration.target())?)?, SlotRole::Restoration)
        }
        _ => return None,
    };
    let (lamport, id) = node.order();
    Some((original, SlotEntry { id, lamport, role }))
}

/// Returns the original of the slot that an entry names by its target: the target, or
/// what the target copies.
fn original_of(history: &History, target: EntryId) -> Option<EntryId> {
    let node = history.get(&target)?;
    match node.payload() {
        Payload::Copy(copy) => node.reference(copy.original()),
        _ => Some(target),
    }
}
