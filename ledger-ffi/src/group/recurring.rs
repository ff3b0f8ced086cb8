//! Recurring expenses and transfers of a group.

use ledger_core::{EntryId, MemberId};

use super::LedgerGroup;
use super::lists::total;
use crate::error::LedgerError;
use crate::values::{Day, ExpenseId, Money, RecurrenceRule, Transaction};

/// A series: an expense or transfer that recurs. It moves no money itself.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecurringSeries {
    /// The series.
    pub id: EntryId,
    /// The member who wrote what holds now.
    pub author: Option<MemberId>,
    /// What recurs now.
    pub transaction: Transaction,
    /// The amount of `transaction`, ready to be shown.
    pub total: Money,
    /// The rule by which the days recur.
    pub rule: RecurrenceRule,
    /// The next day; none if it has ended.
    pub next_day: Option<Day>,
}

/// Result of changing a series.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SeriesChange {
    /// The new entries: the change, and again what was planned for later.
    pub entries: Vec<EntryId>,
    /// The first day on which something else holds, which was planned before; none if the change
    /// holds for good.
    pub planned_from: Option<Day>,
}

/// An occurrence of a series that is due and not recorded.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DueOccurrence {
    /// The series.
    pub series: EntryId,
    /// The number of the occurrence.
    pub number: u64,
    /// The member who wrote the template.
    pub author: Option<MemberId>,
    /// What would be recorded.
    pub transaction: Transaction,
    /// The amount of `transaction`, ready to be shown.
    pub total: Money,
}

/// Occurrences that are due.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DueList {
    /// The occurrences, at most 24: the earliest of each series, then the second of each, and so
    /// on.
    pub occurrences: Vec<DueOccurrence>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Result of recording the occurrences that are due.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecordedDue {
    /// The new expenses and transfers, at most 24.
    pub expenses: Vec<ExpenseId>,
    /// Whether there is more: call again.
    pub has_more: bool,
}

/// Recurring expenses and transfers of one group. Each occurrence is recorded once, by
/// whichever device comes first.
#[derive(uniffi::Object)]
pub struct RecurringExpenses {
    group: LedgerGroup,
}

impl RecurringExpenses {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

impl From<ledger_store::Due> for DueList {
    fn from(due: ledger_store::Due) -> Self {
        let row = |found: ledger_core::Occurrence| DueOccurrence {
            series: found.series,
            number: found.number,
            author: found.author,
            total: total(&found.transaction),
            transaction: found.transaction.into(),
        };
        let occurrences = due.occurrences.into_iter().map(row).collect();
        Self { occurrences, has_more: due.has_more }
    }
}

#[uniffi::export]
impl RecurringExpenses {
    /// What recurs, with the next day of each from `today` on.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn series(&self, today: Day) -> Result<Vec<RecurringSeries>, LedgerError> {
        let all = self.group.group()?.recurring().series()?;
        let row = |series: &ledger_core::Series| {
            let next = series.first_number_since(today);
            let version = series.version_since(today)?;
            Some(RecurringSeries {
                id: series.id(),
                author: version.author,
                total: total(&version.transaction),
                transaction: version.transaction.clone().into(),
                rule: version.rule.into(),
                next_day: next.and_then(|number| series.occurrence(number)).map(|one| one.day),
            })
        };
        Ok(all.iter().filter_map(row).collect())
    }

    /// Lets an expense or transfer recur, first on its own day and last on `last` or before.
    /// Returns the series.
    ///
    /// # Errors
    /// `InvalidEntry` for a rule of 0 or more than 1,000 units or a `last` before the first day,
    /// or as `record_expense`.
    #[uniffi::method(default(last = None))]
    pub fn begin(
        &self,
        transaction: Transaction,
        rule: RecurrenceRule,
        last: Option<Day>,
    ) -> Result<EntryId, LedgerError> {
        let (transaction, rule) = (transaction.try_into()?, rule.try_into()?);
        Ok(self.group.group()?.recurring().begin(&transaction, rule, last)?)
    }

