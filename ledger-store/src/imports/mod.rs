//! Imports of other programs' files: a comparison first, then one transaction (SPEC §10).
//!
//! An import is planned, shown to a person, and applied. The plan says which rows are new, which the
//! group knows, and which it has from earlier exports and the file no longer has, or has otherwise.
//! Applying compares again inside of its transaction, and refuses if the outcome is another one.

mod apply;
mod compare;
mod content;
mod here;
mod journal;
mod other_group;
mod own;
mod pairs;
mod people;
mod plan;
mod totals;
mod undo;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::{GroupId, MemberId};
use ledger_formats::{ImportFile, Person};

use self::compare::Reader;
use crate::StoreError;
use crate::platform::progress::Progress;
use crate::session::Session;

pub use apply::{ImportReport, Imported as AppliedImport};
pub use pairs::Likeness;
pub use people::PersonMatch;
pub use plan::{ChangedRow, ImportPlan, PlannedPerson, RenamedPerson};
pub use totals::{PlannedTotal, TotalDifference};
pub use undo::UndoneImport;

/// Group into which a file is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportTarget {
    /// A group of this database.
    Group(GroupId),
    /// A new group, if this database has none when the plan is applied.
    FirstGroup {
        /// The name of the group.
        name: String,
        /// The column of the person of this device, counted from 0.
        me: usize,
    },
    /// A new group, whatever groups this database has.
    NewGroup {
        /// The name of the group.
        name: String,
        /// The column of the person of this device, counted from 0.
        me: usize,
    },
}

/// What is done about recorded rows that the file no longer has, or has otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldRows {
    /// Nothing is recorded if there are any: a person has to choose.
    #[default]
    Refuse,
    /// They are cancelled, and what the file has is recorded under its own origin. It is never a
    /// correction: that would keep the old origin, and another device would record the row again.
    Replace,
    /// They stay, and what the file has is recorded beside them.
    Keep,
}

/// Decisions of a person about a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportChoice {
    /// What is done about rows that the file no longer has, or has otherwise.
    pub old_rows: OldRows,
    /// Whether rows that somebody cancelled here count again.
    pub restore_cancelled: bool,
    /// Whether a file that seems to be of another group is imported all the same.
    pub other_group: bool,
}

/// Imports of other programs' files. Borrowed from a `Store`.
#[derive(Clone, Copy)]
pub struct Imports<'a> {
    session: &'a Arc<Session>,
}

impl<'a> Imports<'a> {
    pub(crate) fn new(session: &'a Arc<Session>) -> Self {
        Self { session }
    }

