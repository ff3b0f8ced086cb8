//! Step 6: slots (SPEC §6.7).

use std::collections::BTreeMap;

use super::history::{History, Node};
use crate::base::id::{EntryId, Origin};
use crate::payload::Payload;
use crate::verdict::{Slot, SlotEntry, SlotRole, Verdict};

/// Returns every slot to which an applied entry belongs, by its name: its original, or, of several
/// with one origin, the first in the total order, applied or not.
pub(super) fn slots(history: &History, verdicts: &[Verdict]) -> BTreeMap<EntryId, Slot> {
    let names = OriginNames::new(history);
    let mut slots: BTreeMap<EntryId, Slot> = BTreeMap::new();
    for (node, verdict) in history.nodes.iter().zip(verdicts) {
        if let Some((name, entry)) =
            slot_entry(history, &names, node).filter(|_| verdict.is_applied())
        {
            let slot = slots.entry(name).or_default();
            *slot = slot.with(entry);
        }
    }
    slots
}

/// Names of the slots of originals with an origin.
pub(super) struct OriginNames(BTreeMap<Origin, EntryId>);

impl OriginNames {
    pub(super) fn new(history: &History) -> Self {
        let mut first: BTreeMap<Origin, (u64, EntryId)> = BTreeMap::new();
        for node in &history.nodes {
            if let Some(origin) = origin(node) {
                let name = first.entry(origin).or_insert(node.order());
                *name = node.order().min(*name);
            }
        }
        Self(first.into_iter().map(|(origin, (_, id))| (origin, id)).collect())
    }

    /// Returns the name of an original's slot. What is no original, or is not admitted, stands for
    /// itself: a copy may name anything, and is void then.
    pub(super) fn slot_name(&self, history: &History, original: EntryId) -> EntryId {
        let origin = history.get(&original).and_then(origin);
        origin.and_then(|origin| self.0.get(&origin).copied()).unwrap_or(original)
    }
}

/// Returns the origin of an original.
fn origin(node: &Node) -> Option<Origin> {
    match node.payload() {
        Payload::Transaction(transaction) => transaction.origin(),
        _ => None,
    }
}

/// Returns the name of the slot to which an entry belongs, and its part in it, whatever the verdict.
pub(super) fn slot_entry(
    history: &History,
    names: &OriginNames,
    node: &Node,
) -> Option<(EntryId, SlotEntry)> {
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
    Some((names.slot_name(history, original), SlotEntry { id, lamport, role }))
}

/// Returns the original that an entry names by its target: the target, or what the target copies.
fn original_of(history: &History, target: EntryId) -> Option<EntryId> {
    let node = history.get(&target)?;
    match node.payload() {
        Payload::Copy(copy) => node.reference(copy.original()),
        _ => Some(target),
    }
}
