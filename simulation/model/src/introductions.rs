//! Introductions: step 4 of the resolution, a least fixpoint.
//!
//! "Accepted if the author's enrolment is accepted and nothing (hard cut, revocation, leave) cuts
//! them, or if adopted: by `adopt(member)` of an accepted device of another member that nothing
//! cuts, by another accepted add of the same card, or by an accepted bind of that member. Adoption
//! only adds."

use std::collections::{BTreeMap, BTreeSet};

use crate::cuts::{Cuts, first_cut};
use crate::entry::{Body, Digest, Enrolment, Generation, Id, Kind, MemberId};
use crate::history::{History, owner_statements, self_statements};
use crate::rules::Rules;
use crate::verdict::{Reason, Verdict, form};

/// The decisions of steps 1 to 3.
pub struct Standing<'a> {
    /// The set of admitted entries.
    pub history: &'a History,
    /// The rules in force.
    pub r: &'a Rules,
    /// Verdicts of statements.
    pub statement_verdicts: &'a BTreeMap<Digest, Verdict>,
    /// The cuts in force.
    pub cuts: &'a Cuts,
}

/// The decisions of step 4.
#[derive(Clone, Debug, Default)]
pub struct Introductions {
    /// Members whose introduction is accepted.
    pub members: BTreeSet<MemberId>,
    /// Generations whose start is accepted.
    pub started: BTreeSet<Generation>,
    /// Enrolments that are accepted.
    pub enrolments: BTreeSet<Enrolment>,
    /// The verdict of each add, placeholder, claim and adopt, by index.
    pub verdicts: BTreeMap<usize, Verdict>,
}

/// The unknowns of the fixpoint: all else in step 4 follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Accepted {
    /// Members introduced, adopted or bound.
    members: BTreeSet<MemberId>,
    /// Members adopted or bound by name.
    vouched: BTreeSet<MemberId>,
    /// Claims.
    claims: BTreeSet<Id>,
}

/// Step 4.
pub fn introductions(s: &Standing) -> Introductions {
    // "Least": nothing is accepted until something accepted makes it so.
    let mut now = Accepted::default();
    if !s.r.least_fixpoint {
        let entries = || s.history.admitted.iter().map(|a| &a.entry);
        now.members = entries().filter_map(|e| e.introduces()).map(|c| c.id).collect();
        now.claims = entries().map(|e| e.id).collect();
    }
    loop {
        let next = round(s, &now);
        if next == now {
            break;
        }
        now = next;
    }
    let verdicts = (0..s.history.admitted.len()).filter(|&i| is_introduction(s.history, i));
    let verdicts = verdicts.map(|i| (i, verdict(s, &now, i))).collect();
    let started: BTreeSet<Generation> =
        s.history.generations.keys().copied().filter(|&g| is_started(s, &now, g)).collect();
    let enrols =
        self_statements(s.history).filter(|(_, a)| matches!(a.statement.body, Body::Enrol { .. }));
    let enrolments = started.iter().map(|&g| Enrolment::First(g));
    let enrolments = enrolments.chain(enrols.map(|(&d, _)| Enrolment::Enrolled(d)));
    let enrolments = enrolments.filter(|&e| is_enrolled(s, &now, e)).collect();
    Introductions { members: now.members, started, enrolments, verdicts }
}

/// One round of the fixpoint: everything that is accepted, given the round before.
fn round(s: &Standing, now: &Accepted) -> Accepted {
    let mut next = Accepted::default();
    // The genesis entry introduces the owner.
    next.members.extend(s.history.owner().map(|(member, _)| member));
    // "... or by an accepted bind of that member."
    for (digest, act) in owner_statements(s.history) {
        if let Body::Bind { member, .. } = act.statement.body
            && s.r.bind_adopts
            && is_accepted(s, *digest)
        {
            next.members.insert(member);
            next.vouched.insert(member);
        }
    }
    for index in (0..s.history.admitted.len()).filter(|&i| is_introduction(s.history, i)) {
        let Some(a) = s.history.admitted.get(index) else { continue };
        if let Verdict::Void(_) = verdict(s, now, index) {
            continue;
        }
        match a.entry.kind {
            // "... by another accepted add of the same card ...": members go by card.
            Kind::Add { card } | Kind::Placeholder { card } => {
                next.members.insert(card.id);
            }
            // "... by `adopt(member)` of an accepted device of another member ..."
            Kind::Adopt { member } if s.r.adoption => {
                next.members.insert(member);
                next.vouched.insert(member);
            }
            Kind::Claim { .. } => {
                next.claims.insert(a.entry.id);
            }
            _ => {}
        }
    }
    next
}

/// The verdict of an introduction, given everything that is accepted now.
fn verdict(s: &Standing, now: &Accepted, index: usize) -> Verdict {
    let Some(a) = s.history.admitted.get(index) else { return Verdict::Applied };
    if let Some(reason) = form(s.r, &a.faults) {
        return Verdict::Void(reason);
    }
    // Adoption speaks for the member, that is, for the card that the MemberId is the digest of;
    // not for claims, whose card it does not cover (F2), nor for adopts.
    let adopted = match a.entry.kind {
        Kind::Add { card } | Kind::Placeholder { card } => {
            s.r.repeated_add && now.members.contains(&card.id)
        }
        Kind::Claim { member, .. } => !s.r.claim_not_adoptable && now.vouched.contains(&member),
        Kind::Adopt { .. } => !s.r.adopt_needs_standing,
        _ => false,
    };
    if adopted {
        return Verdict::Applied;
    }
    // "Accepted if the author's enrolment is accepted and nothing (hard cut, revocation, leave)
    // cuts them."
    let cut = first_cut(s.history, s.r, s.cuts, index).filter(|_| s.r.intro_cuts);
    let unknown = s.r.intro_needs_enrolment && !is_enrolled(s, now, a.author);
    let void = unknown.then_some(Reason::EnrolmentVoid);
    cut.or(void).map_or(Verdict::Applied, Verdict::Void)
}

fn is_introduction(history: &History, index: usize) -> bool {
    history.admitted.get(index).is_some_and(|a| {
        matches!(
            a.entry.kind,
            Kind::Add { .. } | Kind::Placeholder { .. } | Kind::Claim { .. } | Kind::Adopt { .. }
        )
    })
}

fn is_accepted(s: &Standing, digest: Digest) -> bool {
    s.statement_verdicts.get(&digest) == Some(&Verdict::Applied)
}

/// Whether a generation's "start (genesis, introduction, bind) is accepted".
fn is_started(s: &Standing, now: &Accepted, generation: Generation) -> bool {
    match generation {
        Generation::Card(card) => now.members.contains(&card),
        Generation::Claim(id) => now.claims.contains(&id),
        Generation::Bind(digest) => is_accepted(s, digest),
    }
}

/// "An enrolment counts as accepted only if its generation's start is accepted too."
fn is_enrolled(s: &Standing, now: &Accepted, enrolment: Enrolment) -> bool {
    match enrolment {
        Enrolment::First(generation) => is_started(s, now, generation),
        Enrolment::Enrolled(digest) => {
            let generation = s.history.enrolment(enrolment).map(|(generation, _)| generation);
            let started = generation.is_some_and(|g| is_started(s, now, g));
            is_accepted(s, digest) && (started || !s.r.enrol_needs_start)
        }
    }
}
