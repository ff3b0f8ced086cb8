//! Mutants of the ledger: mistakes in a copy of ledger-core, each of which the simulation must
//! notice.
//!
//! A usual build holds none. `simulation/mutants.py` makes a copy with all of them, and writes
//! `applied.rs` for it.

mod applied;

pub use applied::APPLIED;
use applied::turn_on;

/// A mistake that a thread of the mutated ledger makes while it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Its name in `mutants.toml`.
    pub name: &'static str,
    /// What the ledger does wrong.
    pub wrong: &'static str,
    /// Whether only the simulation of sealed bundles can notice the mutant.
    pub via_bundles: bool,
    /// The properties of which a violation counts as noticed; any property if empty.
    pub noticed_as: &'static [&'static str],
}

impl Mutant {
    /// Runs `work` while this thread's ledger makes the mistake.
    pub(crate) fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        turn_on(Some(self));
        let result = work();
        turn_on(None);
        result
    }

    /// Whether a violation of this property counts as noticing the mutant.
    pub(crate) fn is_noticed_as(&self, property: &str) -> bool {
        self.noticed_as.is_empty() || self.noticed_as.contains(&property)
    }
}
