//! Slots: step 6 of the resolution.
//!
//! "An expense (or transfer) with its copies, corrections and cancellations is one slot", and so are
//! several with one origin.

use std::collections::BTreeMap;

use crate::entry::{Content, Entry, Id, Kind, Origin};
use crate::history::{Admitted, History};
use crate::rules::Rules;
use crate::verdict::Verdict;

/// A slot with at least one applied entry. Other slots are not in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The first applied original, else the first applied copy.
    pub shown: Id,
    /// The applied correction that replaces its content, if any.
    pub correction: Option<Id>,
    /// Whether a cancellation is the last of its applied cancellations and restorations.
    pub cancelled: bool,
    /// The content that counts, unless cancelled.
    pub content: Content,
}

/// The slot that an entry belongs to: `target` may name an original or a copy. It is named after its
/// original, and of several with one origin after the first in the order `(lamport, id)`.
pub fn slot_of(history: &History, r: &Rules, id: Id) -> Option<Id> {
    let original = match history.get(id)?.entry.kind {
        Kind::Expense(_) | Kind::Transfer(_) => id,
        Kind::Copy { copied_from, .. } => copied_from,
        Kind::Correction { target, .. }
        | Kind::Cancellation { target }
        | Kind::Restoration { target } => match history.get(target)?.entry.kind {
            Kind::Copy { copied_from, .. } => copied_from,
            _ => target,
        },
        _ => return None,
    };
    let Some(origin) = history.get(original).and_then(|a| origin_of(&a.entry)) else {
        return Some(original);
    };
    if !r.origins_one_slot {
        return Some(original);
    }
    let same = history.admitted.iter().map(|a| &a.entry).filter(|e| origin_of(e) == Some(origin));
    same.min_by_key(|e| (e.lamport, e.id)).map(|e| e.id)
}

/// The origin of an original.
pub fn origin_of(entry: &Entry) -> Option<Origin> {
    match &entry.kind {
        Kind::Expense(c) | Kind::Transfer(c) => c.origin,
        _ => None,
    }
}

/// Every slot that shows something, by its name.
pub fn slots(history: &History, r: &Rules, verdicts: &BTreeMap<Id, Verdict>) -> BTreeMap<Id, Slot> {
    let applied = |a: &&Admitted| verdicts.get(&a.entry.id) == Some(&Verdict::Applied);
    let counts = |a: &&Admitted| applied(a) || !r.slot_applied_only;
    let mut slots: BTreeMap<Id, Slot> = BTreeMap::new();
    // In the total order `(lamport, id)`.
    let mut order: Vec<&Admitted> = history.admitted.iter().collect();
    order.sort_by_key(|a| (a.entry.lamport, a.entry.id));

    // "The slot shows the first applied original, else the first applied copy; ..."
    let originals = order.iter().copied().filter(|a| applied(a)).filter_map(|a| {
        let (Kind::Expense(c) | Kind::Transfer(c)) = &a.entry.kind else { return None };
        Some((slot_of(history, r, a.entry.id)?, a.entry.id, c))
    });
    let copies =
        order.iter().copied().filter(|a| applied(a) && r.copies_stand_in).filter_map(|a| {
            let Kind::Copy { content, .. } = &a.entry.kind else { return None };
            let id = a.entry.id;
            let slot = if r.one_slot { slot_of(history, r, id)? } else { id };
            Some((slot, id, content))
        });
    for (slot, id, content) in originals.chain(copies) {
        slots.entry(slot).or_insert(Slot {
            shown: id,
            correction: None,
            cancelled: false,
            content: content.clone(),
        });
    }
    // "... the applied correction with the largest (lamport, id) replaces its content; it is ended if
    // the last applied one of its cancellations and restorations is a cancellation."
    for a in order.iter().copied().filter(counts) {
        let Some(slot) = slot_of(history, r, a.entry.id).and_then(|s| slots.get_mut(&s)) else {
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
