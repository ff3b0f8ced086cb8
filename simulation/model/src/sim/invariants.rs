//! Invariants: checks of each state by itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Body, Content, Currency, Generation, Id, Kind, MemberId};
use crate::history::History;
use crate::history::enrolment::starts;
use crate::rules::Rules;
use crate::sim::arrival::{Violation, carried_in, ended, owner_statements, violation};
use crate::slots::slot_of;
use crate::state::Resolution;
use crate::verdict::Verdict;

/// The first violated invariant, if any.
pub fn check(history: &History, resolution: &Resolution) -> Option<Violation> {
    conservation(resolution)
        .or_else(|| nothing_lost(history, resolution))
        .or_else(|| owner_rules(history, resolution))
        .or_else(|| ended_means_silent(history, resolution))
        .or_else(|| same_card(history, resolution))
        .or_else(|| keys(history, resolution))
        .or_else(|| money(history, resolution))
        .or_else(|| cheap_ancestry(history, resolution))
}

/// "Ancestry is cheap": within a cut = on the backlink chain of a recorded tip; where a chain has not
/// forked, = `seq` not above the largest in the past of the base.
fn cheap_ancestry(history: &History, resolution: &Resolution) -> Option<Violation> {
    for cut in
        resolution.hard.iter().chain(&resolution.own).filter_map(|d| history.statements.get(d))
    {
        for (i, a) in history.admitted.iter().enumerate() {
            let same = || history.admitted.iter().enumerate().filter(|(_, b)| b.author == a.author);
            let recorded = || same().filter(|(j, _)| cut.within.contains(*j)).map(|(_, b)| b);
            let forked =
                same().any(|(j, b)| same().any(|(k, c)| j != k && b.entry.seq == c.entry.seq));
            let on_chain = |tip: &crate::history::Admitted| {
                let mut at = Some(tip.entry.id);
                while let Some(b) =
                    at.and_then(|id| history.get(id)).filter(|b| b.author == a.author)
                {
                    if b.entry.id == a.entry.id {
                        return true;
                    }
                    at = b.entry.backlink.filter(|_| b.entry.seq > 0);
                }
                false
            };
            let cheap = if forked {
                recorded().any(on_chain)
            } else {
                recorded().map(|b| b.entry.seq).max().is_some_and(|max| a.entry.seq <= max)
            };
            if cheap != cut.within.contains(i) {
                return violation(
                    "cheap ancestry",
                    format!("{:#x} in {:x}", a.entry.id, cut.statement.digest),
                );
            }
        }
    }
    None
}

/// 2: "balances sum to zero in every currency at every point".
fn conservation(resolution: &Resolution) -> Option<Violation> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for (&(_, currency), amount) in &resolution.state.balances {
        *sums.entry(currency).or_insert(0) += amount;
    }
    let bad = sums.values().any(|&s| s != 0);
    bad.then(|| violation("2: conservation", format!("{sums:?}"))).flatten()
}

/// 5: "each kept entry is Applied or Void-with-reason".
fn nothing_lost(history: &History, resolution: &Resolution) -> Option<Violation> {
    let all = history.admitted.iter().all(|a| resolution.verdicts.contains_key(&a.entry.id));
    let same = resolution.verdicts.len() == history.admitted.len();
    (!all || !same).then(|| violation("5: nothing lost", String::new())).flatten()
}

/// The owner's statements count, and do what they say: a bind's member is introduced; the last bind that
/// no removal ends is the current generation; the owner is never cut.
fn owner_rules(history: &History, resolution: &Resolution) -> Option<Violation> {
    let bad = |what: &str, m: MemberId| {
        violation("owner's statements count", format!("{what}: member {m}"))
    };
    for s in owner_statements(history) {
        if !resolution.accepted(s.statement.digest) {
            return bad("a good owner statement is void", 0);
        }
        if let Body::Bind { member, .. } = s.statement.body
            && !resolution.introduced.contains(&member)
        {
            return bad("a bound member is not introduced", member);
        }
    }
    for (&generation, g) in &history.generations {
        let Some(m) = resolution.state.members.get(&g.member) else { continue };
        let bind = matches!(generation, Generation::Bind(_))
            && owner_statements(history)
                .any(|s| generation == Generation::Bind(s.statement.digest));
        if bind && ended(history, generation) == m.current.contains(&generation) {
            return bad("a bind is current, yet ended; or neither", g.member);
        }
    }
    let (owner, _) = history.owner()?;
    let current = resolution
        .state
        .members
        .get(&owner)
        .is_some_and(|m| m.current.contains(&Generation::Card(owner)));
    (!current).then(|| bad("the owner is cut", owner)).flatten()
}

