//! Work that takes long: it reports how far it is, and can be stopped.

use std::sync::Arc;

use ledger_formats::splitwise;

use super::LedgerGroup;
use crate::LedgerError;
use crate::progress::{ProgressListener, telling};

/// What a full check found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Verification {
    /// How many entries were checked.
    pub entries: u64,
    /// The digest of the state that the entries give, if they give one.
    pub state_digest: Option<String>,
    /// Everything that is not as it should be; empty if all is well.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Problem {
    /// The entry, if one is concerned.
    pub entry: Option<String>,
    /// The rule of SPEC.md that is broken, if it is one of the format.
    pub rule: Option<String>,
    /// Whether only what is derived from the entries is wrong, which `rebuild`
    /// writes anew. Otherwise a backup has to take the place of the file.
    pub is_derived: bool,
    /// What was found, in English.
    pub found: String,
}

impl From<ledger_store::Problem> for Problem {
    fn from(problem: ledger_store::Problem) -> Self {
        Self {
            entry: problem.entry.map(|id| id.to_string()),
            rule: problem.rule.map(|rule| rule.code().to_owned()),
            is_derived: problem.remedy == ledger_store::Remedy::Rebuild,
            found: problem.found,
        }
    }
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportSummary {
    /// Rows that are new in the ledger.
    pub added: u64,
    /// Rows that an earlier import had recorded.
    pub known: u64,
    /// Members introduced for columns that had none.
    pub members_added: u64,
    /// Lines of added rows of which the file does not tell who paid and owed
    /// how much, so that it was inferred.
    pub inferred_lines: Vec<u64>,
    /// Currencies in which the balances are now the file's sums.
    pub matching: Vec<String>,
    /// Currencies in which they are not, because the ledger holds more.
    pub differing: Vec<String>,
}

#[uniffi::export]
impl LedgerGroup {
    /// Reads the group now, which else the first call does that needs it: call it
    /// before showing the group. Takes milliseconds from a checkpoint. Without one
    /// it takes long, and tells the listener. Changes nothing.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, or what reading the database says.
    #[uniffi::method(default(listener = None))]
    pub fn prepare(&self, listener: Option<Arc<dyn ProgressListener>>) -> Result<(), LedgerError> {
        let group = self.inner()?;
        telling(listener, |progress| group.prepare(progress)).map(|_| ())
    }

    /// Checks every hash, signature, link and rule again from the stored bytes,
    /// and that everything derived from them agrees. Changes nothing. Takes
    /// long: about a second for 10,000 entries.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, or what reading the database says. What
    /// is merely wrong in it is in the result.
    #[uniffi::method(default(listener = None))]
    pub fn verify(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Verification, LedgerError> {
        let group = self.inner()?;
        let found = telling(listener, |progress| group.verify(progress))?;
        Ok(Verification {
            entries: found.entries,
            state_digest: found.digest.map(|digest| digest.to_string()),
            problems: found.problems.into_iter().map(Into::into).collect(),
        })
    }

    /// Records the rows of a Splitwise export (CSV) that are not in the ledger
    /// yet. People are matched to members by name; who is missing becomes a
    /// placeholder. Takes long; if it is stopped, whole batches stay, and
    /// importing the same file again goes on from there.
    ///
    /// # Errors
    /// `InvalidImport` with the line, and then nothing is recorded;
    /// `Cancelled`, `CallbackFailed`, or as every call that records.
    #[uniffi::method(default(listener = None))]
    pub fn import_splitwise(
        &self,
        csv: Vec<u8>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<ImportSummary, LedgerError> {
        let export = splitwise::read(&csv)?;
        let group = self.inner()?;
        let report = telling(listener, |progress| group.import_splitwise(&export, progress))?;
        let codes = |currencies: Vec<ledger_core::Currency>| {
            currencies.iter().map(|currency| currency.code().to_owned()).collect()
        };
        Ok(ImportSummary {
            added: report.added,
            known: report.known,
            members_added: report.members_added,
            inferred_lines: report.inferred.into_iter().map(|(line, _)| line).collect(),
            matching: codes(report.matching),
            differing: codes(report.differing),
        })
    }
}
