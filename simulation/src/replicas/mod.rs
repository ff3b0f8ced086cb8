//! Simulation of a group on several replicas, with a faulty network, damaged disks, crashes and
//! lying members.
//!
//! A history has three parts, which follow from the seed:
//!
//! 1. *The script* (`script.rs`): who writes what, and with which knowledge. It is a [`World`] of the
//!    model's simulation, where each device has its own partial view, honest people do what their view
//!    allows, and liars know everything. [`RealHistory`] signs it with real keys. The script is written
//!    beforehand because liars need to see everything that was ever signed, and because the
//!    independent oracle needs the same history without bytes. `authors.rs` checks for a sample of
//!    devices that the library places their entries where the script placed them.
//! 2. *The plan* (`plan.rs`): a list of events on the way of these entries to the replicas.
//! 3. *The execution* (`play.rs`): the events happen to replicas (`replica.rs`) with disks (`disk.rs`)
//!    on machines (`machine.rs`). At each quiet point, `check.rs` and `arrivals.rs` check everything.
//!
//! Nothing depends on a clock, a float or the order of a hash map, so a seed gives the same digest on
//! every machine. A failing case is shrunk by leaving out events and steps (`shrink.rs`), and printed
//! as a test.
//!
//! [`World`]: ledger_model::sim::world::World
//! [`RealHistory`]: crate::real_entries::RealHistory

mod arrivals;
mod authors;
mod breaks;
mod check;
mod disk;
mod flood;
mod hunt;
mod machine;
mod plan;
mod play;
mod replica;
mod script;
mod shrink;
mod table;
mod trace;

pub use breaks::Break;
pub(crate) use check::conservation;
pub use hunt::{Hunt, HuntResult, hunt_breaks, hunt_mutants, hunt_rules, hunt_steps};
pub use shrink::{print, shrink};
pub use table::{IMPORTANT, missing};
pub(crate) use trace::Trace;

use ledger_model::Rules;
use ledger_model::sim::arrival::Violation;
use ledger_model::sim::tally::Tally;
use plan::{Event, Plan};
use play::Setup;
use script::{Entries, Script};

/// Settings of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The seed that everything follows from.
    pub seed: u64,
    /// Number of replicas.
    pub replicas: usize,
    /// The most people whom honest devices introduce.
    pub members: usize,
    /// The most entries, without lies about positions.
    pub entries: usize,
    /// 0: none; 1: faulty network and crashes; 2: lying members; 3: everything.
    pub adversary: u8,
}

impl Settings {
    /// The usual settings at this seed and level.
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

/// Result of a history without a violation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Digest over everything that happened.
    pub digest: [u8; 32],
    /// Counts of what happened.
    pub tally: Tally,
}

/// Result of a history with a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Number of the event at which the violation shows.
    pub event: usize,
    /// The violation.
    pub violation: Violation,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "event {}: {}: {}", self.event, self.violation.property, self.violation.detail)
    }
}

/// A history, or a part of it after shrinking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The settings.
    pub settings: Settings,
    /// The fault that is put into every replica.
    pub breaks: Option<Break>,
    /// Steps that are left out of the script. Their dependencies take their places.
    pub without: Vec<usize>,
    /// The events that are kept; `None`: all.
    pub events: Option<Vec<usize>>,
}

impl Case {
    /// A whole history.
    #[must_use]
    pub fn new(settings: Settings) -> Case {
        Case { settings, breaks: None, without: Vec::new(), events: None }
    }

    /// Runs the history.
    ///
    /// # Errors
    /// The first violation.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.run_with(&Rules::ALL)
    }

    /// Runs the history beside a model that may lack a rule.
    ///
    /// # Errors
    /// The first violation.
    pub fn run_with(&self, rules: &Rules) -> Result<Outcome, Failure> {
        let script = Script::new(&self.settings);
        let entries = script.entries().map_err(unwritten)?;
        let plan = Plan::new(&self.settings, &entries);
        if self.without.is_empty() {
            return self.run_on(&plan, &entries, rules);
        }
        self.run_on(&plan, &self.thinned(script).entries().map_err(unwritten)?, rules)
    }

    /// Runs the history with a plan and entries that exist already.
    fn run_on(&self, plan: &Plan, entries: &Entries, rules: &Rules) -> Result<Outcome, Failure> {
        let all = || plan.events.iter().enumerate();
        let kept: Vec<(usize, &Event)> = match &self.events {
            None => all().collect(),
            Some(kept) => all().filter(|(number, _)| kept.contains(number)).collect(),
        };
        let setup = Setup { settings: &self.settings, entries, rules };
        let mut outcome = play::play(&setup, kept.into_iter(), self.breaks)?;
        outcome.tally.merge(plan.tally.clone());
        table::count(entries, &mut outcome.tally);
        Ok(outcome)
    }

    /// The script without the steps that this case leaves out.
    fn thinned(&self, mut script: Script) -> Script {
        for number in &self.without {
            script = script.without(*number).unwrap_or(script);
        }
        script
    }

    /// The script of this case.
    fn script(&self) -> Script {
        self.thinned(Script::new(&self.settings))
    }
}

/// The failure of a script that cannot be signed, which is a mistake of the simulation.
fn unwritten(error: crate::Error) -> Failure {
    let violation = Violation { property: "the script", detail: error.to_string() };
    Failure { event: 0, violation }
}
