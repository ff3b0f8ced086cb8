//! How many histories it takes to notice a bug that was put in on purpose.

use super::{Break, Case, Failure, Settings};
use crate::mutants::{self, Mutant};
use ledger_model::Rules;

/// What became of a bug.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// Its name.
    pub bug: &'static str,
    /// What is wrong with it on, if the name does not say it.
    pub text: &'static str,
    /// How many histories it took, and what was noticed; `None`: it was not.
    pub caught: Option<(u64, Failure)>,
}

impl Hunted {
    /// The result of a hunt for a mutant. A violation of a property other than the expected ones
    /// does not count.
    pub(crate) fn mutant(mutant: &Mutant, caught: Option<(u64, Failure)>) -> Self {
        let caught = caught.filter(|(_, failure)| mutant.is_noticed_as(failure.violation.property));
        Self { bug: mutant.name, text: mutant.wrong, caught }
    }
}

/// Looks for each mutant of the ledger in this build, in histories of this kind, with seeds from
/// `settings.seed` on, at most `limit` of them.
#[must_use]
pub fn hunt_mutants(settings: &Settings, limit: u64) -> Vec<Hunted> {
    let hunted = |mutant: &Mutant| {
        let caught = find(settings, limit, |case| mutant.with(|| case.run().err()));
        Hunted::mutant(mutant, caught)
    };
    mutants::APPLIED.iter().filter(|mutant| !mutant.via_bundles).map(hunted).collect()
}

/// The same for each rule of authority: the *model* lacks it, which the comparison must notice as it
/// would notice a ledger that lacks it.
#[must_use]
pub fn hunt_rules(settings: &Settings, limit: u64) -> Vec<Hunted> {
    // Sums that are wrong cannot be written in real bytes.
    let rules = Rules::each_off().into_iter().filter(|(name, _)| *name != "money_sums");
    without(rules, settings, limit)
}

/// The same for each of the six steps of resolution as a whole.
#[must_use]
pub fn hunt_steps(settings: &Settings, limit: u64) -> Vec<Hunted> {
    without(steps_off().into_iter(), settings, limit)
}

fn without(
    rules: impl Iterator<Item = (&'static str, Rules)>,
    settings: &Settings,
    limit: u64,
) -> Vec<Hunted> {
    let hunted = |(bug, rules): (&'static str, Rules)| {
        let caught = find(settings, limit, |case| case.run_with(&rules).err());
        Hunted { bug, text: "", caught }
    };
    rules.map(hunted).collect()
}

/// The same for what can be broken in the replicas.
#[must_use]
pub fn hunt_breaks(settings: &Settings, limit: u64) -> Vec<Hunted> {
    let hunted = |(bug, breaks): &(&'static str, Break)| {
        let breaks = Some(*breaks);
        let caught = find(settings, limit, |case| Case { breaks, ..case.clone() }.run().err());
        Hunted { bug, text: "", caught }
    };
    Break::ALL.iter().map(hunted).collect()
}

/// The six steps of resolution, each switched off as a whole.
fn steps_off() -> [(&'static str, Rules); 6] {
    let all = Rules::ALL;
    [
        ("step 1: owner acts", Rules { owner_acts: false, ..all }),
        ("step 2: hard cuts", Rules { hard_cuts: false, ..all }),
        (
            "step 3: self acts",
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

fn find(
    settings: &Settings,
    limit: u64,
    run: impl Fn(&Case) -> Option<Failure>,
) -> Option<(u64, Failure)> {
    (0..limit).find_map(|n| {
        let seed = settings.seed.wrapping_add(n);
        Some((n.saturating_add(1), run(&Case::of(Settings { seed, ..*settings }))?))
    })
}
