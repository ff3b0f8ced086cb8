//! Making of a history from a seed, and its run through every check, entry by entry.

use std::collections::BTreeSet;

use crate::entry::{Body, Id, Kind};
use crate::history::{History, Refusal};
use crate::resolve::resolve_with;
use crate::rules::Rules;
use crate::sim::arrival::{self, Violation, violation};
use crate::sim::plots;
use crate::sim::prng::Prng;
use crate::sim::second_opinion::Second;
use crate::sim::tally::Tally;
use crate::sim::world::{Cast, Step, World};
use crate::sim::{evil, honest, invariants, promises};
use crate::state::Resolution;
use crate::verdict::Verdict;

/// Makes a random history of at most `limit` entries.
pub fn generate(seed: u64, limit: usize) -> World {
    generate_with(seed, limit, Cast::default())
}

/// A random history with another cast.
pub fn generate_with(seed: u64, limit: usize, cast: Cast) -> World {
    let mut world = World::with(seed, cast);
    let limit = limit / 2 + world.rng.below(limit / 2 + 1);
    let mut rounds = 0;
    while world.steps.len() < limit && rounds < 12 * limit {
        rounds += 1;
        if world.cast.plots > 0 && world.rng.chance(world.cast.plots) {
            plots::turn(&mut world);
        }
        let d = world.rng.below(world.devices.len());
        let is_evil = world.devices.get(d).is_some_and(|x| x.evil);
        match world.rng.below(10) {
            0..=1 if !is_evil => world.sync(d),
            _ if is_evil => evil::act(&mut world, d),
            _ => {
                if world.rng.chance(50) {
                    world.sync(d);
                }
                honest::act(&mut world, d);
            }
        }
    }
    world
}

/// A trial of rules: those that are tried, and those by which "powerless" and "active" are judged.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The rules tried.
    pub rules: Rules,
    /// The rules by which an author is powerless, beside those that the checks know themselves.
    pub reference: Rules,
}

impl Trial {
    /// Judged by the design.
    pub const fn new(rules: Rules) -> Trial {
        Trial { rules, reference: Rules::ALL }
    }

    /// Judged by the very rules tried: a property must fail by the switched rules' own account.
    pub const fn alone(rules: Rules) -> Trial {
        Trial { rules, reference: rules }
    }
}

/// Runs the steps in the given order; the final resolution, or the first violation.
pub fn replay(
    steps: &[Step],
    trial: &Trial,
    promised: bool,
    tally: &mut Tally,
) -> Result<Resolution, Violation> {
    let (rules, judge) = (&trial.rules, &trial.reference);
    let mut history = History::new();
    let mut old = resolve_with(&history, rules);
    let mut reference = resolve_with(&history, judge);
    for step in steps {
        let before = arrival::before(&history, &reference, &step.entry);
        match history.admit(step.entry.clone()) {
            Ok(()) => {}
            Err(refusal) => return Err(refused(step, &refusal)),
        }
        let new = resolve_with(&history, rules);
        let found = arrival::check(&before, &history, rules, &step.entry, &old, &new)
            .or_else(|| invariants::check(&history, &new))
            .or_else(|| {
                (promised && step.honest).then(|| promise(&history, step, trial)).flatten()
            });
        if let Some(v) = found {
            return Err(v);
        }
        tally.arrival(&history, &before, step, &old, &new);
        reference = if rules == judge { new.clone() } else { resolve_with(&history, judge) };
        old = new;
    }
    Ok(old)
}

fn refused(step: &Step, refusal: &Refusal) -> Violation {
    Violation { property: "1: convergence", detail: format!("{:#x} {refusal:?}", step.entry.id) }
}

/// Checks what the author of `step` was promised, in the past of the entry.
fn promise(history: &History, step: &Step, trial: &Trial) -> Option<Violation> {
    let past = &history.get(step.entry.id)?.past;
    let mut known = History::new();
    for a in past.iter().filter_map(|i| history.admitted.get(i)) {
        // In the order of arrival, so that dependencies come first.
        if known.admit(a.entry.clone()).is_err() {
            return violation("1: convergence", format!("{:#x}", a.entry.id));
        }
    }
    let rules = &trial.rules;
    let reference = resolve_with(&known, &trial.reference);
    let old = resolve_with(&known, rules);
    if known.admit(step.entry.clone()).is_err() {
        return violation("1: convergence", format!("{:#x}", step.entry.id));
    }
    promises::check(&known, &step.entry, &reference, &old, &resolve_with(&known, rules))
}

