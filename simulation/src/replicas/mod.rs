//! A group on several replicas, with a network that loses and delays, disks, crashes, and liars.
//!
//! Three things are drawn from the seed, one after the other:
//!
//! 1. *The script* (`script.rs`): who writes what, knowing what. It is a [`World`] of the model's
//!    simulation, where each device has its own partial view, honest people do what their view
//!    allows, and liars know everything; [`Scene`] signs it with real keys. Writing live on the
//!    replicas would be more code for fewer attacks: liars need to see all that anybody ever signed,
//!    and the independent oracle needs the same history without bytes anyway. What live authors
//!    would add, that the API puts their entries where the script has them, `authors.rs` asks of a
//!    sample.
//! 2. *The plan* (`plan.rs`): a list of events on the way of these entries to the replicas.
//! 3. *The play* (`play.rs`): the events happen, to replicas (`replica.rs`) on disks (`disk.rs`) with
//!    what waits (`site.rs`). At each quiet point `check.rs` and `arrivals.rs` check everything.
//!
//! Nothing hangs on a clock, a float or the order of a hash map, so a seed gives the same digest on
//! every machine. A failing case is shrunk by leaving out events and steps (`shrink.rs`), and printed
//! as a test.
//!
//! [`World`]: ledger_model::sim::world::World
//! [`Scene`]: crate::real_entries::Scene

mod arrivals;
mod authors;
mod breaks;
mod check;
mod disk;
mod flood;
mod hunt;
mod plan;
mod play;
mod replica;
mod script;
mod shrink;
mod site;
mod table;
mod trace;

pub use breaks::Break;
pub(crate) use check::conservation;
pub use hunt::{Hunted, hunt_breaks, hunt_mutants, hunt_rules, hunt_steps};
pub use shrink::{print, shrink};
pub use table::{IMPORTANT, missing};
pub(crate) use trace::Trace;

use ledger_model::Rules;
use ledger_model::sim::arrival::Violation;
use ledger_model::sim::tally::Tally;
use plan::{Event, Plan};
use play::Played;
use script::{Entries, Script};

/// What is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From which everything is drawn.
    pub seed: u64,
    /// How many replicas.
    pub replicas: usize,
    /// How many people honest devices introduce at most.
    pub members: usize,
    /// How many entries at most, without lies about places.
    pub entries: usize,
    /// 0: none; 1: faulty network and crashes; 2: lying members; 3: everything.
    pub adversary: u8,
}

impl Settings {
    /// What is usual, at this seed and level.
    #[must_use]
    pub fn usual(seed: u64, adversary: u8) -> Settings {
        Settings { seed, replicas: 3, members: 7, entries: 40, adversary }
    }

    /// Whether the network and the disks have faults.
    #[must_use]
    pub fn faults(&self) -> bool {
        self.adversary % 2 == 1
    }

    /// Whether members lie.
    #[must_use]
    pub fn lies(&self) -> bool {
        self.adversary >= 2
    }
}

/// A history without a violation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Over everything that happened.
    pub digest: [u8; 32],
    /// How often what happened.
    pub tally: Tally,
}

/// A violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The event at which it shows.
    pub event: usize,
    /// What it is.
    pub violation: Violation,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event {}: {}: {}", self.event, self.violation.property, self.violation.detail)
    }
}

/// A history, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What is simulated.
    pub settings: Settings,
    /// What is broken on purpose.
    pub breaks: Option<Break>,
    /// Steps that are left out of the script, their own dependencies in their place.
    pub without: Vec<usize>,
    /// The events that are kept; `None`: all.
    pub events: Option<Vec<usize>>,
}

impl Case {
    /// A whole history.
    #[must_use]
    pub fn of(settings: Settings) -> Case {
        Case { settings, breaks: None, without: Vec::new(), events: None }
    }

    /// Runs it.
    ///
    /// # Errors
    /// The first violation.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.run_with(&Rules::ALL)
    }

    /// Runs it beside a model that may lack a rule.
    ///
    /// # Errors
    /// The first violation.
    pub fn run_with(&self, rules: &Rules) -> Result<Outcome, Failure> {
        let script = Script::of(&self.settings);
        let entries = script.entries().map_err(unwritten)?;
        let plan = Plan::of(&self.settings, &entries);
        if self.without.is_empty() {
            return self.run_on(&plan, &entries, rules);
        }
        self.run_on(&plan, &self.thinned(script).entries().map_err(unwritten)?, rules)
    }

    /// Runs it on a plan and entries that were made before.
    fn run_on(&self, plan: &Plan, entries: &Entries, rules: &Rules) -> Result<Outcome, Failure> {
        let all = || plan.events.iter().enumerate();
        let kept: Vec<(usize, &Event)> = match &self.events {
            None => all().collect(),
            Some(kept) => all().filter(|(number, _)| kept.contains(number)).collect(),
        };
        let played = Played { settings: &self.settings, entries, rules };
        let mut outcome = play::play(&played, kept.into_iter(), self.breaks)?;
        outcome.tally.merge(plan.tally.clone());
        table::count(entries, &mut outcome.tally);
        Ok(outcome)
    }

    /// A script without the steps that this case leaves out.
    fn thinned(&self, mut script: Script) -> Script {
        for number in &self.without {
            script = script.without(*number).unwrap_or(script);
        }
        script
    }

    /// The script of this case.
    fn script(&self) -> Script {
        self.thinned(Script::of(&self.settings))
    }
}

/// The script could not be signed: a bug of the harness.
fn unwritten(error: crate::Error) -> Failure {
    let violation = Violation { property: "the script", detail: error.to_string() };
    Failure { event: 0, violation }
}
