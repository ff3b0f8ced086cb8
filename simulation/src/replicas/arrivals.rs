//! Checks of each arrival at a replica: no back-dating, rank, and the table of flips.
//!
//! The model follows the arrivals of the replica in their order, and says which authors are
//! powerless.

use std::collections::BTreeSet;

use ledger_model::sim::arrival::{Violation, before, owner_statements, violation};
use ledger_model::sim::flips::forbids;
use ledger_model::sim::tally::Tally;
use ledger_model::{History, Kind, Resolution, resolve};

use super::machine::Arrival;
use super::script::Entries;
use crate::real_entries::model_id;

/// The model's view of one replica.
pub(super) struct ModelFollower {
    /// The entries in the order of the replica's arrivals.
    pub(super) history: History,
    /// The resolution of these entries.
    pub(super) resolution: Resolution,
    seen: usize,
}

impl ModelFollower {
    /// Begins with the genesis entry.
    #[must_use]
    pub(super) fn new(entries: &Entries) -> ModelFollower {
        let mut history = History::new();
        if let Some(genesis) = entries.real_history.steps.first() {
            // The first of a history is always admitted.
            let _ = history.admit(genesis.entry.clone());
        }
        let resolution = resolve(&history);
        ModelFollower { history, resolution, seen: 0 }
    }

    /// Admits the arrivals that are new since the last call, and checks each of them.
    pub(super) fn follow(
        &mut self,
        arrivals: &[Arrival],
        entries: &Entries,
        tally: &mut Tally,
    ) -> Option<Violation> {
        for arrival in arrivals.iter().skip(self.seen) {
            self.seen = self.seen.saturating_add(1);
            let Some(made) = entries.by_id(&arrival.id) else {
                return violation("5: nothing lost", format!("nobody wrote {}", arrival.id));
            };
            let entry = &made.step.entry;
            let expected = before(&self.history, &self.resolution, entry);
            if let Err(refusal) = self.history.admit(entry.clone()) {
                return violation("1: convergence", format!("{}: {refusal:?}", arrival.id));
            }
            let old = std::mem::replace(&mut self.resolution, resolve(&self.history));
            tally.arrival(&self.history, &expected, &made.step, &old, &self.resolution);
            if let Some(why) = expected.powerless
                && arrival.before != arrival.after
            {
                let property = match entry.kind {
                    Kind::Statement(_) => "4: rank",
                    _ => "3: no back-dating",
                };
                return violation(property, format!("{why}: {} changed the state", arrival.id));
            }
            for (id, verdict) in &arrival.flips {
                let (id, revived) = (model_id(*id), verdict.is_applied());
                if let Some(why) = forbids(&expected.flips, &self.history, id, revived) {
                    let detail = format!("{why}: {} flips {id:#x} to {verdict:?}", arrival.id);
                    return violation("table of flips", detail);
                }
            }
        }
        None
    }

    /// Ids of the entries that carry owner statements which are certainly valid.
    #[must_use]
    pub(super) fn owner_statements(&self) -> BTreeSet<u64> {
        let carriers = owner_statements(&self.history).flat_map(|stated| stated.carriers.iter());
        carriers.filter_map(|at| self.history.admitted.get(*at)).map(|a| a.entry.id).collect()
    }
}