    /// Changes a series from the first occurrence on that falls on the day `since` or later.
    /// Without a rule the days stay; with one, they recur from the day of `transaction` on.
    /// Pauses, the end, and what was planned for later stay. An expense without a direction keeps
    /// the one that holds on that day.
    ///
    /// # Errors
    /// `UnknownEntry` if there is no such series, `SeriesEnded` if no day of its rule is so
    /// late, `InvalidEntry` if too much is planned for later, or as `begin`.
    #[uniffi::method(default(rule = None))]
    pub fn change(
        &self,
        series: EntryId,
        since: Day,
        transaction: Transaction,
        rule: Option<RecurrenceRule>,
    ) -> Result<SeriesChange, LedgerError> {
        let rule = rule.map(TryInto::try_into).transpose()?;
        let group = self.group.group()?;
        let transaction = transaction.replacing(|| {
            let all = group.recurring().series()?;
            let found = all.iter().find(|one| one.id() == series);
            let replaced = found.and_then(|found| found.version_since(since));
            Ok(replaced.map(|version| version.transaction.clone()))
        })?;
        let changed = group.recurring().change(series, since, &transaction, rule)?;
        Ok(SeriesChange { entries: changed.entries, planned_from: changed.planned_from })
    }

    /// Lets no occurrence fall on the day `since` or a later one, before the day `until`; then
    /// it goes on as it would have. Returns the entries; none if nothing falls between.
    ///
    /// # Errors
    /// `UnknownEntry`, `SeriesEnded`, or as every call that records.
    pub fn pause(
        &self,
        series: EntryId,
        since: Day,
        until: Day,
    ) -> Result<Vec<EntryId>, LedgerError> {
        Ok(self.group.group()?.recurring().pause(series, since, until)?)
    }

    /// Ends a series: the last occurrence falls on the day `last` or before. Returns the entry.
    ///
    /// # Errors
    /// `UnknownEntry`, `SeriesEnded`, or as every call that records.
    pub fn end(&self, series: EntryId, last: Day) -> Result<EntryId, LedgerError> {
        Ok(self.group.group()?.recurring().end(series, last)?)
    }

    /// What is due up to a day and not recorded, without the first `skip`. Show it, and record
    /// what the person taps.
    ///
    /// # Errors
    /// Any error of reading the database.
    #[uniffi::method(default(skip = 0))]
    pub fn due(&self, until: Day, skip: u32) -> Result<DueList, LedgerError> {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(self.group.group()?.recurring().due_page(until, skip)?.into())
    }

    /// What would be due, but for entries that record it and wait for others that are missing
    /// here, without the first `skip`. Show it apart: nothing records it by itself, and `record`
    /// does. Should the entry arrive in full, both are one.
    ///
    /// # Errors
    /// Any error of reading the database.
    #[uniffi::method(default(skip = 0))]
    pub fn waiting(&self, until: Day, skip: u32) -> Result<DueList, LedgerError> {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(self.group.group()?.recurring().waiting(until, skip)?.into())
    }

    /// What of a series is never due, as its day was over when the series began or changed, and
    /// is not recorded. Show it after `begin` and `change`; `record` records it.
    ///
    /// # Errors
    /// `UnknownEntry`, or any error of reading the database.
    pub fn passed(&self, series: EntryId) -> Result<DueList, LedgerError> {
        Ok(self.group.group()?.recurring().passed(series)?.into())
    }

    /// Records an occurrence that a person asked for, of anybody's template, whether it is due,
    /// passed or in an entry that waits. None if it is recorded already, or is no occurrence.
    ///
    /// # Errors
    /// As every call that records.
    pub fn record(&self, series: EntryId, number: u64) -> Result<Option<ExpenseId>, LedgerError> {
        let entries = self.group.group()?.recurring().record(&[(series, number)])?;
        Ok(entries.first().copied().map(Into::into))
    }

    /// Records what is due of the templates that this device's person wrote. An app may call
    /// it by itself, at most once a day.
    ///
    /// # Errors
    /// As every call that records; then nothing is recorded.
    pub fn record_due(&self, until: Day) -> Result<RecordedDue, LedgerError> {
        let recorded = self.group.group()?.recurring().record_due(until)?;
        let expenses = recorded.entries.into_iter().map(Into::into).collect();
        Ok(RecordedDue { expenses, has_more: recorded.has_more })
    }
}
