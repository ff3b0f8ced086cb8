//! Plan of an import: what a person sees before anything is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_core::{EntryId, GroupId, MemberId};
use ledger_formats::{ImportFile, ImportRow, Person};

use super::compare::{Comparison, RowStatus};
use super::totals::{Balances, PlannedTotal};
use super::{ImportChoice, ImportTarget, Likeness, PersonMatch};
use crate::lists::Recorded;

/// What an import would do. It is compared again when it is applied.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    pub(super) file: Arc<ImportFile>,
    pub(super) target: ImportTarget,
    pub(super) people: BTreeMap<usize, MemberId>,
    /// None for a new group.
    pub(super) comparison: Option<Comparison>,
    pub(super) totals: Balances,
}

/// A row that is new in the file, and the recorded one that it likely was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedRow {
    /// The line of the file, counted from 1.
    pub line: u64,
    /// The recorded row, as it is shown here: with edits, confirmations and disputes.
    pub recorded: Recorded,
    /// Why they are likely one.
    pub likeness: Likeness,
}

/// A person of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedPerson {
    /// The name in the file.
    pub name: String,
    /// The member, if the group has them.
    pub member: Option<MemberId>,
    /// How the group knows them.
    pub known: PersonMatch,
}

/// A person who is new in the file, and the member whose place they have in the rows that changed: so
/// the member likely has another name in the other program now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenamedPerson {
    /// The column of the file, counted from 0.
    pub column: usize,
    /// The name in the file.
    pub name: String,
    /// The member.
    pub member: MemberId,
}

impl ImportPlan {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &ImportFile {
        &self.file
    }

    /// The group, unless the import makes one.
    #[must_use]
    pub fn group(&self) -> Option<GroupId> {
        match self.target {
            ImportTarget::Group(group) => Some(group),
            ImportTarget::FirstGroup { .. } | ImportTarget::NewGroup { .. } => None,
        }
    }

    /// The rows that the group does not know, with those that likely were others.
    pub fn new_rows(&self) -> impl Iterator<Item = ImportRow> {
        let rows = self.file.rows().enumerate();
        rows.filter(|(place, _)| self.status(*place) == RowStatus::New).map(|(_, row)| row)
    }

    /// Number of rows that the group knows, and that count.
    #[must_use]
    pub fn known_rows(&self) -> u64 {
        self.count(|status| status == RowStatus::Known)
    }

    /// Number of rows that a group has which this one continues: they are in the balances with which
    /// this one began, and are not recorded again.
    #[must_use]
    pub fn opening_rows(&self) -> u64 {
        self.count(|status| status == RowStatus::Opening)
    }

    /// Whether the group continues one that is not in this database: rows of the file may be in the
    /// balances with which it began.
    #[must_use]
    pub fn lacks_predecessor(&self) -> bool {
        self.comparison.as_ref().is_some_and(|comparison| comparison.lacks_predecessor)
    }

    /// Number of rows that entries record which wait for others that are not here.
    #[must_use]
    pub fn waiting_rows(&self) -> u64 {
        self.count(|status| status == RowStatus::Waiting)
    }

    /// Rows that somebody cancelled here: their lines, and the expense or transfer of each.
    #[must_use]
    pub fn cancelled_rows(&self) -> Vec<(u64, EntryId)> {
        let rows = self.file.rows().enumerate();
        let cancelled = rows.filter_map(|(place, row)| match self.status(place) {
            RowStatus::Cancelled(original) => Some((row.line(), original)),
            _ => None,
        });
        cancelled.collect()
    }

    /// Rows that likely are recorded ones that changed in the other program, in the order of the file.
    #[must_use]
    pub fn changed_rows(&self) -> Vec<ChangedRow> {
        self.likely_rows(|likeness| likeness != Likeness::ByHand)
    }

