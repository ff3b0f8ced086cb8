//! Checks of each arrival: the changes that an entry may cause.
//!
//! Whether an author is powerless is decided with as little as possible of the code under test: cuts
//! on generations are computed anew, in a different form.

use std::collections::BTreeSet;

use crate::entry::{Body, Enrolment, Entry, Generation, Id, Kind, MemberId};
use crate::history::{History, StatementRecord, author};
use crate::past::Past;
use crate::rules::Rules;
use crate::sim::flips;
use crate::slots::slot_of;
use crate::state::Resolution;
use crate::state::State;
use crate::verdict::Verdict;

/// A violated property.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The property.
    pub property: &'static str,
    /// Description of what happened.
    pub detail: String,
}

/// A violation of a property.
pub fn violation(property: &'static str, detail: String) -> Option<Violation> {
    Some(Violation { property, detail })
}

/// Expectations of an arrival, from before it arrives.
#[derive(Clone, Debug)]
pub struct Before {
    /// Why the arrival may not change the state; `None` if it may.
    pub powerless: Option<&'static str>,
    /// The verdicts that may flip.
    pub flips: flips::Row,
    /// Whether a key that signs it belongs to an ended generation, but signs for another one.
    pub elsewhere: bool,
}

/// Owner statements that are certainly valid: signed by the founder, not about the owner, without
/// faults of form.
pub fn owner_statements(history: &History) -> impl Iterator<Item = &StatementRecord> {
    let owner = history.owner().map(|(_, root)| root);
    history.statements.values().filter(move |s| {
        s.statement.body.generation().is_none()
            && s.faults.is_empty()
            && Some(s.statement.signer) == owner
    })
}

/// Whether a carrier of `s` is among these entries.
pub fn carried_in(s: &StatementRecord, past: &Past) -> bool {
    s.carriers.iter().any(|&c| past.contains(c))
}

/// Whether some removal or bind ends this generation, in a different form than `cuts::concerns`:
/// among binds only the last in statement order survives, and it survives the removals it knows.
pub fn ended(history: &History, generation: Generation) -> bool {
    let Some(g) = history.generations.get(&generation) else { return false };
    let own = match generation {
        Generation::Bind(d) => history.statements.get(&d),
        _ => None,
    };
    owner_statements(history).any(|s| match (s.statement.body, own) {
        (Body::Remove { member }, Some(b)) => member == g.member && !carried_in(s, &b.within),
        (Body::Bind { member, .. }, Some(b)) => {
            member == g.member && (s.clock, s.statement.digest) > (b.clock, b.statement.digest)
        }
        (Body::Remove { member } | Body::Bind { member, .. }, None) => member == g.member,
        _ => false,
    })
}

/// Whether a generation has no power left, or none yet.
fn dead_gen(history: &History, reference: &Resolution, generation: Generation) -> bool {
    ended(history, generation) || !reference.started.contains(&generation)
}

fn dead_author(history: &History, reference: &Resolution, author: Enrolment) -> bool {
    let Some((generation, device)) = history.enrolment(author) else { return true };
    let revoked = history.statements.values().any(|s| {
        reference.accepted(s.statement.digest)
            && s.statement.body == Body::Revoke { generation, device }
    });
    dead_gen(history, reference, generation) || revoked || !reference.enrolments.contains(&author)
}

/// The expectations of an arrival. `reference` is the resolution with every rule in force.
pub fn before(history: &History, reference: &Resolution, entry: &Entry) -> Before {
    let generation = match entry.statement() {
        Some(s) => s.body.generation(),
        None => author(history, entry)
            .ok()
            .and_then(|e| history.enrolment(e))
            .map(|(generation, _)| generation),
    };
    let root = |g: Generation| history.generations.get(&g).map(|g| g.root);
    let gens = || history.generations.keys().copied();
    let elsewhere =
        generation.is_some_and(|g| gens().any(|o| root(o) == root(g) && ended(history, o)));
    let flips = flips::row(history, entry);
    Before { powerless: powerless(history, reference, entry), flips, elsewhere }
}

