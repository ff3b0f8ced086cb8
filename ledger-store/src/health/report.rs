//! Results of checks: of the history of one group, and of a whole database.

use ledger_core::{GroupId, StateDigest};

use super::{Problem, Remedy};
use crate::entries::WaitingCount;

/// Result of verifying one group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// Number of entries that were checked.
    pub entries: u64,
    /// Number of entries that wait for others that are not here: their place in the group is not
    /// known, and they count for nothing so far.
    pub waiting: WaitingCount,
    /// The digest of the state that the entries give; none without a genesis entry.
    pub digest: Option<StateDigest>,
    /// All deviations.
    pub problems: Vec<Problem>,
}

/// Result of checking a whole database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseCheck {
    /// The results of each group.
    pub groups: Vec<(GroupId, Verification)>,
    /// Problems of the file itself.
    pub file: Vec<Problem>,
}

impl DatabaseCheck {
    /// All problems.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.groups.iter().flat_map(|(_, found)| &found.problems).chain(&self.file)
    }

    /// Number of entries that wait for others, in all groups.
    #[must_use]
    pub fn waiting(&self) -> WaitingCount {
        let add = |sum: WaitingCount, (_, found): &(GroupId, Verification)| WaitingCount {
            total: sum.total.saturating_add(found.waiting.total),
            own: sum.own.saturating_add(found.waiting.own),
        };
        self.groups.iter().fold(WaitingCount::default(), add)
    }

    /// The remedy that helps against all problems; none if there are no problems.
    #[must_use]
    pub fn remedy(&self) -> Option<Remedy> {
        self.problems().map(|problem| problem.remedy).max()
    }
}
