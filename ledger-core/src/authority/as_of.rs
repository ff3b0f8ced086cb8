//! State as of an earlier point: today's verdicts on part of the entries (SPEC §7.3).

use std::collections::BTreeSet;

use super::enrolment::{introduced_member, member_introduced_by};
use super::history::{History, Node};
use super::resolve::Resolution;
use super::slots::slots;
use super::state::state;
use crate::base::id::MemberId;
use crate::money::Date;
use crate::payload::Payload;
use crate::state::GroupState;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Verdict};

/// Returns the state of the first `len` entries in the total order, with the verdicts
/// that the whole history gives them.
///
/// A prefix of the total order is closed under dependencies, since clocks ascend along
/// them.
pub(super) fn state_of_first(
    history: &History,
    resolution: &Resolution,
    len: usize,
) -> Option<GroupState> {
    let mut nodes = history.nodes.iter().take(len);
    let mut prefix = History::begin(&nodes.next()?.entry).ok()?;
    nodes.for_each(|node| {
        prefix.offer(node.entry.clone());
    });
    let verdicts: Vec<Verdict> = resolution.verdicts.iter().take(len).copied().collect();
    let members = accepted_members(&prefix, &verdicts);
    let is_accepted = |generation: &Generation| match generation {
        // A later introduction may be what accepts the member today.
        Generation::Card(member) => members.contains(member),
        _ => prefix.generations.contains_key(generation),
    };
    let generations: BTreeSet<Generation> =
        resolution.generations.iter().copied().filter(is_accepted).collect();
    let is_enrolled = |enrolment: &Enrolment| {
        let enrolled = prefix.enrolled_device(*enrolment);
        enrolled.is_some_and(|(generation, _)| generations.contains(&generation))
    };
    let mut cuts = resolution.cuts.clone();
    cuts.hard.retain(|id| prefix.statements.contains_key(id));
    cuts.own.retain(|id| prefix.statements.contains_key(id));
    let resolution = Resolution {
        statement_verdicts: resolution.statement_verdicts.clone(),
        enrolments: resolution.enrolments.iter().copied().filter(is_enrolled).collect(),
        slots: slots(&prefix, &verdicts),
        verdicts,
        cuts,
        members,
        generations,
    };
    Some(state(&prefix, &resolution))
}

/// Returns the members whom an applied entry of a prefix makes accepted.
fn accepted_members(prefix: &History, verdicts: &[Verdict]) -> BTreeSet<MemberId> {
    let applied = prefix.nodes.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_applied());
    let mut members = BTreeSet::new();
    for (node, _) in applied {
        match node.payload() {
            Payload::Genesis(genesis) => {
                members.extend(genesis.people().into_iter().map(|(member, _)| member));
            }
            Payload::AddMember(_) | Payload::Placeholder(_) => {
                members.extend(introduced_member(node));
            }
            Payload::Adopt(target) => {
                let target = node.reference(*target);
                members.extend(target.and_then(|id| member_introduced_by(prefix, id)));
            }
            Payload::Statement(signed) => {
                if let StatementBody::Bind { member, .. } = signed.statement().body() {
                    members.insert(*member);
                }
            }
            _ => {}
        }
    }
    members
}

/// Returns today's state with the balances of what is dated up to a day.
pub(super) fn state_on(history: &History, resolution: &Resolution, date: Date) -> GroupState {
    let mut resolution = resolution.clone();
    resolution.slots.retain(|_, slot| {
        let content = slot.content().and_then(|id| history.get(&id));
        let content = content.map(Node::payload).and_then(Payload::transaction);
        content.is_some_and(|content| content.date() <= date)
    });
    state(history, &resolution)
}
