//! Step 4: introductions, a least fixpoint (SPEC §6.5).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::{Cuts, first_cut};
use super::enrolment::{introduces, member_named};
use super::history::{History, Node};
use crate::id::{EntryId, MemberId, StatementId};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Verdict, VoidReason};

/// Input of step 4: the history, and the results of steps 1 to 3.
pub(super) struct Standing<'a> {
    pub(super) history: &'a History,
    pub(super) acts: &'a BTreeMap<StatementId, Verdict>,
    pub(super) cuts: &'a Cuts,
}

/// Result of step 4: accepted members, generations and enrolments, and verdicts on introductions.
#[derive(Clone, Debug, Default)]
pub(super) struct Introductions {
    /// Members whose introduction is accepted.
    pub(super) members: BTreeSet<MemberId>,
    /// Generations whose start is accepted.
    pub(super) started: BTreeSet<Generation>,
    /// Enrolments that are accepted.
    pub(super) enrolments: BTreeSet<Enrolment>,
    /// The verdict of each introduction, by its place in the history.
    pub(super) verdicts: BTreeMap<usize, Verdict>,
}

/// The unknowns of the fixpoint; all else in step 4 follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Accepted {
    members: BTreeSet<MemberId>,
    claims: BTreeSet<EntryId>,
}

/// An introduction with what does not change from round to round.
struct Introduction<'a> {
    place: usize,
    node: &'a Node,
    /// Fault of the entry; always makes it void.
    fault: Option<VoidReason>,
    /// First cut on the entry; makes it void unless its member is accepted otherwise.
    cut: Option<VoidReason>,
}

pub(super) fn introductions(standing: &Standing<'_>) -> Introductions {
    let history = standing.history;
    let all: Vec<Introduction<'_>> = history
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| is_introduction(node))
        .map(|(place, node)| {
            let cut = first_cut(history, standing.cuts, place);
            Introduction { place, node, fault: node.fault, cut }
        })
        .collect();
    // The least fixpoint begins with nothing accepted. Each round accepts more or is the last, so
    // there are at most as many rounds as introductions.
    let mut now = Accepted::default();
    loop {
        let next = round(standing, &all, &now);
        if next == now {
            break;
        }
        now = next;
    }
    let started: BTreeSet<Generation> = history
        .generations
        .keys()
        .copied()
        .filter(|generation| is_started(standing, &now, *generation))
        .collect();
    let enrolled = history
        .statements
        .values()
        .filter(|stated| matches!(stated.act.body(), StatementBody::Enrol { .. }));
    let enrolments = started
        .iter()
        .map(|generation| Enrolment::First(*generation))
        .chain(enrolled.map(|stated| Enrolment::Enrolled(stated.act.id())))
        .filter(|enrolment| is_enrolled(standing, &now, *enrolment))
        .collect();
    let verdicts = all
        .iter()
        .map(|introduction| (introduction.place, verdict(standing, &now, introduction)))
        .collect();
    Introductions { members: now.members, started, enrolments, verdicts }
}

/// Runs one round. Returns what is accepted, given what the round before accepted.
fn round(standing: &Standing<'_>, all: &[Introduction<'_>], now: &Accepted) -> Accepted {
    let history = standing.history;
    let mut next = Accepted::default();
    // The genesis entry introduces the owner and, in a successor group, the
    // old group's people.
    if let Some(Payload::Genesis(genesis)) = history.nodes.first().map(Node::payload) {
        next.members.extend(genesis.people().into_iter().map(|(member, _)| member));
    }
    // An accepted bind adopts its member.
    for stated in history.statements.values() {
        if let StatementBody::Bind { member, .. } = stated.act.body()
            && is_accepted(standing, stated.act.id())
        {
            next.members.insert(*member);
        }
    }
    for introduction in all {
        if !verdict(standing, now, introduction).is_applied() {
            continue;
        }
        let node = introduction.node;
        match node.payload() {
            // A member is a card digest: one accepted add of the card accepts all of them.
            Payload::AddMember(_) | Payload::Placeholder(_) => {
                next.members.extend(introduces(node))
            }
            Payload::Adopt(target) => {
                let target = node.reference(*target);
                next.members.extend(target.and_then(|id| member_named(history, id)));
            }
            Payload::Claim(_) => {
                next.claims.insert(node.entry.id());
            }
            _ => {}
        }
    }
    next
}

/// Verdict on an introduction, given what is accepted now.
fn verdict(standing: &Standing<'_>, now: &Accepted, introduction: &Introduction<'_>) -> Verdict {
    let node = introduction.node;
    if let Some(fault) = introduction.fault {
        return Verdict::Void(fault);
    }
    // A MemberId is the digest of the card in an add or a placeholder, so adopting the member
    // accepts these. It does not cover the card of a claim.
    let adoptable = matches!(node.payload(), Payload::AddMember(_) | Payload::Placeholder(_));
    if adoptable && introduces(node).is_some_and(|member| now.members.contains(&member)) {
        return Verdict::Applied;
    }
    let unknown = (!is_enrolled(standing, now, node.author)).then_some(VoidReason::EnrolmentVoid);
    introduction.cut.or(unknown).map_or(Verdict::Applied, Verdict::Void)
}

fn is_introduction(node: &Node) -> bool {
    matches!(
        node.payload(),
        Payload::AddMember(_) | Payload::Placeholder(_) | Payload::Claim(_) | Payload::Adopt(_)
    )
}

fn is_accepted(standing: &Standing<'_>, digest: StatementId) -> bool {
    standing.acts.get(&digest) == Some(&Verdict::Applied)
}

fn is_started(standing: &Standing<'_>, now: &Accepted, generation: Generation) -> bool {
    match generation {
        Generation::Card(member) => now.members.contains(&member),
        Generation::Claim(entry) => now.claims.contains(&entry),
        Generation::Bind(digest) => is_accepted(standing, digest),
    }
}

/// Whether an enrolment is accepted: its generation must be, and its statement must have passed
/// step 3.
fn is_enrolled(standing: &Standing<'_>, now: &Accepted, enrolment: Enrolment) -> bool {
    match enrolment {
        Enrolment::First(generation) => is_started(standing, now, generation),
        Enrolment::Enrolled(digest) => {
            let generation =
                standing.history.enrolment(enrolment).map(|(generation, _)| generation);
            is_accepted(standing, digest)
                && generation.is_some_and(|generation| is_started(standing, now, generation))
        }
    }
}
