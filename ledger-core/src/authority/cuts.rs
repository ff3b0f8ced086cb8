//! Cuts: which statements concern a generation or enrolment, and which entries they
//! void (SPEC §6.3, §6.4).

use super::history::{History, StatementRecord};
use crate::base::id::{DeviceId, StatementId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::VoidReason;

/// Accepted statements that cut, in statement order.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    /// Removals and binds (step 2).
    pub(super) hard: Vec<StatementId>,
    /// Revocations and leaves (step 3).
    pub(super) own: Vec<StatementId>,
}

impl StatementRecord {
    /// Returns the place in the statement order: by clock, then by id.
    pub(super) fn order(&self) -> (u64, StatementId) {
        (self.clock, self.statement.id())
    }

    /// Returns whether the statement is within another one: whether any of its carriers
    /// is.
    pub(super) fn is_within(&self, other: &StatementRecord) -> bool {
        self.carriers.iter().any(|carrier| other.within.contains(*carrier))
    }
}

/// Step 2: returns whether an accepted removal or bind concerns a generation.
pub(super) fn concerns(history: &History, cut: &StatementRecord, generation: Generation) -> bool {
    let Some(record) = history.generations.get(&generation) else { return false };
    let (target, cut_is_bind) = match cut.statement.body() {
        StatementBody::Remove { member } => (*member, false),
        StatementBody::Bind { member, .. } => (*member, true),
        _ => return false,
    };
    // Every generation of its target, ...
    if record.member != target {
        return false;
    }
    let bind = match generation {
        Generation::Card(_) | Generation::Claim(_) => return true,
        Generation::Bind(id) => match history.statements.get(&id) {
            Some(bind) => bind,
            None => return true,
        },
    };
    // ... except the one that it starts; one started by a bind that has the cut within
    // it; and, if both are binds and neither is within the other, the larger one.
    if bind.statement.id() == cut.statement.id() || cut.is_within(bind) {
        return false;
    }
    let concurrent = !bind.is_within(cut);
    !(cut_is_bind && concurrent && bind.order() > cut.order())
}

/// Returns the hard cuts that concern a generation, in statement order.
pub(super) fn hard_cuts_on<'h>(
    history: &'h History,
    cuts: &'h Cuts,
    generation: Generation,
) -> impl Iterator<Item = &'h StatementRecord> {
    let hard = cuts.hard.iter().filter_map(|id| history.statements.get(id));
    hard.filter(move |cut| concerns(history, cut, generation))
}

/// Step 3: returns whether an accepted revocation or leave concerns a device of a
/// generation.
pub(super) fn own_cut_concerns(
    cut: &StatementRecord,
    generation: Generation,
    device: DeviceId,
) -> bool {
    match cut.statement.body() {
        StatementBody::Revoke { generation: revoked_generation, device: revoked } => {
            *revoked_generation == generation && *revoked == device
        }
        StatementBody::Leave { generation: leaving } => *leaving == generation,
        _ => false,
    }
}

/// Returns the reason of the first cut on the entry with a number: hard cuts, then
/// revocations, then leaves.
pub(super) fn first_cut(history: &History, cuts: &Cuts, number: usize) -> Option<VoidReason> {
    let node = history.nodes.get(number)?;
    let (generation, device) = history.enrolled_device(node.author)?;
    // A removal, bind or revocation voids what the keys signed that it concerns, unless
    // it is within the statement.
    let spared = |cut: &StatementRecord| cut.within.contains(number);
    if hard_cuts_on(history, cuts, generation).any(|cut| !spared(cut)) {
        return Some(VoidReason::HardCut);
    }
    let own = cuts.own.iter().filter_map(|id| history.statements.get(id));
    let (leaves, revocations): (Vec<_>, Vec<_>) = own
        .filter(|cut| own_cut_concerns(cut, generation, device))
        .partition(|cut| matches!(cut.statement.body(), StatementBody::Leave { .. }));
    if revocations.into_iter().any(|cut| !spared(cut)) {
        return Some(VoidReason::Revoked);
    }
    if leaves.is_empty() {
        return None;
    }
    // A leave is voluntary, so it voids only what has the leave in its past.
    let past = history.past_of(node);
    let mut carriers = leaves.into_iter().flat_map(|leave| &leave.carriers);
    carriers.any(|carrier| past.contains(*carrier)).then_some(VoidReason::Left)
}
