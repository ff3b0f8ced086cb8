//! Cuts: the relations *concerns* and *within* (SPEC §6.3).

use super::history::{History, StatementRecord};
use crate::id::{DeviceId, StatementId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::VoidReason;

/// The accepted statements that cut, in statement order.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    /// Removals and binds (step 2).
    pub(super) hard: Vec<StatementId>,
    /// Revocations and leaves (step 3).
    pub(super) own: Vec<StatementId>,
}

impl StatementRecord {
    /// Statement order: (1 + largest clock in the base, StatementId).
    pub(super) fn order(&self) -> (u64, StatementId) {
        (self.clock, self.act.id())
    }

    /// Whether the statement is within a cut: one of its carriers is.
    pub(super) fn is_within(&self, cut: &StatementRecord) -> bool {
        self.carriers.iter().any(|carrier| cut.within.contains(*carrier))
    }
}

/// Step 2: whether an accepted removal or bind concerns a generation.
pub(super) fn concerns(history: &History, cut: &StatementRecord, generation: Generation) -> bool {
    let Some(start) = history.generations.get(&generation) else { return false };
    let (target, cut_is_bind) = match cut.act.body() {
        StatementBody::Remove { member } => (*member, false),
        StatementBody::Bind { member, .. } => (*member, true),
        _ => return false,
    };
    // A cut concerns every generation of its target. Generations started by a card or a claim
    // have no exception.
    if start.member != target {
        return false;
    }
    let bind = match generation {
        Generation::Card(_) | Generation::Claim(_) => return true,
        Generation::Bind(digest) => match history.statements.get(&digest) {
            Some(bind) => bind,
            None => return true,
        },
    };
    // Exceptions: the generation that the cut starts; a generation started by a bind that has the
    // cut within it; and, if the cut is a bind, that of a concurrent bind which is larger.
    if bind.act.id() == cut.act.id() || cut.is_within(bind) {
        return false;
    }
    let concurrent = !bind.is_within(cut);
    !(cut_is_bind && concurrent && bind.order() > cut.order())
}

/// The hard cuts on a generation, in statement order.
pub(super) fn hard_cuts_on<'h>(
    history: &'h History,
    cuts: &'h Cuts,
    generation: Generation,
) -> impl Iterator<Item = &'h StatementRecord> {
    cuts.hard
        .iter()
        .filter_map(|digest| history.statements.get(digest))
        .filter(move |cut| concerns(history, cut, generation))
}

/// Step 3: whether an accepted revocation or leave concerns a device of a
/// generation.
pub(super) fn own_cut_concerns(
    cut: &StatementRecord,
    generation: Generation,
    device: DeviceId,
) -> bool {
    match cut.act.body() {
        StatementBody::Revoke { generation: of, device: revoked } => {
            *of == generation && *revoked == device
        }
        StatementBody::Leave { generation: of } => *of == generation,
        _ => false,
    }
}

/// Reason of the first cut on the entry at `place`, in the order hard cuts, revocations, leaves.
pub(super) fn first_cut(history: &History, cuts: &Cuts, place: usize) -> Option<VoidReason> {
    let node = history.nodes.get(place)?;
    let (generation, device) = history.enrolment(node.author)?;
    // A removal, bind or revocation voids what the concerned keys signed, except entries within
    // that statement.
    let spared = |cut: &StatementRecord| cut.within.contains(place);
    if hard_cuts_on(history, cuts, generation).any(|cut| !spared(cut)) {
        return Some(VoidReason::HardCut);
    }
    let own: Vec<&StatementRecord> = cuts
        .own
        .iter()
        .filter_map(|digest| history.statements.get(digest))
        .filter(|cut| own_cut_concerns(cut, generation, device))
        .collect();
    let leaves = |cut: &&&StatementRecord| matches!(cut.act.body(), StatementBody::Leave { .. });
    if own.iter().filter(|cut| !leaves(cut)).any(|cut| !spared(cut)) {
        return Some(VoidReason::Revoked);
    }
    // A leave is voluntary, so it voids only entries that have the leave in their past.
    let mut left = own.iter().filter(leaves).peekable();
    left.peek()?;
    let past = history.closure(node.entry.decoded().header().dependencies());
    left.any(|cut| cut.carriers.iter().any(|carrier| past.contains(*carrier)))
        .then_some(VoidReason::Left)
}
