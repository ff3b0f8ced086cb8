//! Hunts: how many histories the simulation needs to notice a mistake that was put in on purpose.

use ledger_model::Rules;

use super::{Break, Case, Failure, Settings};
use crate::mutants::{self, Mutant};

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

impl HuntResult {
    /// The result of a hunt for a mutant. A violation of a property other than the expected ones
    /// does not count.
    pub(crate) fn mutant(mutant: &Mutant, caught: Option<(u64, Failure)>) -> Self {
        let caught = caught.filter(|(_, failure)| mutant.is_noticed_as(failure.violation.property));
        Self { name: mutant.name, wrong: mutant.wrong, caught }
    }
}

/// Looks for each mutant of the ledger in this build, in histories of this kind, with seeds from
/// `settings.seed` on, at most `limit` of them.
#[must_use]
pub fn hunt_mutants(settings: &Settings, limit: u64) -> Vec<HuntResult> {
    let hunt_result = |mutant: &Mutant| {
        let caught = find(settings, limit, |case| mutant.with(|| case.run().err()));
        HuntResult::mutant(mutant, caught)
    };
    mutants::APPLIED.iter().filter(|mutant| !mutant.via_bundles).map(hunt_result).collect()
}

/// Hunts each rule of authority: the model lacks the rule. The comparison must notice that as it
/// would notice a ledger that lacks the rule.
#[must_use]
pub fn hunt_rules(settings: &Settings, limit: u64) -> Vec<HuntResult> {
    // Sums that are wrong cannot be written in real bytes.
    let rules = Rules::each_off().into_iter().filter(|(name, _)| *name != "money_sums");
    without(rules, settings, limit)
}

/// Hunts each of the six steps of resolution, which the model lacks as a whole.
#[must_use]
pub fn hunt_steps(settings: &Settings, limit: u64) -> Vec<HuntResult> {
    without(steps_off().into_iter(), settings, limit)
}

fn without(
    rules: impl Iterator<Item = (&'static str, Rules)>,
    settings: &Settings,
    limit: u64,
) -> Vec<HuntResult> {
    let hunt_result = |(name, rules): (&'static str, Rules)| {
        let caught = find(settings, limit, |case| case.run_with(&rules).err());
        HuntResult { name, wrong: "", caught }
    };
    rules.map(hunt_result).collect()
}

/// Hunts each fault of the replicas.
#[must_use]
pub fn hunt_breaks(settings: &Settings, limit: u64) -> Vec<HuntResult> {
    let hunt_result = |(name, breaks): &(&'static str, Break)| {
        let breaks = Some(*breaks);
        let caught = find(settings, limit, |case| Case { breaks, ..case.clone() }.run().err());
        HuntResult { name, wrong: "", caught }
    };
    Break::ALL.iter().map(hunt_result).collect()
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

fn find(
    settings: &Settings,
    limit: u64,
    run: impl Fn(&Case) -> Option<Failure>,
) -> Option<(u64, Failure)> {
    (0..limit).find_map(|n| {
        let seed = settings.seed.wrapping_add(n);
        Some((n.saturating_add(1), run(&Case::new(Settings { seed, ..*settings }))?))
    })
}