/// Another order in which the entries may arrive. Statements tend to come late in it.
pub fn another_order(steps: &[Step], rng: &mut Prng) -> Vec<Step> {
    let late_cuts = rng.chance(70);
    let mut waiting: Vec<&Step> = steps.iter().collect();
    rng.shuffle(&mut waiting);
    let weight = |s: &Step| match &s.entry.kind {
        Kind::Statement(a) => matches!(
            a.body,
            Body::Remove { .. } | Body::Bind { .. } | Body::Revoke { .. } | Body::Leave { .. }
        ),
        Kind::Adopt { .. } => true,
        _ => false,
    };
    if late_cuts {
        waiting.sort_by_key(|s| weight(s));
    }
    let mut done: BTreeSet<Id> = BTreeSet::new();
    let mut order: Vec<Step> = Vec::new();
    while let Some(next) = waiting.iter().position(|s| s.entry.dependencies().is_subset(&done)) {
        let step = waiting.remove(next);
        done.insert(step.entry.id);
        order.push(step.clone());
    }
    order
}

/// Every check on one history: in the order of making, in another order, and both alike.
pub fn examine(world: &World, trial: &Trial, tally: &mut Tally) -> Result<Resolution, Failure> {
    let fail = |steps: Vec<Step>, violation| Failure { steps, violation };
    let first =
        replay(&world.steps, trial, true, tally).map_err(|v| fail(world.steps.clone(), v))?;
    let mut rng = world.rng.clone();
    let other = another_order(&world.steps, &mut rng);
    let second = replay(&other, trial, false, tally).map_err(|v| fail(other.clone(), v))?;
    if first != second {
        let v = Violation { property: "1: convergence", detail: "two orders differ".into() };
        return Err(fail(other, v));
    }
    if trial.rules == Rules::ALL {
        let second = Second::new(&world.all);
        let entries = world.all.admitted.iter().map(|a| &a.entry);
        if let Some(e) = entries.into_iter().find(|e| second.applied(e) != first.applied(e.id)) {
            let v = Violation { property: "second opinion", detail: format!("{:#x}", e.id) };
            return Err(fail(world.steps.clone(), v));
        }
    }
    Ok(first)
}

/// A history that fails.
#[derive(Clone, Debug)]
pub struct Failure {
    /// In the order of arrival.
    pub steps: Vec<Step>,
    /// What fails.
    pub violation: Violation,
}

/// Prints a history with its verdicts, for people.
pub fn show(steps: &[Step], rules: &Rules) -> String {
    let mut history = History::new();
    let mut out = String::new();
    for s in steps {
        if history.admit(s.entry.clone()).is_err() {
            out.push_str("(not admitted) ");
        }
    }
    let resolution = resolve_with(&history, rules);
    let place = |id: &Id| history.index.get(id).map_or("?".into(), |i| format!("e{i}"));
    let list = |ids: &BTreeSet<Id>| ids.iter().map(place).collect::<Vec<_>>().join(" ");
    for (i, s) in steps.iter().enumerate() {
        let e = &s.entry;
        let verdict = match resolution.verdicts.get(&e.id) {
            Some(Verdict::Applied) => "Applied".into(),
            v => format!("{v:?}"),
        };
        let back = e.backlink.map_or(String::new(), |b| place(&b));
        let what = match &e.kind {
            Kind::Statement(a) => format!(
                "{:?} #{:x} signed by {} base [{}]",
                a.body,
                a.digest,
                a.signer,
                list(&a.base)
            ),
            k => format!("{k:?}"),
        };
        out.push_str(&format!(
            "e{i} = {:#x} device {} seq {} back {back} parents [{}] refs [{}] L{}: {what} ({}) => {verdict}\n",
            e.id, e.device, e.seq, list(&e.parents), list(&e.refs), e.lamport, s.tag
        ));
    }
    out
}
