//! Step 4: introductions, a least fixpoint (SPEC §6.5).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::{Cuts, first_cut};
use super::enrolment::{introduced_member, member_introduced_by};
use super::history::{History, Node};
use crate::base::id::{EntryId, MemberId, StatementId};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Verdict, VoidReason};

/// Result of steps 1 to 3.
pub(super) struct Decided<'a> {
    pub(super) history: &'a History,
    pub(super) statement_verdicts: &'a BTreeMap<StatementId, Verdict>,
    pub(super) cuts: &'a Cuts,
}

/// Result of step 4.
#[derive(Clone, Debug, Default)]
pub(super) struct Introductions {
    /// Accepted members.
    pub(super) members: BTreeSet<MemberId>,
    /// Accepted generations.
    pub(super) generations: BTreeSet<Generation>,
    /// Accepted enrolments.
    pub(super) enrolments: BTreeSet<Enrolment>,
    /// Verdict on each introduction, by its number in the history.
    pub(super) verdicts: BTreeMap<usize, Verdict>,
}

/// Unknowns of the fixpoint. All else in step 4 follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Accepted {
    members: BTreeSet<MemberId>,
    claims: BTreeSet<EntryId>,
}

/// An introduction with what stays the same in every round.
struct Introduction<'a> {
    number: usize,
    node: &'a Node,
    fault: Option<VoidReason>,
    /// Reason of the first cut on it. Does not count if the introduction is adopted.
    cut: Option<VoidReason>,
}

/// Computes step 4.
///
/// The fixpoint is the least one: nothing is accepted until something accepted makes it
/// so. A round never takes anything back, because every rule only adds. So each round
/// accepts more or is the last, and there are at most as many rounds as introductions.
pub(super) fn introductions(decided: &Decided<'_>) -> Introductions {
    let history = decided.history;
    let all: Vec<Introduction<'_>> = history
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| is_introduction(node))
        .map(|(number, node)| {
            let cut = first_cut(history, decided.cuts, number);
            Introduction { number, node, fault: node.fault, cut }
        })
        .collect();
    let mut accepted = Accepted::default();
    loop {
        let next = round(decided, &all, &accepted);
        if next == accepted {
            break;
        }
        accepted = next;
    }
    let generations: BTreeSet<Generation> = history
        .generations
        .keys()
        .copied()
        .filter(|generation| is_generation_accepted(decided, &accepted, *generation))
        .collect();
    let enrolling = history
        .statements
        .values()
        .filter(|record| matches!(record.statement.body(), StatementBody::Enrol { .. }));
    let enrolments = generations
        .iter()
        .map(|generation| Enrolment::First(*generation))
        .chain(enrolling.map(|record| Enrolment::Enrolled(record.statement.id())))
        .filter(|enrolment| is_enrolment_accepted(decided, &accepted, *enrolment))
        .collect();
    let verdicts = all
        .iter()
        .map(|introduction| (introduction.number, verdict(decided, &accepted, introduction)))
        .collect();
    Introductions { members: accepted.members, generations, enrolments, verdicts }
}

/// Returns what is accepted in one round, given what the round before accepted.
fn round(decided: &Decided<'_>, all: &[Introduction<'_>], before: &Accepted) -> Accepted {
    let history = decided.history;
    let mut accepted = Accepted::default();
    // The genesis entry: the owner and, in a successor group, the old group's people.
    if let Some(Payload::Genesis(genesis)) = history.nodes.first().map(Node::payload) {
        accepted.members.extend(genesis.people().into_iter().map(|(member, _)| member));
    }
    // An accepted bind accepts its member.
    for record in history.statements.values() {
        if let StatementBody::Bind { member, .. } = record.statement.body()
            && is_statement_accepted(decided, record.statement.id())
        {
            accepted.members.insert(*member);
        }
    }
    for introduction in all {
        if !verdict(decided, before, introduction).is_applied() {
            continue;
        }
        let node = introduction.node;
        match node.payload() {
            Payload::AddMember(_) | Payload::Placeholder(_) => {
                accepted.members.extend(introduced_member(node));
            }
            Payload::Adopt(target) => {
                let target = node.reference(*target);
                let member = target.and_then(|id| member_introduced_by(history, id));
                accepted.members.extend(member);
            }
            Payload::Claim(_) => {
                accepted.claims.insert(node.entry.id());
            }
            _ => {}
        }
    }
    accepted
}

/// Returns the verdict on an introduction, given what is accepted.
fn verdict(decided: &Decided<'_>, accepted: &Accepted, introduction: &Introduction<'_>) -> Verdict {
    let node = introduction.node;
    if let Some(fault) = introduction.fault {
        return Verdict::Void(fault);
    }
    // Adoption speaks for the card of which the MemberId is the digest. So it covers
    // adds and placeholders, also of the same card by others, but no claim, which brings
    // another card.
    let adoptable = matches!(node.payload(), Payload::AddMember(_) | Payload::Placeholder(_));
    if adoptable && introduced_member(node).is_some_and(|m| accepted.members.contains(&m)) {
        return Verdict::Applied;
    }
    let author_accepted = is_enrolment_accepted(decided, accepted, node.author);
    let unaccepted = (!author_accepted).then_some(VoidReason::EnrolmentVoid);
    introduction.cut.or(unaccepted).map_or(Verdict::Applied, Verdict::Void)
}

fn is_introduction(node: &Node) -> bool {
    matches!(
        node.payload(),
        Payload::AddMember(_) | Payload::Placeholder(_) | Payload::Claim(_) | Payload::Adopt(_)
    )
}

fn is_statement_accepted(decided: &Decided<'_>, id: StatementId) -> bool {
    decided.statement_verdicts.get(&id) == Some(&Verdict::Applied)
}

fn is_generation_accepted(
    decided: &Decided<'_>,
    accepted: &Accepted,
    generation: Generation,
) -> bool {
    match generation {
        Generation::Card(member) => accepted.members.contains(&member),
        Generation::Claim(entry) => accepted.claims.contains(&entry),
        Generation::Bind(id) => is_statement_accepted(decided, id),
    }
}

/// Returns whether an enrolment is accepted: only if its generation is.
fn is_enrolment_accepted(decided: &Decided<'_>, accepted: &Accepted, enrolment: Enrolment) -> bool {
    match enrolment {
        Enrolment::First(generation) => is_generation_accepted(decided, accepted, generation),
        Enrolment::Enrolled(id) => {
            let enrolled = decided.history.enrolled_device(enrolment);
            is_statement_accepted(decided, id)
                && enrolled.is_some_and(|(generation, _)| {
                    is_generation_accepted(decided, accepted, generation)
                })
        }
    }
}
