//! Shrinking of a failing case, and printing of the case as a test.

use std::fmt::Write as _;

use ledger_model::Rules;
use ledger_model::sim::replay::show;

use super::plan::{Event, Plan};
use super::script::{Entries, Script};
use super::{Case, Failure, Settings, unwritten};

struct Shrinker {
    script: Script,
    plan: Plan,
    property: &'static str,
}

/// Shrinks a failing case; `None` if the case does not fail.
///
/// Events are left out by delta debugging. An entry is written only if its dependencies are, so every
/// subset of the events is a history. Then steps are taken out of the script, and their dependencies
/// take their places.
#[must_use]
pub fn shrink(case: &Case) -> Option<(Case, Failure)> {
    let failure = case.run().err()?;
    let script = Script::new(&case.settings);
    let plan = Plan::new(&case.settings, &script.entries().map_err(unwritten).ok()?);
    let shrinker = Shrinker { script, plan, property: failure.violation.property };
    let all = shrinker.plan.events.len();
    let events = case.events.clone().unwrap_or((0..all).collect());
    let until = |number: &usize| *number <= failure.event;
    let events: Vec<usize> = events.into_iter().filter(until).collect();
    let mut best = Case { events: Some(events), ..case.clone() };
    loop {
        let before = best.clone();
        shrinker.fewer_events(&mut best);
        shrinker.fewer_steps(&mut best);
        if best == before {
            break;
        }
    }
    // The failure of the case that will be printed.
    let failure = best.run().err()?;
    Some((best, failure))
}

impl Shrinker {
    /// The entries of a case.
    fn entries(&self, case: &Case) -> Option<Entries> {
        case.thinned(self.script.clone()).entries().ok()
    }

    fn fails(&self, case: &Case, entries: &Entries) -> bool {
        let failure = case.run_on(&self.plan, entries, &Rules::ALL).err();
        failure.is_some_and(|failure| failure.violation.property == self.property)
    }

    /// Leaves out chunks of the events, smaller and smaller.
    fn fewer_events(&self, best: &mut Case) {
        let Some(entries) = self.entries(best) else { return };
        let mut chunk = best.events.as_ref().map_or(0, Vec::len) / 2;
        while chunk > 0 {
            let mut from = 0;
            while let Some(events) = best.events.as_ref().filter(|events| from < events.len()) {
                let kept =
                    events.iter().take(from).chain(events.iter().skip(from.saturating_add(chunk)));
                let fewer = Case { events: Some(kept.copied().collect()), ..best.clone() };
                if self.fails(&fewer, &entries) {
                    *best = fewer;
                } else {
                    from = from.saturating_add(chunk);
                }
            }
            chunk /= 2;
        }
    }

    /// Takes steps out of the script, the last one first.
    fn fewer_steps(&self, best: &mut Case) {
        let mut written: Vec<(usize, usize)> = Vec::new();
        for number in best.events.iter().flatten() {
            if let Some(Event::Write { entry, .. }) = self.plan.events.get(*number) {
                written.push((*number, entry / 2));
            }
        }
        for (number, step) in written.into_iter().rev() {
            let mut fewer = best.clone();
            fewer.without.push(step);
            if let Some(events) = &mut fewer.events {
                events.retain(|kept| *kept != number);
            }
            if self.entries(&fewer).is_some_and(|entries| self.fails(&fewer, &entries)) {
                *best = fewer;
            }
        }
    }
}

/// A case as a test in Rust, and in words.
#[must_use]
pub fn print(case: &Case, failure: &Failure) -> String {
    let script = Script::new(&case.settings);
    let Ok(entries) = script.entries() else { return String::new() };
    let plan = Plan::new(&case.settings, &entries);
    let mut out = String::new();
    let Settings { seed, replicas, members, entries, adversary } = case.settings;
    let breaks = case.breaks.map_or("None".into(), |b| format!("Some(Break::{b:?})"));
    let events = case.events.as_ref().map_or("None".into(), |e| format!("Some(vec!{e:?})"));
    let _ = write!(
        out,
        "// {failure}\n\
         #[test]\n\
         fn seed_{seed}() {{\n    \
             let settings =\n        \
                 Settings {{ seed: {seed}, replicas: {replicas}, members: {members}, \
                 entries: {entries}, adversary: {adversary} }};\n    \
             let case = Case {{\n        \
                 settings,\n        \
                 breaks: {breaks},\n        \
                 without: vec!{:?},\n        \
                 events: {events},\n    \
             }};\n    \
             if let Err(failure) = case.run() {{\n        \
                 panic!(\"{{failure}}\");\n    \
             }}\n\
         }}\n",
        case.without
    );
    let kept = |number: &usize| case.events.as_ref().is_none_or(|e| e.contains(number));
    out.push_str("\nThe events:\n");
    let mut written = Vec::new();
    for (number, event) in plan.events.iter().enumerate().filter(|(number, _)| kept(number)) {
        let _ = writeln!(out, "{number:>6}  {event:?}");
        if let Event::Write { entry, .. } = event {
            written.push(*entry);
        }
    }
    out.push_str("\nThe entries (twice the step, as the events name them):\n");
    if let Ok(entries) = case.script().entries() {
        let made = written.iter().filter_map(|name| entries.get(*name));
        let steps: Vec<_> = entries.real_history.made.iter().take(1).chain(made).collect();
        let names = steps.iter().map(|made| super::script::name(made).to_string());
        let lines = show(&steps.iter().map(|m| m.step.clone()).collect::<Vec<_>>(), &Rules::ALL);
        for (name, line) in names.zip(lines.lines()) {
            let _ = writeln!(out, "{name:>6}  {line}");
        }
    }
    out
}
