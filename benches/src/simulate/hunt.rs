//! How many histories it takes to notice a bug that was put in on purpose.

use super::{Case, Failure, Settings};
use crate::model::Rules;

/// What became of a bug.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// Its name.
    pub bug: &'static str,
    /// How many histories it took, and what was noticed; `None`: it was not.
    pub caught: Option<(u64, Failure)>,
}

/// Looks for each bug in histories of this kind, with seeds from `settings.seed` on, at most `limit`
/// of them. `activate` puts in the bug of a name, or takes it out again.
pub fn hunt(
    bugs: &[&'static str],
    settings: &Settings,
    limit: u64,
    mut activate: impl FnMut(Option<&'static str>),
) -> Vec<Hunted> {
    let mut all = Vec::new();
    for bug in bugs {
        activate(Some(bug));
        let caught = find(settings, limit, |case| case.run().err());
        activate(None);
        all.push(Hunted { bug, caught });
    }
    all
}

/// The same for each rule of authority: the *model* lacks it, which the comparison must notice as it
/// would notice a ledger that lacks it.
#[must_use]
pub fn hunt_rules(settings: &Settings, limit: u64) -> Vec<Hunted> {
    let mut all = Vec::new();
    for (bug, rules) in Rules::each_off() {
        let caught = find(settings, limit, |case| case.run_with(&rules).err());
        all.push(Hunted { bug, caught });
    }
    all
}

fn find(
    settings: &Settings,
    limit: u64,
    run: impl Fn(&Case) -> Option<Failure>,
) -> Option<(u64, Failure)> {
    (1..=limit).find_map(|n| {
        let seed = settings.seed.wrapping_add(n);
        Some((n, run(&Case::of(Settings { seed, ..*settings }))?))
    })
}
