//! Hunts: how many histories the simulation needs to notice a mistake that was put in on purpose.

use ledger_model::Rules;

use super::{Break, Case, Failure, Settings};
use crate::mutants::{self, Mutant};

/// A hunt for one mistake, in histories from one seed on. It runs on any thread, as a mutant is on in
/// one thread only.
pub struct Hunt {
    name: &'static str,
    wrong: &'static str,
    find: Box<dyn Fn() -> Option<(u64, Failure)> + Send + Sync>,
}

/// Result of a hunt for one mistake.
#[derive(Clone, Debug)]
pub struct HuntResult {
    /// The name of the mistake.
    pub name: &'static str,
    /// What goes wrong with the mistake; empty if the name says it.
    pub wrong: &'static str,
    /// The number of histories until a violation, and the violation; `None` if there was none.
    pub caught: Option<(u64, Failure)>,
}

impl Hunt {
    fn new(
        name: &'static str,
        settings: &Settings,
        limit: u64,
        run: impl Fn(&Case) -> Option<Failure> + Send + Sync + 'static,
    ) -> Self {
        let settings = *settings;
        let find = move || {
            nth_of(limit, |n| {
                let seed = settings.seed.wrapping_add(n);
                run(&Case::new(Settings { seed, ..settings }))
            })
        };
        Self { name, wrong: "", find: Box::new(find) }
    }

    /// A hunt for a mutant, at most `limit` runs. A violation of a property other than the expected
    /// ones does not count.
    pub(crate) fn mutant(
        mutant: &'static Mutant,
        limit: u64,
        run: impl Fn(u64) -> Option<Failure> + Send + Sync + 'static,
    ) -> Self {
        let find = move || {
            nth_of(limit, |n| mutant.with(|| run(n)))
                .filter(|(_, failure)| mutant.is_noticed_as(failure.violation.property))
        };
        Self { name: mutant.name, wrong: mutant.wrong, find: Box::new(find) }
    }

    /// Runs histories until one shows the mistake.
    #[must_use]
    pub fn run(&self) -> HuntResult {
        HuntResult { name: self.name, wrong: self.wrong, caught: (self.find)() }
    }
}

/// The first violation of at most `limit` runs, and how many runs it took.
fn nth_of(limit: u64, run: impl Fn(u64) -> Option<Failure>) -> Option<(u64, Failure)> {
    (0..limit).find_map(|n| Some((n.saturating_add(1), run(n)?)))
}

/// Hunts for each mutant of the ledger in this build, in histories of this kind, with seeds from
/// `settings.seed` on, at most `limit` of them.
#[must_use]
pub fn hunt_mutants(settings: &Settings, limit: u64) -> Vec<Hunt> {
    let settings = *settings;
    let hunt = |mutant| {
        Hunt::mutant(mutant, limit, move |n| {
            let seed = settings.seed.wrapping_add(n);
            Case::new(Settings { seed, ..settings }).run().err()
        })
    };
    mutants::APPLIED.iter().filter(|mutant| !mutant.via_bundles).map(hunt).collect()
}

/// Hunts for each rule of authority: the model lacks the rule. The comparison must notice that as it
/// would notice a ledger that lacks the rule.
#[must_use]
pub fn hunt_rules(settings: &Settings, limit: u64) -> Vec<Hunt> {
    // Sums that are wrong cannot be written in real bytes.
    let rules = Rules::each_off().into_iter().filter(|(name, _)| *name != "money_sums");
    without(rules, settings, limit)
}

/// Hunts for each of the six steps of resolution, which the model lacks as a whole.
#[must_use]
pub fn hunt_steps(settings: &Settings, limit: u64) -> Vec<Hunt> {
    without(steps_off().into_iter(), settings, limit)
}

fn without(
    rules: impl Iterator<Item = (&'static str, Rules)>,
    settings: &Settings,
    limit: u64,
) -> Vec<Hunt> {
    let hunt = |(name, rules): (&'static str, Rules)| {
        Hunt::new(name, settings, limit, move |case| case.run_with(&rules).err())
    };
    rules.map(hunt).collect()
}

/// Hunts for each fault of the replicas.
#[must_use]
pub fn hunt_breaks(settings: &Settings, limit: u64) -> Vec<Hunt> {
    let hunt = |(name, breaks): &(&'static str, Break)| {
        let breaks = Some(*breaks);
        Hunt::new(name, settings, limit, move |case| Case { breaks, ..case.clone() }.run().err())
    };
    Break::ALL.iter().map(hunt).collect()
}

/// The six steps of resolution, each switched off as a whole.
fn steps_off() -> [(&'static str, Rules); 6] {
    let all = Rules::ALL;
    [
        ("step 1: owner statements", Rules { owner_statements: false, ..all }),
        ("step 2: hard cuts", Rules { hard_cuts: false, ..all }),
        (
            "step 3: self statements",
            Rules {
                self_signature: false,
                start_in_base: false,
                self_within_cuts: false,
                enrol_needs_start: false,
                self_needs_start: false,
                ..all
            },
        ),
        (
            "step 4: introductions",
            Rules {
                intro_needs_enrolment: false,
                intro_cuts: false,
                adoption: false,
                repeated_add: false,
                bind_adopts: false,
                ..all
            },
        ),
        ("step 5: plain entries", Rules { plain_needs_enrolment: false, plain_cuts: false, ..all }),
        (
            "step 6: slots",
            Rules {
                one_slot: false,
                copies_stand_in: false,
                slot_applied_only: false,
                corrections: false,
                cancellations: false,
                ..all
            },
        ),
    ]
}