    /// Rows that somebody likely recorded here by hand, in the order of the file: a group that somebody
    /// exported and imports again, or an expense that was entered in both programs.
    #[must_use]
    pub fn doubled_rows(&self) -> Vec<ChangedRow> {
        self.likely_rows(|likeness| likeness == Likeness::ByHand)
    }

    fn likely_rows(&self, is: impl Fn(Likeness) -> bool) -> Vec<ChangedRow> {
        let old = self.comparison.iter().flat_map(|comparison| &comparison.old);
        let changed = old.filter_map(|old| {
            let (line, likeness) = old.became.filter(|(_, likeness)| is(*likeness))?;
            Some(ChangedRow { line, recorded: old.recorded.clone(), likeness })
        });
        let mut changed: Vec<ChangedRow> = changed.collect();
        changed.sort_by_key(|row| row.line);
        changed
    }

    /// Recorded rows of earlier exports of this group that the file no longer has in any form.
    #[must_use]
    pub fn gone_rows(&self) -> Vec<&Recorded> {
        let old = self.comparison.iter().flat_map(|comparison| &comparison.old);
        old.filter(|old| old.became.is_none()).map(|old| &old.recorded).collect()
    }

    /// Lines of new rows of which it is unclear which of several gone rows they were, if any.
    #[must_use]
    pub fn unclear_rows(&self) -> Vec<u64> {
        self.comparison.iter().flat_map(|comparison| &comparison.unclear).copied().collect()
    }

    /// Whether rows are gone, changed or recorded by hand, so that a person has to choose.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.comparison.as_ref().is_some_and(|comparison| !comparison.old.is_empty())
    }

    /// The people of the file, in column order.
    #[must_use]
    pub fn people(&self) -> Vec<PlannedPerson> {
        let people = self.file.people().iter().map(Person::name).enumerate();
        let person = |(place, name): (usize, &str)| {
            let comparison = self.comparison.as_ref();
            let column = comparison.and_then(|comparison| comparison.columns.get(place));
            let known = column.map_or(PersonMatch::New, |column| column.known);
            let member = column.filter(|_| known.is_member()).map(|column| column.member);
            PlannedPerson { name: name.to_owned(), member, known }
        };
        people.map(person).collect()
    }

    /// People who are new in the file and likely members of another name.
    #[must_use]
    pub fn renamed_people(&self) -> Vec<RenamedPerson> {
        let renamed = self.comparison.iter().flat_map(|comparison| &comparison.renamed);
        let person = |(column, member): &(usize, MemberId)| {
            let name = self.file.people().get(*column)?.name().to_owned();
            Some(RenamedPerson { column: *column, name, member: *member })
        };
        renamed.filter_map(person).collect()
    }

    /// Whether the file seems to be of another group: the group knows none of its rows, and began as
    /// another file, or has rows of other files and the file names nobody here or leaves out the person
    /// here, or has expenses of its own alone and not all people of the file.
    #[must_use]
    pub fn is_other_group(&self) -> bool {
        self.comparison.as_ref().is_some_and(|comparison| comparison.is_other_group)
    }

    /// The names of the file's people who are members.
    #[must_use]
    pub fn shared_people(&self) -> Vec<String> {
        let people = self.people().into_iter();
        people.filter(|person| person.member.is_some()).map(|person| person.name).collect()
    }

    /// The balances after the import, in each currency of the file, beside the sums of the file.
    #[must_use]
    pub fn totals(&self, choice: ImportChoice) -> Vec<PlannedTotal> {
        self.totals.after(&self.file, choice)
    }

    fn status(&self, place: usize) -> RowStatus {
        let comparison = self.comparison.as_ref();
        let status = comparison.and_then(|comparison| comparison.rows.get(place).copied());
        status.unwrap_or(RowStatus::New)
    }

    fn count(&self, is: impl Fn(RowStatus) -> bool) -> u64 {
        let rows = self.comparison.iter().flat_map(|comparison| &comparison.rows);
        u64::try_from(rows.filter(|status| is(**status)).count()).unwrap_or(u64::MAX)
    }
}