/// 4: nothing but the owner's bind lets a member back in; who left is silent after the leave.
fn ended_means_silent(history: &History, resolution: &Resolution) -> Option<Violation> {
    for &(generation, device) in resolution.state.devices.keys() {
        if ended(history, generation) {
            return violation(
                "4: ended generations have no devices",
                format!("{generation:?} {device}"),
            );
        }
    }
    for a in history.admitted.iter().filter(|a| a.entry.statement().is_none()) {
        let Some((generation, _)) = history.enrolment(a.author) else { continue };
        let after_leave = history.statements.values().any(|s| {
            resolution.accepted(s.statement.digest)
                && s.statement.body == (Body::Leave { generation })
                && carried_in(s, &a.past)
        });
        let adds = matches!(a.entry.kind, Kind::Add { .. } | Kind::Placeholder { .. });
        if after_leave && resolution.applied(a.entry.id) && !adds {
            return violation("after a leave", format!("{:#x} is applied", a.entry.id));
        }
    }
    None
}

/// "Two people who admit the same card admit one member": one verdict for all good adds of a card.
fn same_card(history: &History, resolution: &Resolution) -> Option<Violation> {
    let mut seen: BTreeMap<MemberId, Verdict> = BTreeMap::new();
    for a in history.admitted.iter().filter(|a| a.faults.is_empty()) {
        let (Some(card), Some(&verdict)) =
            (a.entry.introduces(), resolution.verdicts.get(&a.entry.id))
        else {
            continue;
        };
        let applied = |v: Verdict| v == Verdict::Applied;
        if applied(*seen.entry(card.id).or_insert(verdict)) != applied(verdict) {
            return violation("one card, one member", format!("card {}", card.id));
        }
    }
    None
}

/// "A key may be introduced once in any causal past."
fn keys(history: &History, resolution: &Resolution) -> Option<Violation> {
    let applied: Vec<_> = history
        .admitted
        .iter()
        .enumerate()
        .filter(|(_, a)| resolution.applied(a.entry.id))
        .collect();
    for (_, b) in &applied {
        let Some((generation, _, _)) = starts(&b.entry) else { continue };
        let past = match b.entry.statement().and_then(|s| history.statements.get(&s.digest)) {
            Some(s) => &s.within,
            None => &b.past,
        };
        for (i, a) in &applied {
            let Some((other, _, _)) = starts(&a.entry) else { continue };
            let root = |g: &Generation| history.generations.get(g).map(|g| g.root);
            if past.contains(*i) && other != generation && root(&other) == root(&generation) {
                return violation("keys once", format!("{generation:?} and {other:?}"));
            }
        }
    }
    None
}

/// The balances, worked out slot by slot in another way.
fn money(history: &History, resolution: &Resolution) -> Option<Violation> {
    let applied: Vec<_> =
        history.admitted.iter().filter(|a| resolution.applied(a.entry.id)).collect();
    let mut balances: BTreeMap<(MemberId, Currency), i128> = BTreeMap::new();
    let slot_of = |id| slot_of(history, &Rules::ALL, id);
    let slots: BTreeSet<Id> = history
        .admitted
        .iter()
        .filter(|a| matches!(a.entry.kind, Kind::Expense(_) | Kind::Transfer(_)))
        .filter_map(|a| slot_of(a.entry.id))
        .collect();
    for slot in slots {
        let inside =
            || applied.iter().filter(|a| slot_of(a.entry.id) == Some(slot)).map(|a| &a.entry);
        let base = inside().filter_map(|e| match &e.kind {
            Kind::Expense(c) | Kind::Transfer(c) => Some(((0, e.lamport, e.id), c)),
            Kind::Copy { content, .. } => Some(((1, e.lamport, e.id), content)),
            _ => None,
        });
        let Some((_, base)) = base.min_by_key(|(k, _)| *k) else { continue };
        let ends = inside().filter_map(|e| match e.kind {
            Kind::Cancellation { .. } => Some((e.lamport, e.id, true)),
            Kind::Restoration { .. } => Some((e.lamport, e.id, false)),
            _ => None,
        });
        if ends.max().is_some_and(|(_, _, cancels)| cancels) {
            continue;
        }
        let correction = inside().filter_map(|e| match &e.kind {
            Kind::Correction { content, .. } => Some(((e.lamport, e.id), content)),
            _ => None,
        });
        let content = correction.max_by_key(|(k, _)| *k).map_or(base, |(_, c)| c);
        count(&mut balances, content);
    }
    balances.retain(|_, b| *b != 0);
    let same = balances == resolution.state.balances;
    (!same).then(|| violation("slots", format!("{balances:?} expected"))).flatten()
}

fn count(balances: &mut BTreeMap<(MemberId, Currency), i128>, c: &Content) {
    let turned = if c.incoming { -1 } else { 1 };
    for (sign, part) in [(turned, &c.paid), (-turned, &c.shares)] {
        for &(m, amount) in part {
            *balances.entry((m, c.currency)).or_insert(0) += sign * i128::from(amount);
        }
    }
}

/// Devices with two entries of one seq: proofs of equivocation (no part of the state).
pub fn equivocations(history: &History) -> usize {
    let mut seen: BTreeMap<(u32, u32), Id> = BTreeMap::new();
    history
        .admitted
        .iter()
        .filter(|a| seen.insert((a.entry.device, a.entry.seq), a.entry.id).is_some())
        .count()
}
