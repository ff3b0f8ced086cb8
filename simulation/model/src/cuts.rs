//! Cuts: the entries that a removal, bind, revocation or leave cuts off, by the words *concerns* and
//! *within* of SPEC §6.
//!
//! "Cuts go by ancestry. *x is within a* when x is in `base(a)` or its past."

use std::collections::BTreeSet;

use crate::entry::{Body, Device, Digest, Generation};
use crate::history::{History, StatementRecord};
use crate::past::Past;
use crate::rules::Rules;
use crate::verdict::Reason;

/// The accepted statements that cut.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    /// Accepted removals and binds, in statement order (step 2).
    pub hard: Vec<Digest>,
    /// Accepted revocations and leaves, in statement order (step 3).
    pub own: Vec<Digest>,
}

/// "Statements sort by (1 + largest clock in base, digest)."
pub fn statement_order(s: &StatementRecord) -> (u64, Digest) {
    (s.clock, s.statement.digest)
}

/// Sorts digests in statement order.
pub fn sorted(history: &History, digests: &BTreeSet<Digest>) -> Vec<Digest> {
    let mut all: Vec<&StatementRecord> =
        digests.iter().filter_map(|d| history.statements.get(d)).collect();
    all.sort_by_key(|s| statement_order(s));
    all.iter().map(|s| s.statement.digest).collect()
}

/// The entries that a cut spares: its base and the past of the base, "never the carrier's past".
pub fn spared(history: &History, r: &Rules, cut: &StatementRecord) -> Past {
    if r.cut_by_base {
        return cut.within.clone();
    }
    let mut all = Past::default();
    for a in cut.carriers.iter().filter_map(|&i| history.admitted.get(i)) {
        all.extend(&a.past);
    }
    all
}

/// "A statement is *within* something if any of its carriers is."
pub fn statement_within(
    history: &History,
    r: &Rules,
    s: &StatementRecord,
    cut: &StatementRecord,
) -> bool {
    let spared = spared(history, r, cut);
    if !r.within_by_carrier {
        return s.within.iter().all(|i| spared.contains(i));
    }
    if r.any_carrier {
        s.carriers.iter().any(|&i| spared.contains(i))
    } else {
        s.carriers.iter().all(|&i| spared.contains(i))
    }
}

/// Step 2: whether an accepted removal or bind concerns a generation.
pub fn concerns(
    history: &History,
    r: &Rules,
    cut: &StatementRecord,
    generation: Generation,
) -> bool {
    let Some(g) = history.generations.get(&generation) else { return false };
    let (target, cut_is_bind) = match cut.statement.body {
        Body::Remove { member } => (member, false),
        Body::Bind { member, .. } => (member, true),
        _ => return false,
    };
    // "A cut concerns every generation of its target ..."
    if g.member != target {
        return false;
    }
    let bind = match generation {
        // "... (generations started by a card, however often admitted, or by a claim have no such
        // exception) ..."
        Generation::Card(_) => return r.card_no_exception || !late_start(history, cut, &g.starts),
        Generation::Claim(_) => {
            return r.claim_no_exception || !late_start(history, cut, &g.starts);
        }
        Generation::Bind(digest) => match history.statements.get(&digest) {
            Some(bind) => bind,
            None => return true,
        },
    };
    // "... except the one it starts; ..."
    if bind.statement.digest == cut.statement.digest {
        return !r.bind_spares_own;
    }
    // "... one started by a bind that has the cut within it ..."
    if statement_within(history, r, cut, bind) {
        return !r.bind_spares_later;
    }
    // "... and, between concurrent binds, the larger in statement order."
    let concurrent = !statement_within(history, r, bind, cut);
    if cut_is_bind {
        let larger = statement_order(bind) > statement_order(cut);
        !(concurrent && larger && r.bind_order)
    } else {
        !concurrent || r.removal_beats_bind
    }
}

/// Whether some start of a generation has the cut in its past. Only for rules that are switched off.
fn late_start(history: &History, cut: &StatementRecord, starts: &[usize]) -> bool {
    let starts = starts.iter().filter_map(|&i| history.admitted.get(i));
    starts.into_iter().any(|a| cut.carriers.iter().any(|&c| a.past.contains(c)))
}

/// The hard cuts on a generation, in statement order.
pub fn hard_cuts_on<'h>(
    history: &'h History,
    r: &Rules,
    cuts: &Cuts,
    generation: Generation,
) -> Vec<&'h StatementRecord> {
    let hard = cuts.hard.iter().filter_map(|d| history.statements.get(d));
    hard.filter(|cut| concerns(history, r, cut, generation)).collect()
}

/// Whether a revocation or leave concerns this device of this generation: "a leave or revocation
/// concerns only its own generation or enrolment".
pub fn own_cut_concerns(
    history: &History,
    r: &Rules,
    cut: &StatementRecord,
    generation: Generation,
    device: Device,
) -> bool {
    let member = |g: Generation| history.generations.get(&g).map(|g| g.member);
    match cut.statement.body {
        Body::Revoke { generation: g, device: d } => {
            r.revocation_cuts && d == device && (g == generation || !r.revoke_own_generation)
        }
        Body::Leave { generation: g } => {
            let same_member = !r.leave_own_generation && member(g) == member(generation);
            r.leave_cuts && (g == generation || same_member)
        }
        _ => false,
    }
}

/// The first cut on an entry, in the order of the steps: hard cuts, then revocations, then leaves;
/// among equals in statement order.
pub fn first_cut(history: &History, r: &Rules, cuts: &Cuts, index: usize) -> Option<Reason> {
    let entry = history.admitted.get(index)?;
    let (generation, device) = history.enrolment(entry.author)?;
    // "A removal, bind or revocation voids what the concerned keys signed unless it is within."
    for cut in hard_cuts_on(history, r, cuts, generation) {
        if !spared(history, r, cut).contains(index) {
            return Some(Reason::HardCut(cut.statement.digest));
        }
    }
    let own = || {
        let own = cuts.own.iter().filter_map(|d| history.statements.get(d));
        own.filter(|cut| own_cut_concerns(history, r, cut, generation, device))
    };
    let is_leave = |cut: &&StatementRecord| matches!(cut.statement.body, Body::Leave { .. });
    for cut in own().filter(|c| !is_leave(c)) {
        if !spared(history, r, cut).contains(index) {
            return Some(Reason::Revoked(cut.statement.digest));
        }
    }
    // "A leave, being voluntary, voids only what has the leave in its past."
    for cut in own().filter(is_leave) {
        let after = cut.carriers.iter().any(|&c| entry.past.contains(c));
        if after || (!r.leave_is_gentle && !spared(history, r, cut).contains(index)) {
            return Some(Reason::Left(cut.statement.digest));
        }
    }
    None
}
