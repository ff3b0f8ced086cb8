//! The six steps from a history to verdicts and slots (SPEC §6).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::{Cuts, concerns, first_cut, hard_cuts_on};
use super::history::{History, StatementRecord};
use super::introductions::{Introductions, Standing, introductions};
use super::slots::slots;
use crate::id::{EntryId, MemberId, StatementId};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Slot, Verdict, VoidReason};

/// Result of the six steps: the verdict of every entry and statement, and the slots.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    /// The verdict of each entry, by its place in the history.
    pub(crate) verdicts: Vec<Verdict>,
    pub(super) acts: BTreeMap<StatementId, Verdict>,
    pub(super) cuts: Cuts,
    pub(super) members: BTreeSet<MemberId>,
    pub(super) started: BTreeSet<Generation>,
    pub(super) enrolments: BTreeSet<Enrolment>,
    /// The slots, by original.
    pub(crate) slots: BTreeMap<EntryId, Slot>,
}

impl Resolution {
    pub(super) fn is_accepted(&self, digest: StatementId) -> bool {
        self.acts.get(&digest) == Some(&Verdict::Applied)
    }

    /// The accepted statements.
    pub(super) fn accepted<'h>(
        &'h self,
        history: &'h History,
    ) -> impl Iterator<Item = &'h StatementRecord> {
        history.statements.values().filter(|stated| self.is_accepted(stated.act.id()))
    }

    /// Whether the start of a generation is accepted and no hard cut concerns it.
    pub(super) fn is_current(&self, history: &History, generation: Generation) -> bool {
        let hard = self.cuts.hard.iter().filter_map(|digest| history.statements.get(digest));
        let mut concerning = hard.filter(|cut| concerns(history, cut, generation));
        self.started.contains(&generation) && concerning.next().is_none()
    }
}

/// Resolves the set of admitted entries. Each step reads only what earlier
/// steps decided.
#[must_use]
pub(crate) fn resolve(history: &History) -> Resolution {
    let mut acts = BTreeMap::new();
    let (owner_acts, self_acts): (Vec<&StatementRecord>, Vec<&StatementRecord>) =
        history.statements.values().partition(|stated| stated.act.body().generation().is_none());

    // Step 1. Owner statements without a fault are accepted.
    for stated in &owner_acts {
        acts.insert(stated.act.id(), verdict(stated.fault));
    }

    // Step 2. Hard cuts: accepted removals and binds.
    let hard = accepted(&acts, &owner_acts, |body| {
        matches!(body, StatementBody::Remove { .. } | StatementBody::Bind { .. })
    });
    let mut cuts = Cuts { hard, own: Vec::new() };

    // Step 3. Self statements are accepted if the generation's root key signed them, an entry that
    // starts the generation is within them, and they are within every hard cut on the generation.
    for stated in &self_acts {
        acts.insert(stated.act.id(), verdict(self_act(history, &cuts, stated)));
    }
    cuts.own = accepted(&acts, &self_acts, |body| {
        matches!(body, StatementBody::Revoke { .. } | StatementBody::Leave { .. })
    });

    // Step 4. Introductions; then self statements whose generation is not accepted are void.
    let found = introductions(&Standing { history, acts: &acts, cuts: &cuts });
    for stated in &self_acts {
        let started = stated.act.body().generation().is_some_and(|g| found.started.contains(&g));
        if let Some(verdict) = acts.get_mut(&stated.act.id())
            && verdict.is_applied()
            && !started
        {
            *verdict = Verdict::Void(VoidReason::StartVoid);
        }
    }

    // Step 5. All other entries; a carrier has the verdict of its statement.
    let verdicts = plain(history, &acts, &cuts, &found);

    // Step 6. Slots.
    let slots = slots(history, &verdicts);
    let Introductions { members, started, enrolments, .. } = found;
    Resolution { verdicts, acts, cuts, members, started, enrolments, slots }
}

fn verdict(failing: Option<VoidReason>) -> Verdict {
    failing.map_or(Verdict::Applied, Verdict::Void)
}

/// Ids of the accepted statements of a kind, in statement order.
fn accepted(
    acts: &BTreeMap<StatementId, Verdict>,
    statements: &[&StatementRecord],
    kind: impl Fn(&StatementBody) -> bool,
) -> Vec<StatementId> {
    let accepted = |stated: &&&StatementRecord| {
        kind(stated.act.body()) && acts.get(&stated.act.id()) == Some(&Verdict::Applied)
    };
    let mut found: Vec<&&StatementRecord> = statements.iter().filter(accepted).collect();
    found.sort_by_key(|stated| stated.order());
    found.iter().map(|stated| stated.act.id()).collect()
}

/// First failing check of a self statement (step 3).
fn self_act(history: &History, cuts: &Cuts, stated: &StatementRecord) -> Option<VoidReason> {
    if stated.fault.is_some() {
        return stated.fault;
    }
    let generation = stated.act.body().generation()?;
    let start = history.generations.get(&generation);
    let in_base =
        start.is_some_and(|start| start.by.iter().any(|place| stated.within.contains(*place)));
    if !in_base {
        return Some(VoidReason::StartNotInBase);
    }
    if start.is_none_or(|start| start.root != stated.act.signer()) {
        return Some(VoidReason::NotSignedByRoot);
    }
    let outside = hard_cuts_on(history, cuts, generation).any(|cut| !stated.is_within(cut));
    outside.then_some(VoidReason::HardCut)
}

/// Verdicts on all entries, in the order of the history (step 5).
fn plain(
    history: &History,
    acts: &BTreeMap<StatementId, Verdict>,
    cuts: &Cuts,
    found: &Introductions,
) -> Vec<Verdict> {
    let judge = |place: usize, node: &super::history::Node| {
        if let Some(act) = node.act() {
            return acts.get(&act.id()).copied().unwrap_or(Verdict::Applied);
        }
        if let Some(verdict) = found.verdicts.get(&place) {
            return *verdict;
        }
        if matches!(node.payload(), Payload::Opaque) {
            return Verdict::Unknown;
        }
        let cut = || first_cut(history, cuts, place);
        let unknown = !found.enrolments.contains(&node.author);
        let void = || unknown.then_some(VoidReason::EnrolmentVoid);
        verdict(node.fault.or_else(cut).or_else(void))
    };
    history.nodes.iter().enumerate().map(|(place, node)| judge(place, node)).collect()
}
