//! Slots: step 6 of the resolution.
//!
//! "An expense (or transfer) with its copies, corrections and cancellations is one slot."

use std::collections::BTreeMap;

use crate::entry::{Content, Id, Kind};
use crate::history::{Admitted, History};
use crate::resolve::Verdict;
use crate::rules::Rules;

/// A slot with at least one applied entry. Other slots are not in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The original if applied, else the first applied copy.
    pub shown: Id,
    /// The applied correction that replaces its content, if any.
    pub correction: Option<Id>,
    /// Whether a cancellation is the last of its applied cancellations and restorations.
    pub cancelled: bool,
    /// The content that counts, unless cancelled.
    pub content: Content,
}

/// The original of the slot that an entry belongs to: `target` may name the original or a copy.
pub fn slot_of(history: &History, id: Id) -> Option<Id> {
    match history.get(id)?.entry.kind {
        Kind::Expense(_) | Kind::Transfer(_) => Some(id),
        Kind::Copy { copied_from, .. } => Some(copied_from),
        Kind::Correction { target, .. }
        | Kind::Cancellation { target }
        | Kind::Restoration { target } => match history.get(target)?.entry.kind {
            Kind::Copy { copied_from, .. } => Some(copied_from),
            _ => Some(target),
        },
        _ => None,
    }
}

/// Every slot that shows something, by its original.
pub fn slots(history: &History, r: &Rules, verdicts: &BTreeMap<Id, Verdict>) -> BTreeMap<Id, Slot> {
    let applied = |a: &&Admitted| verdicts.get(&a.entry.id) == Some(&Verdict::Applied);
    let counts = |a: &&Admitted| applied(a) || !r.slot_applied_only;
    let mut slots: BTreeMap<Id, Slot> = BTreeMap::new();
    // In the total order `(lamport, id)`.
    let mut order: Vec<&Admitted> = history.admitted.iter().collect();
    order.sort_by_key(|a| (a.entry.lamport, a.entry.id));

    // "The slot shows the original if applied, else the first applied copy; ..." An original comes
    // before its copies in the order, so the first one met is the one to show.
    for a in order.iter().copied().filter(|a| applied(a)) {
        let id = a.entry.id;
        let (original, content) = match &a.entry.kind {
            Kind::Expense(c) | Kind::Transfer(c) => (id, c),
            Kind::Copy { copied_from, content } if r.copies_stand_in => {
                (if r.one_slot { *copied_from } else { id }, content)
            }
            _ => continue,
        };
        slots.entry(original).or_insert(Slot {
            shown: id,
            correction: None,
            cancelled: false,
            content: content.clone(),
        });
    }
    // "... the applied correction with the largest (lamport, id) replaces its content; it is ended if
    // the last applied one of its cancellations and restorations is a cancellation."
    for a in order.iter().copied().filter(counts) {
        let Some(slot) = slot_of(history, a.entry.id).and_then(|s| slots.get_mut(&s)) else {
            continue;
        };
        match &a.entry.kind {
            Kind::Correction { content, .. }
                if r.corrections && (r.last_correction_wins || slot.correction.is_none()) =>
            {
                slot.correction = Some(a.entry.id);
                slot.content = content.clone();
            }
            Kind::Cancellation { .. } if r.cancellations => slot.cancelled = true,
            Kind::Restoration { .. } if r.restorations => slot.cancelled = false,
            _ => {}
        }
    }
    slots
}
