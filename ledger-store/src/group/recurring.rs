//! Recurring expenses and transfers of a group.

use ledger_core::keys::DeviceKey;
use ledger_core::limits::MAX_DUE;
use ledger_core::{Date, EntryId, Occurrence, Origin, Recurrence, Series, Transaction};

use super::schedule::{Schedule, stop};
use crate::StoreError;
use crate::entries::{GroupTransaction, NewEntry};
use crate::keyring::signing_key;
use crate::lists::{self, DueQuery};
use crate::session::GroupSession;

/// Recurring expenses and transfers of one group: series, and their occurrences that are due.
/// Borrowed from a `Group`.
///
/// A series moves no money. Each of its occurrences is recorded as an expense or transfer of its
/// own, once, by whichever device comes first.
///
/// ```
/// # use ledger_store::StoreOptions;
/// # use ledger_core::{Amount, Currency, Expense, Recurrence, RecurrenceUnit};
/// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
/// # let anna = group.members()?[0].0;
/// # let (euro, rent) = (Currency::from_code("EUR")?, Amount::from_minor_units(90_000)?);
/// let rent = Expense::new("9990-01-31".parse()?, "Rent", euro, rent)
///     .paid_by(anna, rent)
///     .split_equally(&[anna], 0);
/// let monthly = Recurrence::new(RecurrenceUnit::Months, 1)?;
/// group.recurring().begin(&rent.into(), monthly, None)?;
/// let recorded = group.recurring().record_due("9990-03-01".parse()?)?;
/// assert_eq!(recorded.entries.len(), 2);
/// assert_eq!(group.recurring().record_due("9990-03-01".parse()?)?.entries.len(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Recurring<'a> {
    group: &'a GroupSession,
}

/// Result of changing a series.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeriesChange {
    /// The new entries: the change, and again what was planned for later.
    pub entries: Vec<EntryId>,
    /// The first day on which another content or rule holds, which was planned before. `None` if the
    /// change holds for good.
    pub planned_from: Option<Date>,
}

/// Occurrences that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Due {
    /// The occurrences, at most 24: first the earliest of each series, then the second of each, and
    /// so on, each time those of this person's templates before others.
    pub occurrences: Vec<Occurrence>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Result of recording what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedDue {
    /// The new entries, at most 24.
    pub entries: Vec<EntryId>,
    /// Whether there is more to record: call again.
    pub has_more: bool,
}

