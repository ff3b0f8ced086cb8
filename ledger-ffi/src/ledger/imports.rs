//! Imports of other programs' files: a plan that an app shows, and its application.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_core::{Currency, GroupId, MemberId};
use ledger_formats::{Options, splitwise};

use super::Ledger;
use crate::error::LedgerError;
use crate::group::{CancelledRow, ExpenseRow, ImportSummary};
use crate::platform::{ProgressListener, with_progress};
use crate::store_handle::StoreHandle;
use crate::values::Money;

/// Imports of other programs' files.
///
/// Plan an import, show the plan to the person, and apply it with their choice. Nothing is
/// written before that.
#[derive(uniffi::Object)]
pub struct Imports {
    store: StoreHandle,
}

/// Group into which a file is imported.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ImportTarget {
    /// A group of this ledger.
    Group {
        /// The group.
        group: GroupId,
    },
    /// A new group, if there is none when the plan is applied.
    FirstGroup {
        /// The group's name.
        name: String,
        /// The column of the person of this device, counted from 0.
        me: u32,
    },
    /// A new group, whatever groups there are.
    NewGroup {
        /// The group's name.
        name: String,
        /// The column of the person of this device, counted from 0.
        me: u32,
    },
}

/// Word of a person on who a column of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ColumnMember {
    /// The column of a person, counted from 0.
    pub column: u32,
    /// The member.
    pub member: MemberId,
}

/// What is done about recorded rows that the file no longer has, or has otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum OldRows {
    /// Nothing is recorded if there are any.
    #[default]
    Refuse,
    /// They are cancelled, and what the file has is recorded.
    Replace,
    /// They stay, and what the file has is recorded beside them.
    Keep,
}

/// Decisions of a person about a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ImportChoice {
    /// What is done about rows that the file no longer has, or has otherwise.
    pub old_rows: OldRows,
    /// Whether rows that somebody cancelled here count again.
    #[uniffi(default = false)]
    pub restore_cancelled: bool,
    /// Whether a file that seems to be of another group is imported all the same.
    #[uniffi(default = false)]
    pub other_group: bool,
}

/// What an import would do. It is compared again when it is applied.
#[derive(uniffi::Object)]
pub struct ImportPlan {
    plan: ledger_store::ImportPlan,
}

/// What a plan shows.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportPreview {
    /// The program that wrote the file.
    pub program: String,
    /// What was mended in the file so that it could be read, in words: numbers that were
    /// rounded, another encoding. Show it.
    pub repairs: Vec<String>,
    /// Lines of the rows that the group does not know, with those that changed.
    pub new_lines: Vec<u64>,
    /// How many rows the group knows.
    pub known: u64,
    /// How many rows are in the balances with which the group began.
    pub in_opening: u64,
    /// Whether the group continues one that is not in this ledger.
    pub lacks_predecessor: bool,
    /// How many rows are in entries that wait for others.
    pub waiting: u64,
    /// Rows that somebody cancelled here.
    pub cancelled: Vec<CancelledRow>,
    /// Rows that likely are recorded ones that changed in the other program.
    pub changed: Vec<ChangedRow>,
    /// Rows that somebody likely recorded here by hand, with the same date and amounts.
    pub doubled: Vec<ChangedRow>,
    /// Recorded rows of earlier exports that the file no longer has. What people did with
    /// them here is lost if they are replaced: their edits, confirmations and disputes.
    pub gone: Vec<ExpenseRow>,
    /// Lines of new rows of which it is unclear which of several gone rows they were.
    pub unclear_lines: Vec<u64>,
    /// The people of the file, in column order.
    pub people: Vec<PlannedPerson>,
    /// New people who likely are members of another name. Ask the person, and plan again
    /// with their word.
    pub renamed: Vec<RenamedPerson>,
    /// Whether the file seems to be of another group.
    pub is_other_group: bool,
    /// Whether the balances would be the sums of the file, by currency.
    pub totals: Vec<PlannedTotal>,
}

/// A row that is new in the file, and the recorded one that it likely was.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChangedRow {
    /// The line of the file, counted from 1.
    pub line: u64,
    /// The recorded row, as it is shown here.
    pub recorded: ExpenseRow,
}

/// A person of the file.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PlannedPerson {
    /// The name in the file.
    pub name: String,
    /// The member, if the group has them.
    pub member: Option<MemberId>,
    /// Whether only the name says so, which proves nothing.
    pub is_by_name: bool,
}

