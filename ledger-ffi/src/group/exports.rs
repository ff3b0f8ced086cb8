//! Exports: what counts in a group, for other programs.

use ledger_core::EntryId;
use ledger_formats::read_export;

use super::LedgerGroup;
use crate::error::LedgerError;
use crate::platform::create_file;

/// Exports of one group for other programs.
#[derive(uniffi::Object)]
pub struct Exports {
    group: LedgerGroup,
}

impl Exports {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

/// Program for which a group is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ExportFormat {
    /// A table with payers, shares, notes and entries in columns. An import reads all of it again.
    Csv,
    /// Members, balances, what counts, and every entry. An import reads it again.
    Json,
    /// A journal of hledger.
    Hledger,
    /// A ledger of beancount.
    Beancount,
    /// The layout of a Splitwise export, which has no payers, shares or notes.
    Splitwise,
}

/// Kind of a difference between an exported file and the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ExportDifferenceKind {
    /// The ledger has a row that the file lacks.
    Missing,
    /// The file has a row that does not count in the ledger.
    More,
    /// A row of the file is not as the ledger has it.
    Altered,
    /// Only one of them has a member.
    Member,
    /// A kind that this version does not tell apart.
    Other,
}

/// Difference between an exported file and the ledger.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExportDifference {
    /// The kind.
    pub kind: ExportDifferenceKind,
    /// The line of the file, counted from 1; in JSON, the number of the row. None of a row that
    /// the file lacks, and of a member.
    pub line: Option<u64>,
    /// The entry of the row, if it has one.
    pub entry: Option<EntryId>,
    /// The difference in English.
    pub description: String,
}

#[uniffi::export]
impl Exports {
    /// Writes what counts into a new file. It has its name only when it is complete; a file
    /// that exists is refused.
    ///
    /// # Errors
    /// `File` if the file exists or cannot be written, `DiskFull`, or as every call that reads. No
    /// file is left then.
    pub fn write(&self, format: ExportFormat, path: String) -> Result<(), LedgerError> {
        let export = self.group.group()?.exports().read(format.into())?;
        create_file(&path, |file| {
            export.write(file).map_err(|error| LedgerError::file(&path, &error))
        })
    }

    /// Compares a file that was exported as CSV or JSON with the group as it is now. No
    /// difference means that every row is as in the ledger.
    ///
    /// # Errors
    /// `InvalidImport` if the file cannot be read, or as every call that reads.
    pub fn verify(&self, file: Vec<u8>) -> Result<Vec<ExportDifference>, LedgerError> {
        let file = read_export(&file)?;
        let differences = self.group.group()?.exports().verify(&file)?;
        Ok(differences.into_iter().map(Into::into).collect())
    }
}

impl From<ExportFormat> for ledger_store::ExportFormat {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Csv => Self::Csv,
            ExportFormat::Json => Self::Json,
            ExportFormat::Hledger => Self::Hledger,
            ExportFormat::Beancount => Self::Beancount,
            ExportFormat::Splitwise => Self::Splitwise,
        }
    }
}

impl From<ledger_formats::ExportDifference> for ExportDifference {
    fn from(difference: ledger_formats::ExportDifference) -> Self {
        use ledger_formats::ExportDifference as Of;
        let description = difference.to_string();
        let (kind, line, entry) = match difference {
            Of::Missing { entry, .. } => (ExportDifferenceKind::Missing, None, Some(entry)),
            Of::More { line, entry, .. } => (ExportDifferenceKind::More, Some(line), entry),
            Of::Altered { line, entry, .. } => {
                (ExportDifferenceKind::Altered, Some(line), Some(entry))
            }
            Of::Member { .. } => (ExportDifferenceKind::Member, None, None),
            _ => (ExportDifferenceKind::Other, None, None),
        };
        Self { kind, line, entry, description }
    }
}