fn powerless(history: &History, reference: &Resolution, entry: &Entry) -> Option<&'static str> {
    let Some(s) = entry.statement() else {
        let author = author(history, entry).ok()?;
        let dead = !history.admitted.is_empty() && dead_author(history, reference, author);
        return dead.then_some("entry of a cut, revoked or never accepted device");
    };
    if history.statements.contains_key(&s.digest) {
        return Some("statement carried again");
    }
    match s.body.generation() {
        None if history.owner().is_some_and(|(_, root)| root == s.signer) => None,
        None => Some("owner statement forged"),
        Some(generation) => match history.generations.get(&generation) {
            Some(g) if g.root != s.signer => Some("self statement forged"),
            Some(_) if dead_gen(history, reference, generation) => {
                Some("self statement of an ended generation")
            }
            Some(_) => None,
            None => Some("self statement of a generation not begun"),
        },
    }
}

/// The state from before an arrival, with the names that its slots have after it. A slot is named after
/// the first of its originals, void or not, so an entry that changes nothing may give it another name.
fn renamed(state: &State, history: &History, rules: &Rules) -> State {
    let name = |id: Id| match history.get(id).map(|a| &a.entry.kind) {
        Some(Kind::Expense(_) | Kind::Transfer(_)) => slot_of(history, rules, id).unwrap_or(id),
        _ => id,
    };
    let slots = state.slots.iter().map(|(&id, slot)| (name(id), slot.clone())).collect();
    State { slots, ..state.clone() }
}

/// Compares the resolutions by `rules` before and after an arrival with the expectations.
pub fn check(
    before: &Before,
    history: &History,
    rules: &Rules,
    entry: &Entry,
    old: &Resolution,
    new: &Resolution,
) -> Option<Violation> {
    if let Some(why) = before.powerless
        && renamed(&old.state, history, rules) != new.state
    {
        let detail = format!("{why} {:#x} changed the state", entry.id);
        return violation("3/4: no back-dating, rank", detail);
    }
    // Pointwise: whatever the arrival's own verdict, only the table's verdicts may flip.
    for (id, verdict) in &old.verdicts {
        let now = new.verdicts.get(id);
        if now == Some(verdict) {
            continue;
        }
        let revived = now == Some(&Verdict::Applied);
        if let Some(why) = flips::forbids(&before.flips, history, *id, revived) {
            let detail =
                format!("{why}: {:?} flips {id:#x} {verdict:?} -> {now:?}", name(&entry.kind));
            return violation("table of flips", detail);
        }
    }
    // No entry that the owner did not sign undoes an owner statement.
    let own = entry.statement().is_some_and(|s| s.body.generation().is_none());
    if !own && old.hard != new.hard {
        return violation("4: rank", format!("{:#x} changed the cuts of the owner", entry.id));
    }
    None
}

/// A short name of a kind.
pub fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Genesis { .. } => "genesis",
        Kind::Add { .. } => "add",
        Kind::Placeholder { .. } => "placeholder",
        Kind::Claim { .. } => "claim",
        Kind::Adopt { .. } => "adopt",
        Kind::Merge => "merge",
        Kind::Expense(_) => "expense",
        Kind::Transfer(_) => "transfer",
        Kind::Correction { .. } => "correction",
        Kind::Cancellation { .. } => "cancellation",
        Kind::Restoration { .. } => "restoration",
        Kind::Copy { .. } => "copy",
        Kind::Endorse { .. } => "endorse",
        Kind::Rotate { .. } => "rotate",
        Kind::Epoch { .. } => "epoch",
        Kind::Set { .. } => "setting",
        Kind::Template { .. } => "template",
        Kind::Speaks { .. } => "speaks",
        Kind::Statement(s) => match s.body {
            Body::Remove { .. } => "remove",
            Body::Bind { .. } => "bind",
            Body::RenameGroup { .. } => "rename group",
            Body::Enrol { .. } => "enrol",
            Body::Revoke { .. } => "revoke",
            Body::Leave { .. } => "leave",
            Body::Rename { .. } => "rename",
        },
    }
}

/// The members that an entry's author or body brings in or stands for.
pub fn introduces(entry: &Entry) -> BTreeSet<MemberId> {
    match entry.kind {
        Kind::Add { card } | Kind::Placeholder { card } => [card.id].into(),
        Kind::Claim { member, .. } | Kind::Adopt { member } => [member].into(),
        _ => BTreeSet::new(),
    }
}
