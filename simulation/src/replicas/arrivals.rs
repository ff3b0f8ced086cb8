//! No back-dating, rank, and the table of flips, on the ledger's own record of each arrival.
//!
//! Who is powerless is told by the model: a history in the order of this replica's arrivals.

use std::collections::BTreeSet;

use super::script::Entries;
use super::site::Arrival;
use crate::real_entries::number;
use ledger_model::sim::arrival::{Violation, before, owner_acts, violation};
use ledger_model::sim::flips::forbids;
use ledger_model::sim::tally::Tally;
use ledger_model::{History, Kind, Resolution, resolve};

/// The model beside a replica.
pub(super) struct Witness {
    /// The entries in the order of the replica's arrivals.
    pub(super) history: History,
    /// What they mean.
    pub(super) resolution: Resolution,
    seen: usize,
}

impl Witness {
    /// Begins with the genesis entry.
    #[must_use]
    pub(super) fn new(entries: &Entries) -> Witness {
        let mut history = History::new();
        if let Some(genesis) = entries.scene.steps.first() {
            // The first of a history is always admitted.
            let _ = history.admit(genesis.entry.clone());
        }
        let resolution = resolve(&history);
        Witness { history, resolution, seen: 0 }
    }

    /// Follows the arrivals that it has not seen yet.
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
                let (id, revived) = (number(*id), verdict.is_applied());
                if let Some(why) = forbids(&expected.flips, &self.history, id, revived) {
                    let detail = format!("{why}: {} flips {id:#x} to {verdict:?}", arrival.id);
                    return violation("table of flips", detail);
                }
            }
        }
        None
    }

    /// The owner's acts that are certainly valid, by their carriers.
    #[must_use]
    pub(super) fn owner_acts(&self) -> BTreeSet<u64> {
        let carriers = owner_acts(&self.history).flat_map(|stated| stated.carriers.iter());
        carriers.filter_map(|at| self.history.admitted.get(*at)).map(|a| a.entry.id).collect()
    }
}
