//! Resolution: the six steps from a history to verdicts and slots (SPEC §6).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::{Cuts, concerns, first_cut, hard_cuts_on};
use super::history::{History, Node, StatementRecord};
use super::introductions::{Decided, Introductions, introductions};
use super::slots::slots;
use crate::base::id::{EntryId, MemberId, StatementId};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Slot, Verdict, VoidReason};

/// Resolution of a history: the verdict on everything in it.
#[derive(Clone, Debug)]
pub(super) struct Resolution {
    /// Verdict on each entry, by its number in the history.
    pub(super) verdicts: Vec<Verdict>,
    pub(super) statement_verdicts: BTreeMap<StatementId, Verdict>,
    pub(super) cuts: Cuts,
    /// Accepted members.
    pub(super) members: BTreeSet<MemberId>,
    /// Accepted generations.
    pub(super) generations: BTreeSet<Generation>,
    /// Accepted enrolments.
    pub(super) enrolments: BTreeSet<Enrolment>,
    /// Slots by their original.
    pub(super) slots: BTreeMap<EntryId, Slot>,
}

impl Resolution {
    /// Returns the statements with the verdict applied.
    pub(super) fn accepted<'h>(
        &'h self,
        history: &'h History,
    ) -> impl Iterator<Item = &'h StatementRecord> {
        let is_accepted = |record: &&StatementRecord| {
            self.statement_verdicts.get(&record.statement.id()) == Some(&Verdict::Applied)
        };
        history.statements.values().filter(is_accepted)
    }

    /// Returns whether a generation is current: accepted, and no hard cut concerns it.
    pub(super) fn is_current(&self, history: &History, generation: Generation) -> bool {
        let hard = self.cuts.hard.iter().filter_map(|id| history.statements.get(id));
        let mut concerning = hard.filter(|cut| concerns(history, cut, generation));
        self.generations.contains(&generation) && concerning.next().is_none()
    }
}

/// Resolves a history. Each step reads only what earlier steps decided.
#[must_use]
pub(super) fn resolve(history: &History) -> Resolution {
    let mut verdicts = BTreeMap::new();
    let (owner_statements, self_statements): (Vec<&StatementRecord>, Vec<&StatementRecord>) =
        history.statements.values().partition(|r| r.statement.body().generation().is_none());

    // Step 1. Owner statements without a fault are accepted.
    for record in &owner_statements {
        verdicts.insert(record.statement.id(), verdict(record.fault));
    }

    // Step 2. Hard cuts: accepted removals and binds.
    let hard = accepted_in_order(&verdicts, &owner_statements, |body| {
        matches!(body, StatementBody::Remove { .. } | StatementBody::Bind { .. })
    });
    let mut cuts = Cuts { hard, own: Vec::new() };

    // Step 3. Self statements: by the generation's root key, with the generation's start
    // in the base or its past, within every hard cut on the generation.
    for record in &self_statements {
        let rejection = self_statement_rejection(history, &cuts, record);
        verdicts.insert(record.statement.id(), verdict(rejection));
    }
    cuts.own = accepted_in_order(&verdicts, &self_statements, |body| {
        matches!(body, StatementBody::Revoke { .. } | StatementBody::Leave { .. })
    });

    // Step 4. Introductions. Then self statements whose generation is not accepted are
    // void, too; what they cut is void anyway, so no earlier step changes.
    let decided = Decided { history, statement_verdicts: &verdicts, cuts: &cuts };
    let introductions = introductions(&decided);
    for record in &self_statements {
        let generation = record.statement.body().generation();
        let accepted = generation.is_some_and(|g| introductions.generations.contains(&g));
        if let Some(verdict) = verdicts.get_mut(&record.statement.id())
            && verdict.is_applied()
            && !accepted
        {
            *verdict = Verdict::Void(VoidReason::StartVoid);
        }
    }

    // Step 5. All other entries. Carriers have the verdict of their statement.
    let entry_verdicts = judge_entries(history, &verdicts, &cuts, &introductions);

    // Step 6. Slots.
    let slots = slots(history, &entry_verdicts);
    let Introductions { members, generations, enrolments, .. } = introductions;
    Resolution {
        verdicts: entry_verdicts,
        statement_verdicts: verdicts,
        cuts,
        members,
        generations,
        enrolments,
        slots,
    }
}

fn verdict(failing: Option<VoidReason>) -> Verdict {
    failing.map_or(Verdict::Applied, Verdict::Void)
}

/// Returns the accepted statements that `is_kind` picks, in statement order.
fn accepted_in_order(
    verdicts: &BTreeMap<StatementId, Verdict>,
    statements: &[&StatementRecord],
    is_kind: impl Fn(&StatementBody) -> bool,
) -> Vec<StatementId> {
    let is_accepted = |record: &&&StatementRecord| {
        let verdict = verdicts.get(&record.statement.id());
        is_kind(record.statement.body()) && verdict == Some(&Verdict::Applied)
    };
    let mut accepted: Vec<&&StatementRecord> = statements.iter().filter(is_accepted).collect();
    accepted.sort_by_key(|record| record.order());
    accepted.iter().map(|record| record.statement.id()).collect()
}

/// Step 3: returns the first check that a self statement fails.
fn self_statement_rejection(
    history: &History,
    cuts: &Cuts,
    record: &StatementRecord,
) -> Option<VoidReason> {
    if record.fault.is_some() {
        return record.fault;
    }
    let generation = record.statement.body().generation()?;
    let signing = history.generations.get(&generation);
    let knows_start = signing
        .is_some_and(|signing| signing.started_by.iter().any(|n| record.within.contains(*n)));
    if !knows_start {
        return Some(VoidReason::StartNotInBase);
    }
    if signing.is_none_or(|signing| signing.root != record.statement.signer()) {
        return Some(VoidReason::NotSignedByRoot);
    }
    let is_outside = hard_cuts_on(history, cuts, generation).any(|cut| !record.is_within(cut));
    is_outside.then_some(VoidReason::HardCut)
}

/// Step 5: returns the verdict on every entry, by number.
fn judge_entries(
    history: &History,
    statement_verdicts: &BTreeMap<StatementId, Verdict>,
    cuts: &Cuts,
    introductions: &Introductions,
) -> Vec<Verdict> {
    let judge = |number: usize, node: &Node| {
        if let Some(statement) = node.statement() {
            let verdict = statement_verdicts.get(&statement.id());
            return verdict.copied().unwrap_or(Verdict::Applied);
        }
        if let Some(verdict) = introductions.verdicts.get(&number) {
            return *verdict;
        }
        if matches!(node.payload(), Payload::Opaque) {
            return Verdict::Unknown;
        }
        let cut = || first_cut(history, cuts, number);
        let accepted = introductions.enrolments.contains(&node.author);
        let unaccepted = || (!accepted).then_some(VoidReason::EnrolmentVoid);
        verdict(node.fault.or_else(cut).or_else(unaccepted))
    };
    history.nodes.iter().enumerate().map(|(number, node)| judge(number, node)).collect()
}
