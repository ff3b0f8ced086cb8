//! Minimizing of a failing history: the smallest one that still violates the property.

use std::collections::BTreeSet;

use crate::entry::{Id, Kind};
use crate::sim::replay::{Failure, Trial, replay};
use crate::sim::tally::Tally;
use crate::sim::world::Step;

/// Leaves out entries and shortens frontiers while the property still fails.
pub fn minimize(failure: Failure, trial: &Trial) -> Failure {
    let property = failure.violation.property;
    let mut best = failure;
    // Entries after the violation do not matter.
    while best.steps.len() > 1 {
        let shorter = best.steps.iter().take(best.steps.len() - 1).cloned().collect();
        match fails(shorter, trial, property) {
            Some(f) => best = f,
            None => break,
        }
    }
    loop {
        let ids: Vec<Id> = best.steps.iter().skip(1).rev().map(|s| s.entry.id).collect();
        let smaller = ids
            .iter()
            .find_map(|&id| fails(without(&best.steps, id), trial, property))
            .or_else(|| {
                ids.iter().find_map(|&id| fails(spliced(&best.steps, id)?, trial, property))
            })
            .or_else(|| {
                shorter_frontiers(&best.steps).into_iter().find_map(|s| fails(s, trial, property))
            });
        match smaller {
            Some(failure) => best = failure,
            None => return best,
        }
    }
}

fn fails(steps: Vec<Step>, trial: &Trial, property: &str) -> Option<Failure> {
    match replay(&steps, trial, true, &mut Tally::default()) {
        Err(violation) if violation.property == property => Some(Failure { steps, violation }),
        _ => None,
    }
}

/// The steps without one entry and its descendants.
fn without(steps: &[Step], id: Id) -> Vec<Step> {
    let mut gone: BTreeSet<Id> = [id].into();
    let mut kept = Vec::new();
    for s in steps {
        if s.entry.id == id || !s.entry.dependencies().is_disjoint(&gone) {
            gone.insert(s.entry.id);
        } else {
            kept.push(s.clone());
        }
    }
    kept
}

/// The steps without one entry, whose place in frontiers and chains its own dependencies take.
pub fn spliced(steps: &[Step], id: Id) -> Option<Vec<Step>> {
    let gone = &steps.iter().find(|s| s.entry.id == id)?.entry;
    let deps = gone.dependencies();
    let mut moved: BTreeSet<Id> = BTreeSet::new();
    let mut kept = Vec::new();
    for s in steps.iter().filter(|s| s.entry.id != id) {
        let mut s = s.clone();
        let e = &mut s.entry;
        if e.backlink == Some(id) {
            if e.seq == 0 {
                return None;
            }
            e.backlink = gone.backlink;
            moved.insert(e.id);
            e.seq -= 1;
        } else if e.seq > 0 && e.backlink.is_some_and(|b| moved.contains(&b)) {
            moved.insert(e.id);
            e.seq -= 1;
        }
        if e.parents.remove(&id) {
            e.parents.extend(deps.iter().copied());
        }
        if let Kind::Statement(act) = &mut e.kind {
            if act.base.remove(&id) {
                act.base.extend(deps.iter().copied());
            }
            e.refs = act.base.clone();
        }
        kept.push(s);
    }
    clocks(&mut kept);
    Some(kept)
}

/// Every way of leaving out one parent, or one id of a base.
fn shorter_frontiers(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut ways = Vec::new();
    for (i, s) in steps.iter().enumerate() {
        for p in &s.entry.parents {
            let mut fewer = steps.to_vec();
            if let Some(step) = fewer.get_mut(i) {
                step.entry.parents.remove(p);
            }
            ways.push(fewer);
        }
        let Some(act) = s.entry.statement() else { continue };
        for b in &act.base {
            let mut fewer = steps.to_vec();
            for e in fewer.iter_mut().map(|s| &mut s.entry) {
                if let Kind::Statement(other) = &mut e.kind
                    && other.digest == act.digest
                {
                    other.base.remove(b);
                    e.refs = other.base.clone();
                }
            }
            ways.push(fewer);
        }
    }
    for steps in &mut ways {
        clocks(steps);
    }
    ways
}

/// Puts the clocks right. A changed entry is no longer on top of all that its author knew, so what
/// they were promised no longer holds.
fn clocks(steps: &mut [Step]) {
    for j in 0..steps.len() {
        let Some(deps) = steps.get(j).map(|s| s.entry.dependencies()) else { continue };
        let known = steps.iter().filter(|s| deps.contains(&s.entry.id));
        let clock = 1 + known.map(|s| s.entry.lamport).max().unwrap_or(0);
        if let Some(step) = steps.get_mut(j) {
            step.entry.lamport = clock;
            step.honest = false;
        }
    }
}