impl<'a> Recurring<'a> {
    pub(super) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// The series that count, by their ids, those that have ended as well.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn series(&self) -> Result<Vec<Series>, StoreError> {
        self.group
            .read(|connection, loaded| lists::series(connection, self.group.key, &loaded.ledger))
    }

    /// Begins a series: the transaction recurs by the rule, first on its own day, and last on
    /// `last` or before. Returns the series. Days that are over are not due;
    /// [`Recurring::passed`] lists them.
    ///
    /// # Errors
    /// [`StoreError::LastBeforeFirst`] if none would fall so early, or as
    /// [`GroupEntries::append`](super::GroupEntries::append).
    pub fn begin(
        &self,
        transaction: &Transaction,
        rule: Recurrence,
        last: Option<Date>,
    ) -> Result<EntryId, StoreError> {
        let first = transaction.date();
        if let Some(last) = last.filter(|last| *last < first) {
            return Err(StoreError::LastBeforeFirst { first, last });
        }
        let end = last.and_then(|last| rule.steps_until(first, last.plus_days(1)?));
        let transaction = transaction.clone();
        let device = signing_key(self.group)?;
        self.group.write(|tx| {
            tx.record(&device, &NewEntry::Template { transaction: transaction.clone(), rule, end })
        })
    }

    /// Changes a series from the first occurrence on that falls on the day `from` or later: another
    /// content, and with a rule other days, which recur from the day of the content on. Without a
    /// rule the days stay, and that of the content plays no part.
    ///
    /// Pauses, the end, and changes that were planned for later stay, on their days; the result says
    /// from which day on another content holds. A change of the rule lets nothing fall behind the
    /// last day that the series had. With a `from` behind that day, it goes on. Days that are over
    /// and not recorded are no longer due; [`Recurring::passed`] lists them.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] if there is no such series, [`StoreError::SeriesEnded`] if no
    /// day of its rule is so late, [`StoreError::TooManyChanges`] if too much is planned for later,
    /// or as [`GroupEntries::append`](super::GroupEntries::append). Then nothing is recorded.
    pub fn change(
        &self,
        series: EntryId,
        from: Date,
        transaction: &Transaction,
        rule: Option<Recurrence>,
    ) -> Result<SeriesChange, StoreError> {
        self.with(series, |tx, device, found| {
            let mut schedule = match found.first_number_since(from) {
                Some(number) if rule.is_some() => {
                    Schedule::since(found, unused(tx, found, number)?)
                }
                Some(number) => Schedule::since(found, number),
                None => Schedule::after_end(found, number_after_end(found, from)?)?,
            };
            match rule {
                Some(rule) => schedule.set_rule(transaction, rule),
                None => schedule.set_content(transaction),
            }
            let entries = write(tx, device, &schedule.templates(found)?)?;
            Ok(SeriesChange { entries, planned_from: schedule.next_difference() })
        })
    }

    /// Ends a series: the last occurrence falls on the day `last` or before. Returns the entry.
    ///
    /// # Errors
    /// [`StoreError::SeriesEnded`] if it has ended by then. Otherwise as [`Recurring::change`].
    pub fn end(&self, series: EntryId, last: Date) -> Result<EntryId, StoreError> {
        self.with(series, |tx, device, found| {
            let ended = || StoreError::SeriesEnded(series);
            let behind = last.plus_days(1).ok_or_else(ended)?;
            let number = found.first_number_since(behind).ok_or_else(ended)?;
            tx.record(device, &stop(found, number)?)
        })
    }

    /// Pauses a series: no occurrence falls on the day `from` or a later one, before the day
    /// `until`. From then on it goes on as it would have: on the days of its rule, with the changes
    /// and the end that were planned. Returns the entries; none if nothing is left out.
    ///
    /// # Errors
    /// As [`Recurring::end`], and [`StoreError::TooManyChanges`] if too much is planned for later.
    pub fn pause(
        &self,
        series: EntryId,
        from: Date,
        until: Date,
    ) -> Result<Vec<EntryId>, StoreError> {
        self.with(series, |tx, device, found| {
            let number = found.first_number_since(from).ok_or(StoreError::SeriesEnded(series))?;
            let mut schedule = Schedule::since(found, number);
            match schedule.leave_out_before(until) {
                true => write(tx, device, &schedule.templates(found)?),
                false => Ok(Vec::new()),
            }
        })
    }

    /// The occurrences that are due: their day is `until` or earlier, and nothing here has recorded
    /// them, also not as something cancelled or in an entry that waits.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn due(&self, until: Date) -> Result<Due, StoreError> {
        self.due_page(until, 0)
    }

    /// As [`Recurring::due`], without the first `skip` occurrences: a page behind the first one, as
    /// long as nothing is recorded in between.
    ///
    /// # Errors
    /// As [`Recurring::due`].
    pub fn due_page(&self, until: Date, skip: usize) -> Result<Due, StoreError> {
        self.list(until, skip, false)
    }

    /// The occurrences that would be due, but for entries that record them and wait for others that
    /// are missing here. Whoever may write can make an entry wait for ever, and no device records
    /// these by itself; a person may, by [`Recurring::record`]. Should the entry arrive in full,
    /// both are one expense or transfer.
    ///
    /// # Errors
    /// As [`Recurring::due`].
    pub fn waiting(&self, until: Date, skip: usize) -> Result<Due, StoreError> {
        self.list(until, skip, true)
    }

    /// The occurrences of a series that are never due, as their day was over when their template was
    /// written, and that nothing here has recorded: at most 24 of the last 400 of each template. No
    /// device records them by itself; a person may, by [`Recurring::record`].
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] if there is no such series, or as [`Recurring::due`].
    pub fn passed(&self, series: EntryId) -> Result<Due, StoreError> {
        self.group.read(|connection, loaded| {
            let all = lists::series(connection, self.group.key, &loaded.ledger)?;
            let found = all.iter().find(|one| one.id() == series);
            let found = found.ok_or_else(|| StoreError::UnknownEntry(vec![series]))?;
            let (occurrences, has_more) = lists::passed(connection, self.group.key, found)?;
            Ok(Due { occurrences, has_more })
        })
    }

    fn list(&self, until: Date, skip: usize, waiting: bool) -> Result<Due, StoreError> {
        self.group.read(|connection, loaded| {
            let (key, ledger) = (self.group.key, &loaded.ledger);
            let first = ledger.state().device_owner(self.group.device);
            let query = DueQuery { until, first, alone: false, waiting, skip };
            let (occurrences, has_more) = lists::due(connection, key, ledger, &query)?;
            Ok(Due { occurrences, has_more })
        })
    }

    /// Records what is due of the templates that this device's person wrote: at most 24 entries,
    /// each once, however often it is called.
    ///
    /// # Errors
    /// As [`GroupEntries::append`](super::GroupEntries::append); then nothing is recorded.
    pub fn record_due(&self, until: Date) -> Result<RecordedDue, StoreError> {
        let device = signing_key(self.group)?;
        self.group.write(|tx| {
            let Some(me) = tx.ledger().state().device_owner(device.id()) else {
                return Ok(RecordedDue { entries: Vec::new(), has_more: false });
            };
            let query = DueQuery { until, first: Some(me), alone: true, waiting: false, skip: 0 };
            let (due, has_more) = lists::due(tx.connection(), tx.group(), tx.ledger(), &query)?;
            let record = |found: &Occurrence| {
                tx.record(&device, &NewEntry::Record(found.transaction.clone()))
            };
            let entries = due.iter().map(record).collect::<Result<_, _>>()?;
            Ok(RecordedDue { entries, has_more })
        })
    }

    /// Records occurrences that a person asked for, of anybody's templates: series and number of
    /// each, whether they are due, passed, or in an entry that waits; at most 24. What is recorded
    /// already, and what is no occurrence, is left out.
    ///
    /// # Errors
    /// [`StoreError::TooManyOccurrences`] for more than 24, and as
    /// [`GroupEntries::append`](super::GroupEntries::append); then nothing is recorded.
    pub fn record(&self, occurrences: &[(EntryId, u64)]) -> Result<Vec<EntryId>, StoreError> {
        if occurrences.len() > MAX_DUE {
            return Err(StoreError::TooManyOccurrences { found: occurrences.len() });
        }
        let device = signing_key(self.group)?;
        self.group.write(|tx| {
            let all = lists::series(tx.connection(), tx.group(), tx.ledger())?;
            let mut entries = Vec::new();
            for (series, number) in occurrences {
                let found = all.iter().find(|one| one.id() == *series);
                let Some(found) = found.and_then(|found| found.occurrence(*number)) else {
                    continue;
                };
                let Some(origin) = found.transaction.origin() else { continue };
                if !tx.has_origin(origin)? {
                    entries.push(tx.record(&device, &NewEntry::Record(found.transaction))?);
                }
            }
            Ok(entries)
        })
    }

    /// Writes about a series that counts.
    fn with<T>(
        &self,
        series: EntryId,
        write: impl Fn(&mut GroupTransaction<'_>, &DeviceKey, &Series) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let device = signing_key(self.group)?;
        self.group.write(|tx| {
            let all = lists::series(tx.connection(), tx.group(), tx.ledger())?;
            let found = all.into_iter().find(|one| one.id() == series);
            let found = found.ok_or_else(|| StoreError::UnknownEntry(vec![series]))?;
            write(tx, &device, &found)
        })
    }
}

/// Records templates one after the other, so that the later ones hold for the larger numbers.
fn write(
    tx: &mut GroupTransaction<'_>,
    device: &DeviceKey,
    templates: &[NewEntry],
) -> Result<Vec<EntryId>, StoreError> {
    templates.iter().map(|template| tx.record(device, template)).collect()
}

/// The first number from `number` on that nothing recorded. Other days from a past day on would
/// else get numbers that are recorded, and never be due.
fn unused(tx: &GroupTransaction<'_>, series: &Series, number: u64) -> Result<u64, StoreError> {
    let mut number = number;
    while tx.has_origin(Origin::of_occurrence(series.id(), number))? {
        number = number.saturating_add(1);
    }
    Ok(number)
}

/// The number with which a series that has ended goes on: that of the first day of its last rule
/// that is not before the day.
fn number_after_end(series: &Series, day: Date) -> Result<u64, StoreError> {
    let ended = || StoreError::SeriesEnded(series.id());
    let last = series.versions().last().ok_or_else(ended)?;
    let steps = last.rule.steps_until(last.transaction.date(), day).ok_or_else(ended)?;
    Ok(last.base.saturating_add(steps).max(last.from))
}