/// A person who is new in the file, and the member whose place they have in the rows that
/// changed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RenamedPerson {
    /// The column of the file, counted from 0.
    pub column: u32,
    /// The name in the file.
    pub name: String,
    /// The member.
    pub member: MemberId,
}

/// Balances in one currency after an import.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PlannedTotal {
    /// The currency.
    pub currency: String,
    /// The people whose balance would not be the sum of the file.
    pub differences: Vec<TotalDifference>,
}

/// Balance of a person that would not be the sum of the file.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TotalDifference {
    /// The name in the file.
    pub name: String,
    /// The sum of the file.
    pub file: Money,
    /// The balance in the group.
    pub ledger: Money,
}

/// Result of undoing an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UndoneImport {
    /// How many rows count no more.
    pub cancelled: u64,
    /// How many rows that the import had cancelled count again.
    pub restored: u64,
    /// How many rows stay, because somebody else recorded or cancelled them, too.
    pub kept: u64,
}

/// An import that was applied.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AppliedImport {
    /// The group.
    pub group: GroupId,
    /// What was recorded.
    pub summary: ImportSummary,
}

#[uniffi::export]
impl Ledger {
    /// Imports of other programs' files.
    #[must_use]
    pub fn imports(&self) -> Arc<Imports> {
        Arc::new(Imports { store: self.store.clone() })
    }
}

#[uniffi::export]
impl Imports {
    /// Compares a file of another program with a group, and writes nothing. The program is
    /// recognised by the content: Splitwise, Spliit, Cospend, ihatemoney, Settle Up and
    /// others; `ImportPreview.program` says which it is. `people` has the columns of which a
    /// person said who they are, and `currency` is the code of the currency of rows for which
    /// the file names none.
    ///
    /// # Errors
    /// As `plan_splitwise`; `InvalidImport` also says what a file is that cannot be read.
    /// `InvalidCurrency` for an unknown currency.
    #[uniffi::method(default(people = [], currency = None))]
    pub fn plan(
        &self,
        file: Vec<u8>,
        target: ImportTarget,
        people: Vec<ColumnMember>,
        currency: Option<String>,
    ) -> Result<Arc<ImportPlan>, LedgerError> {
        let currency = currency.as_deref().map(Currency::from_code).transpose()?;
        let file = ledger_formats::read(&file, None, &Options { currency })?;
        self.plan_file(file, target, people)
    }

    /// Compares a Splitwise export (CSV) with a group, and writes nothing. `people` has
    /// the columns of which a person said who they are.
    ///
    /// # Errors
    /// `InvalidImport` with the line; `UnknownGroup`, `UnknownMember`, `DuplicateMember`,
    /// or any error of reading the database.
    #[uniffi::method(default(people = []))]
    pub fn plan_splitwise(
        &self,
        csv: Vec<u8>,
        target: ImportTarget,
        people: Vec<ColumnMember>,
    ) -> Result<Arc<ImportPlan>, LedgerError> {
        self.plan_file(splitwise::read(&csv)?, target, people)
    }