    /// Compares a file with a group, and writes nothing. `people` has the members of columns, counted
    /// from 0, of whom a person said who they are.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// use ledger_store::{ImportChoice, ImportTarget, OldRows, StoreOptions};
    /// # let store = StoreOptions::new().in_memory()?;
    /// # let go_on = &mut |_| ControlFlow::Continue(());
    /// let read = ledger_formats::splitwise::read;
    /// let file = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
    ///             2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n";
    /// let target = ImportTarget::FirstGroup { name: "Flat".into(), me: 0 };
    /// let plan = store.imports().plan(read(file.as_bytes())?, target, [].into())?;
    /// assert_eq!((plan.new_rows().count(), plan.known_rows()), (1, 0));
    /// let done = store.imports().apply(&plan, ImportChoice::default(), go_on)?;
    ///
    /// // Somebody changed the row in the other program.
    /// let file = file.replace("4.00,EUR,2.00,-2.00", "6.00,EUR,3.00,-3.00");
    /// let target = ImportTarget::Group(done.group);
    /// let plan = store.imports().plan(read(file.as_bytes())?, target, [].into())?;
    /// assert_eq!(plan.changed_rows()[0].line, 2);
    /// store.imports().apply(&plan, ImportChoice::default(), go_on).unwrap_err();
    /// let choice = ImportChoice { old_rows: OldRows::Replace, ..ImportChoice::default() };
    /// store.imports().apply(&plan, choice, go_on)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Import`] if a missing person has a name that `ledger_core::check_name` refuses;
    /// [`StoreError::Draft`] if `people` names an unknown member, or one twice;
    /// [`StoreError::UnknownGroup`]; [`StoreError`] if the database cannot be read.
    pub fn plan(
        &self,
        file: impl Into<Arc<ImportFile>>,
        target: ImportTarget,
        people: BTreeMap<usize, MemberId>,
    ) -> Result<ImportPlan, StoreError> {
        let file = file.into();
        let (comparison, totals) = match &target {
            ImportTarget::Group(id) => {
                let group = self.session.group(*id)?;
                let (comparison, totals) = group.read(|connection, loaded| {
                    let reader = Reader { connection, group: group.key, loaded };
                    let comparison = reader.compare(&file, &people)?;
                    let totals = totals::Balances::of(&file, &comparison, loaded.ledger.state())?;
                    Ok((comparison, totals))
                })?;
                apply::check_names(&file, &comparison)?;
                (Some(comparison), totals)
            }
            ImportTarget::FirstGroup { .. } | ImportTarget::NewGroup { .. } => {
                file.check_new_names(|_| false).map_err(Box::new)?;
                (None, totals::Balances::default())
            }
        };
        Ok(ImportPlan { file, target, people, comparison, totals })
    }

    /// Applies a plan in one transaction, or, if it writes more than 20,000 entries, in several, each of
    /// which stays when a later one fails; the same file imported again goes on from there. `progress`
    /// counts rows, and may stop the import: the transaction that runs then writes nothing. It runs while the
    /// database is locked for writing, so it must not record anything itself.
    ///
    /// # Errors
    /// [`StoreError::ImportDiffers`] if rows are gone or changed and the choice does not say what to do
    /// about them; [`StoreError::OtherGroupsFile`] if the file seems to be of another group;
    /// [`StoreError::PredecessorMissing`] if the group continues one that is not here, and the choice is not
    /// [`OldRows::Keep`]; [`StoreError::EmptyImport`] if it has no rows and would make a group;
    /// [`StoreError::ImportOutdated`] if the ledger changed since the plan was made, so that it would do
    /// something else; [`StoreError::Cancelled`]; otherwise as `GroupEntries::append`. Nothing is recorded then.
    /// [`StoreError::ImportUnfinished`] with the reason if a transaction after the first one failed.
    pub fn apply(
        &self,
        plan: &ImportPlan,
        choice: ImportChoice,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<apply::Imported, StoreError> {
        apply::apply(self.session, plan, choice, progress)
    }

    /// Undoes the import of a group that stopped half-way ([`Lists::unfinished_import`]), or else its last
    /// import on this device: cancels the rows that it recorded, and restores those that it cancelled.
    /// What others recorded or cancelled, too, stays, and so do the people. `progress` counts entries.
    /// More than 20,000 take several transactions; undo again to go on if it fails in between.
    ///
    /// [`Lists::unfinished_import`]: crate::Lists::unfinished_import
    ///
    /// # Errors
    /// [`StoreError::Undo`] with [`UndoError::NoImport`](crate::UndoError::NoImport) if there is none, and
    /// [`UndoError::ImportEdited`](crate::UndoError::ImportEdited) if a row of a finished import was
    /// corrected since; [`StoreError::Cancelled`]; otherwise as `Group::append`.
    pub fn undo(
        &self,
        group: GroupId,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<UndoneImport, StoreError> {
        undo::undo(self.session, group, progress)
    }
}

/// The name of the person of a column, as a group is founded with it.
fn founder(file: &ImportFile, me: usize) -> Result<&str, StoreError> {
    let unknown = || StoreError::UnknownColumn(me);
    file.people().get(me).map(Person::name).ok_or_else(unknown)
}
