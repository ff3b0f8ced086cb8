//! Full verification of a group.

use std::sync::Arc;

use ledger_core::EntryId;

use super::LedgerGroup;
use crate::error::LedgerError;
use crate::platform::{ProgressListener, with_progress};

/// Checks of everything that is stored of one group.
#[derive(uniffi::Object)]
pub struct GroupMaintenance {
    group: LedgerGroup,
}

impl GroupMaintenance {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

/// Result of a full verification.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Verification {
    /// How many entries were checked.
    pub entries: u64,
    /// How many entries wait for others that are not here, and do not count.
    pub waiting: u64,
    /// How many of them this device signed. While there are any, it signs nothing.
    pub own_waiting: u64,
    /// The digest of the state that the entries give, if they give one.
    pub state_digest: Option<String>,
    /// All problems that were found; empty if there is none.
    pub problems: Vec<Problem>,
}

/// Problem that a check found in the database.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// The entry with the problem, if it is about one.
    pub entry: Option<EntryId>,
    /// The rule of SPEC.md that is broken, if it is one about entries.
    pub rule: Option<String>,
    /// Whether `Maintenance.rebuild_indexes` mends it, because only what is derived from
    /// the entries is wrong. Otherwise restore a backup, or call `salvage_database`.
    pub is_derived: bool,
    /// Description of the problem, in English.
    pub description: String,
}

impl From<ledger_store::Problem> for Problem {
    fn from(problem: ledger_store::Problem) -> Self {
        Self {
            entry: problem.entry,
            rule: problem.rule.map(|rule| rule.code().to_owned()),
            is_derived: problem.remedy == ledger_store::Remedy::RebuildIndexes,
            description: problem.found,
        }
    }
}

#[uniffi::export]
impl GroupMaintenance {
    /// Verifies the group's history: checks every hash, signature, link and rule again
    /// from the stored bytes, and compares everything that is derived from the entries.
    /// It changes nothing. It takes long: about a second for 10,000 entries.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, or any error of reading the database. Problems in
    /// the history are in the result, and no error.
    #[uniffi::method(default(listener = None))]
    pub fn verify_history(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Verification, LedgerError> {
        let group = self.group.group()?;
        let found =
            with_progress(listener, |progress| group.maintenance().verify_history(progress))?;
        Ok(Verification {
            entries: found.entries,
            waiting: found.waiting.total,
            own_waiting: found.waiting.own,
            state_digest: found.digest.map(|digest| digest.to_string()),
            problems: found.problems.into_iter().map(Into::into).collect(),
        })
    }
}
