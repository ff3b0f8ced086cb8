//! Import of other programs' exports.

use std::sync::Arc;

use ledger_core::{EntryId, MemberId};
use ledger_formats::splitwise;

use super::LedgerGroup;
use crate::error::LedgerError;
use crate::platform::{ProgressListener, with_progress};
use crate::values::ExpenseId;

/// Result of an import.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportSummary {
    /// How many rows were recorded.
    pub added: u64,
    /// How many rows an earlier import had recorded that count.
    pub known: u64,
    /// Rows that an earlier import had recorded and somebody cancelled since. They are not recorded
    /// again, and count for nothing; `restore` makes one count again.
    pub cancelled: Vec<CancelledRow>,
    /// How many rows that somebody had cancelled count again.
    pub restored: u64,
    /// How many recorded rows this import cancelled, as the file no longer has them or has
    /// them otherwise.
    pub replaced: u64,
    /// How many rows are in the balances with which the group began, as the group that it
    /// continues has them.
    pub in_opening: u64,
    /// How many rows are in entries that wait for others, and so are not recorded again.
    pub waiting: u64,
    /// How many members were added, for columns that no member had.
    pub members_added: u64,
    /// Members who got a column because they have its name. A name proves nothing: show them, and
    /// let the person look whether they are those of the file.
    pub matched_by_name: Vec<MemberId>,
    /// Of the members added, those of whose name the group had more members than the file.
    pub ambiguous: Vec<MemberId>,
    /// Lines of recorded rows for which the file does not tell who paid how much. The
    /// library inferred it; every balance is exact.
    pub inferred_lines: Vec<u64>,
    /// Currencies in which the balances now equal the file's sums.
    pub matching: Vec<String>,
    /// Currencies in which the balances differ from the file's sums, because the ledger
    /// holds more than the file, or rows of it were cancelled or corrected.
    pub differing: Vec<String>,
}

/// Row of an imported file that is recorded and cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CancelledRow {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// The expense or transfer that the row is recorded as.
    pub expense: ExpenseId,
}

#[uniffi::export]
impl LedgerGroup {
    /// Imports a Splitwise export (CSV) of this group: records the rows that are not in the
    /// ledger yet, if the file has the rows of earlier exports as they were. `Ledger.imports`
    /// shows first what an import would do, and lets the person choose. It knows people whom
    /// the file introduced before, whatever their name is now, and matches others by name; a
    /// person who is missing becomes a placeholder. It takes long, and is one transaction if
    /// the file has at most 20,000 rows.
    ///
    /// # Errors
    /// `InvalidImport` with the line, `ImportDiffers` if rows of earlier exports are gone or
    /// changed, and then nothing is recorded; `Cancelled`, `CallbackFailed`, or as every call
    /// that records.
    #[uniffi::method(default(listener = None))]
    pub fn import_splitwise(
        &self,
        csv: Vec<u8>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<ImportSummary, LedgerError> {
        let export = splitwise::read(&csv)?;
        let group = self.group()?;
        let report = with_progress(listener, |progress| group.import_splitwise(&export, progress))?;
        Ok(report.into())
    }
}

impl From<ledger_store::ImportReport> for ImportSummary {
    fn from(report: ledger_store::ImportReport) -> Self {
        let codes = |currencies: Vec<ledger_core::Currency>| {
            currencies.iter().map(|currency| currency.code().to_owned()).collect()
        };
        Self {
            added: report.added,
            known: report.known,
            cancelled: report.cancelled.into_iter().map(CancelledRow::from).collect(),
            restored: report.restored,
            replaced: report.replaced,
            in_opening: report.in_opening,
            waiting: report.waiting,
            members_added: report.members_added,
            matched_by_name: report.matched_by_name,
            ambiguous: report.ambiguous,
            inferred_lines: report.inferred.into_iter().map(|(line, _)| line).collect(),
            matching: codes(report.matching),
            differing: codes(report.differing),
        }
    }
}

impl From<(u64, EntryId)> for CancelledRow {
    fn from((line, original): (u64, EntryId)) -> Self {
        Self { line, expense: original.into() }
    }
}