    /// Applies a plan in one transaction, or in several if it records more than 20,000
    /// rows. The listener may stop it; it must not record anything itself.
    ///
    /// # Errors
    /// `ImportDiffers`, `OtherGroupsFile`, `PredecessorMissing` or `EmptyImport` if the choice does not say what
    /// to do; `ImportOutdated` if the plan would do something else by now; `Cancelled`,
    /// `CallbackFailed`, or as every call that records.
    #[uniffi::method(default(listener = None))]
    pub fn apply(
        &self,
        plan: &ImportPlan,
        choice: ImportChoice,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<AppliedImport, LedgerError> {
        let store = self.store.store()?;
        let apply = |progress: &mut dyn FnMut(_) -> _| {
            store.imports().apply(&plan.plan, choice.into(), progress)
        };
        let applied = with_progress(listener, apply)?;
        Ok(AppliedImport { group: applied.group, summary: applied.report.into() })
    }

    /// Undoes the import of a group that stopped half-way, or else its last import on this
    /// device: cancels the rows that it recorded, and restores those that it cancelled. People
    /// stay. If it fails in between, the call undoes the rest when it is made again.
    ///
    /// # Errors
    /// `NothingToUndo` if there is none, `ChangedSince` if a row of a finished import was
    /// corrected since; `Cancelled`, `CallbackFailed`, or as every call that records.
    #[uniffi::method(default(listener = None))]
    pub fn undo(
        &self,
        group: GroupId,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<UndoneImport, LedgerError> {
        let store = self.store.store()?;
        let undone = with_progress(listener, |progress| store.imports().undo(group, progress))?;
        let ledger_store::UndoneImport { cancelled, restored, kept, .. } = undone;
        Ok(UndoneImport { cancelled, restored, kept })
    }
}

impl Imports {
    fn plan_file(
        &self,
        file: ledger_formats::ImportFile,
        target: ImportTarget,
        people: Vec<ColumnMember>,
    ) -> Result<Arc<ImportPlan>, LedgerError> {
        let people: BTreeMap<usize, MemberId> =
            people.into_iter().map(|one| (index(one.column), one.member)).collect();
        let plan = self.store.store()?.imports().plan(file, target.into(), people)?;
        Ok(Arc::new(ImportPlan { plan }))
    }
}

#[uniffi::export]
impl ImportPlan {
    /// What the import would do with a choice. Show it to the person.
    ///
    /// # Errors
    /// `BalanceTooLarge` if a balance does not fit.
    pub fn preview(&self, choice: ImportChoice) -> Result<ImportPreview, LedgerError> {
        let plan = &self.plan;
        let shown = |rows: Vec<ledger_store::ChangedRow>| {
            let rows = rows.into_iter();
            let shown = rows
                .map(|row| Ok(ChangedRow { line: row.line, recorded: row.recorded.try_into()? }));
            shown.collect::<Result<Vec<_>, LedgerError>>()
        };
        let gone = plan.gone_rows().into_iter().cloned().map(ExpenseRow::try_from);
        let totals = plan.totals(choice.into()).into_iter().map(|total| {
            let differences = total.differences.into_iter().map(|one| {
                Ok(TotalDifference {
                    name: one.name,
                    file: Money::of_balance(one.file, total.currency)?,
                    ledger: Money::of_balance(one.ledger, total.currency)?,
                })
            });
            let differences = differences.collect::<Result<_, LedgerError>>()?;
            Ok(PlannedTotal { currency: total.currency.code().to_owned(), differences })
        });
        let repairs = plan.file().repairs().iter().map(ToString::to_string);
        Ok(ImportPreview {
            program: plan.file().program().to_string(),
            repairs: repairs.collect(),
            new_lines: plan.new_rows().map(|row| row.line()).collect(),
            known: plan.known_rows(),
            in_opening: plan.opening_rows(),
            lacks_predecessor: plan.lacks_predecessor(),
            waiting: plan.waiting_rows(),
            cancelled: plan.cancelled_rows().into_iter().map(CancelledRow::from).collect(),
            changed: shown(plan.changed_rows())?,
            doubled: shown(plan.doubled_rows())?,
            gone: gone.collect::<Result<_, _>>()?,
            unclear_lines: plan.unclear_rows(),
            people: plan.people().into_iter().map(Into::into).collect(),
            renamed: plan.renamed_people().into_iter().map(Into::into).collect(),
            is_other_group: plan.is_other_group(),
            totals: totals.collect::<Result<_, LedgerError>>()?,
        })
    }
}

impl From<ImportTarget> for ledger_store::ImportTarget {
    fn from(target: ImportTarget) -> Self {
        match target {
            ImportTarget::Group { group } => Self::Group(group),
            ImportTarget::FirstGroup { name, me } => Self::FirstGroup { name, me: index(me) },
            ImportTarget::NewGroup { name, me } => Self::NewGroup { name, me: index(me) },
        }
    }
}

impl From<ImportChoice> for ledger_store::ImportChoice {
    fn from(choice: ImportChoice) -> Self {
        Self {
            old_rows: match choice.old_rows {
                OldRows::Refuse => ledger_store::OldRows::Refuse,
                OldRows::Replace => ledger_store::OldRows::Replace,
                OldRows::Keep => ledger_store::OldRows::Keep,
            },
            restore_cancelled: choice.restore_cancelled,
            other_group: choice.other_group,
        }
    }
}

impl From<ledger_store::PlannedPerson> for PlannedPerson {
    fn from(person: ledger_store::PlannedPerson) -> Self {
        let is_by_name = person.known == ledger_store::PersonMatch::Name;
        Self { name: person.name, member: person.member, is_by_name }
    }
}

impl From<ledger_store::RenamedPerson> for RenamedPerson {
    fn from(person: ledger_store::RenamedPerson) -> Self {
        let column = u32::try_from(person.column).unwrap_or(u32::MAX);
        Self { column, name: person.name, member: person.member }
    }
}

fn index(column: u32) -> usize {
    usize::try_from(column).unwrap_or(usize::MAX)
}
