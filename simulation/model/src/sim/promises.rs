//! Promises to an honest author who writes on top of everything they know: the entry counts, and it
//! changes for others what it says and no more. `history` is what they knew, with their entry.

use crate::entry::{Body, Enrolment, Entry, Generation, Holder, Id, Kind};
use crate::history::History;
use crate::rules::Rules;
use crate::sim::arrival::{Violation, violation};
use crate::slots::{Slot, origin_of};
use crate::state::Resolution;

/// The first broken promise. `reference` is `old` with every rule in force.
pub fn check(
    history: &History,
    entry: &Entry,
    reference: &Resolution,
    old: &Resolution,
    new: &Resolution,
) -> Option<Violation> {
    let bad = |what: &'static str| violation(what, format!("{:#x}", entry.id));
    let Some(author) = history.get(entry.id).map(|a| a.author) else {
        return bad("promise: not admitted");
    };
    let who = history.enrolment(author)?;
    let active = reference.state.devices.contains_key(&who);
    if !active && entry.statement().is_none() {
        return None;
    }
    if !new.applied(entry.id) {
        return bad("promise: not applied");
    }
    let flipped = |revive: bool| {
        old.verdicts
            .iter()
            .any(|(id, v)| new.verdicts.get(id) != Some(v) && (!revive || !new.applied(*id)))
    };
    let slot = |id| new.slots.get(&id);
    let name = |id| crate::slots::slot_of(history, &Rules::ALL, id);
    let first = |generation: Generation| history.enrolment(Enrolment::First(generation));
    match &entry.kind {
        Kind::Expense(_) | Kind::Transfer(_) if shares_origin(history, entry) => {
            let slot_name = name(entry.id)?;
            imported(history, reference.slots.get(&slot_name), slot(slot_name), entry.id)
                .and_then(bad)
        }
        Kind::Expense(c) | Kind::Transfer(c) => {
            let shown = slot(entry.id).is_some_and(|s| s.content == *c && !s.cancelled);
            (!shown).then(|| bad("promise: an expense is not shown")).flatten()
        }
        Kind::Correction { .. } => {
            let original = name(entry.id)?;
            let wrong = slot(original).is_some_and(|s| s.correction != Some(entry.id));
            wrong.then(|| bad("promise: the last correction does not count")).flatten()
        }
        Kind::Cancellation { .. } => {
            let original = name(entry.id)?;
            let wrong = slot(original).is_some_and(|s| !s.cancelled);
            wrong.then(|| bad("promise: a cancellation does not end")).flatten()
        }
        Kind::Restoration { .. } => {
            let original = name(entry.id)?;
            let wrong = slot(original).is_some_and(|s| s.cancelled);
            wrong.then(|| bad("promise: a restoration does not restore")).flatten()
        }
        Kind::Copy { .. } => {
            let original = name(entry.id)?;
            match (reference.slots.get(&original), slot(original)) {
                (_, None) => bad("promise: a copy shows nothing"),
                (Some(before), Some(now)) if before != now => {
                    bad("promise: a copy moved what was shown")
                }
                _ => None,
            }
        }
        Kind::Add { card } | Kind::Placeholder { card } => {
            let untouched = !history.statements.values().any(|s| match s.statement.body {
                Body::Remove { member } | Body::Bind { member, .. } => member == card.id,
                _ => false,
            });
            let ready =
                first(Generation::Card(card.id)).is_none_or(|d| new.state.devices.contains_key(&d));
            let works = new.introduced.contains(&card.id) && (ready || !untouched);
            (!works).then(|| bad("promise: an introduction does not introduce")).flatten()
        }
        Kind::Claim { member, .. } => {
            let untouched = !history.statements.values().any(|s| match s.statement.body {
                Body::Remove { member: m } | Body::Bind { member: m, .. } => m == *member,
                _ => false,
            });
            let ready = first(Generation::Claim(entry.id))
                .is_some_and(|d| new.state.devices.contains_key(&d));
            (untouched && !ready).then(|| bad("promise: a claim starts nothing")).flatten()
        }
        Kind::Adopt { member } => {
            let works = new.introduced.contains(member);
            (!works).then(|| bad("promise: an adoption does not adopt")).flatten()
        }
        Kind::Statement(s) => match s.body {
            Body::Remove { member } => {
                let m = new.state.members.get(&member);
                let gone = m.is_some_and(|m| m.removed && m.current.is_empty());
                // "whoever removes chooses the base": with all known heads nothing known is voided.
                (!gone || flipped(false))
                    .then(|| bad("promise: a removal fails, or voids its past"))
                    .flatten()
            }
            Body::Bind { member, card } => {
                let generation = Generation::Bind(s.digest);
                let current = new.state.members.get(&member).map(|m| m.current.clone());
                let device = match card.of {
                    Holder::Person { device, .. } => device,
                    Holder::Placeholder { .. } => return None,
                };
                let works = current == Some([generation].into())
                    && new.state.devices.contains_key(&(generation, device));
                (!works || flipped(true))
                    .then(|| bad("promise: a bind fails, or voids its past"))
                    .flatten()
            }
            Body::RenameGroup { name } => (new.state.group_name != name)
                .then(|| bad("promise: a group name does not take"))
                .flatten(),
            Body::Enrol { generation, device } => {
                let left = new
                    .own
                    .iter()
                    .filter_map(|d| history.statements.get(d))
                    .any(|l| l.statement.body == Body::Leave { generation });
                let works = left || new.state.devices.contains_key(&(generation, device));
                (!works).then(|| bad("promise: an enrolment does not enrol")).flatten()
            }
            Body::Revoke { generation, device } => {
                let gone = !new.state.devices.contains_key(&(generation, device));
                (!gone || flipped(false))
                    .then(|| bad("promise: a revocation fails, or voids its past"))
                    .flatten()
            }
            Body::Leave { generation } => {
                let gone = !new.state.devices.keys().any(|(g, _)| *g == generation);
                (!gone || flipped(false))
                    .then(|| bad("promise: a leave fails, or voids its past"))
                    .flatten()
            }
            Body::Rename { generation, name } => {
                let member = history.generations.get(&generation).map(|g| g.member)?;
                let named = new.state.members.get(&member).is_some_and(|m| m.name == name);
                (!named).then(|| bad("promise: a name does not take")).flatten()
            }
        },
        _ => None,
    }
}

/// Whether another original has the entry's origin.
fn shares_origin(history: &History, entry: &Entry) -> bool {
    let origin = origin_of(entry);
    let others = || history.admitted.iter().filter(|a| a.entry.id != entry.id);
    origin.is_some() && others().any(|a| origin_of(&a.entry) == origin)
}

/// What is broken of the promise of an imported row in a slot that had other originals. A slot that
/// shows an original stays as it is. Else it shows the row, with what applied corrections and
/// cancellations of void originals and of copies say about it.
fn imported(
    history: &History,
    before: Option<&Slot>,
    now: Option<&Slot>,
    row: Id,
) -> Option<&'static str> {
    let is_original = |id| {
        history
            .get(id)
            .is_some_and(|a| matches!(a.entry.kind, Kind::Expense(_) | Kind::Transfer(_)))
    };
    match before {
        Some(slot) if is_original(slot.shown) => {
            (now != before).then_some("promise: an imported row moved what was shown")
        }
        _ => now
            .is_none_or(|slot| slot.shown != row)
            .then_some("promise: an imported row is not shown"),
    }
}
