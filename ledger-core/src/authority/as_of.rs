//! The state as of an earlier place in the order: today's verdicts on the
//! entries up to there (SPEC §7.3).

use std::collections::BTreeSet;

use super::enrolment::{introduces, member_named};
use super::history::{History, Node};
use super::resolve::Resolution;
use super::slots::slots;
use super::state::state;
use crate::id::MemberId;
use crate::money::Date;
use crate::payload::Payload;
use crate::state::GroupState;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Verdict};

/// The state of the first `len` entries in the total order, which are closed
/// under dependencies, with the verdicts of all.
pub(crate) fn state_of_first(
    history: &History,
    resolution: &Resolution,
    len: usize,
) -> Option<GroupState> {
    let mut nodes = history.nodes.iter().take(len);
    let mut then = History::begin(&nodes.next()?.entry).ok()?;
    nodes.for_each(|node| {
        then.offer(node.entry.clone());
    });
    let verdicts: Vec<Verdict> = resolution.verdicts.iter().take(len).copied().collect();
    let members = accepted_members(&then, &verdicts);
    let started: BTreeSet<Generation> = resolution
        .started
        .iter()
        .copied()
        .filter(|generation| match generation {
            Generation::Card(member) => members.contains(member),
            _ => then.generations.contains_key(generation),
        })
        .collect();
    let enrolled = |enrolment: &Enrolment| {
        then.enrolment(*enrolment).is_some_and(|(generation, _)| started.contains(&generation))
    };
    let mut cuts = resolution.cuts.clone();
    cuts.hard.retain(|digest| then.statements.contains_key(digest));
    cuts.own.retain(|digest| then.statements.contains_key(digest));
    let resolution = Resolution {
        acts: resolution.acts.clone(),
        enrolments: resolution.enrolments.iter().copied().filter(enrolled).collect(),
        slots: slots(&then, &verdicts),
        verdicts,
        cuts,
        members,
        started,
    };
    Some(state(&then, &resolution))
}

/// The members whom an applied entry of these makes accepted.
fn accepted_members(then: &History, verdicts: &[Verdict]) -> BTreeSet<MemberId> {
    let applied = then.nodes.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_applied());
    let mut members = BTreeSet::new();
    for (node, _) in applied {
        match node.payload() {
            Payload::Genesis(genesis) => {
                members.extend(genesis.people().into_iter().map(|(member, _)| member));
            }
            Payload::AddMember(_) | Payload::Placeholder(_) => members.extend(introduces(node)),
            Payload::Adopt(target) => {
                let target = node.reference(*target);
                members.extend(target.and_then(|id| member_named(then, id)));
            }
            Payload::Statement(signed) => {
                if let StatementBody::Bind { member, .. } = signed.act().body() {
                    members.insert(*member);
                }
            }
            _ => {}
        }
    }
    members
}

/// Today's state with the balances of what is dated up to a day.
pub(crate) fn state_on(history: &History, resolution: &Resolution, date: Date) -> GroupState {
    let mut then = resolution.clone();
    then.slots.retain(|_, slot| {
        let content = slot.content().and_then(|id| history.get(&id));
        let content = content.map(Node::payload).and_then(Payload::transaction);
        content.is_some_and(|content| content.date() <= date)
    });
    state(history, &then)
}
