//! Applying a plan: everything in one transaction.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::engine::Draft;
use ledger_core::keys::DeviceKey;
use ledger_core::{Currency, EntryId, GroupId, MemberId, Transaction};
use ledger_formats::{ImportFile, ImportRow, Inference, Person, PersonKey, Rows};

use super::compare::{Comparison, Reader, RowStatus};
use super::content::to_transaction;
use super::journal::Journal;
use super::{ImportChoice, ImportPlan, ImportTarget, OldRows, PersonMatch, founder};
use crate::StoreError;
use crate::entries::index::StoredIndex;
use crate::entries::{GroupTransaction, NewEntry, RecordedRow};
use crate::keyring::signing_key;
use crate::platform::progress::{OnProgress, Phase, Progress, call};
use crate::session::{Founding, GroupSession, Session};

/// Rows between two calls of the progress callback.
const STEP: u64 = 250;

/// Result of an import of a file of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Rows that are new in the ledger.
    pub added: u64,
    /// Rows that an earlier import had recorded, and that count.
    pub known: u64,
    /// Rows that an earlier import had recorded and somebody cancelled since: their lines, and the
    /// expense or transfer of each. They are not recorded again, and count for nothing;
    /// `GroupEntries::restore` makes one count again.
    pub cancelled: Vec<(u64, EntryId)>,
    /// Rows that somebody had cancelled and that count again by this import.
    pub restored: u64,
    /// Recorded rows that the file no longer has, or has otherwise, and that this import cancelled.
    pub replaced: u64,
    /// Rows that are in the balances with which the group began, as the group that it continues has
    /// them. They are not recorded again.
    pub in_opening: u64,
    /// Rows that entries record which wait for others that are not here. They are not recorded
    /// again, and count once the others come.
    pub waiting: u64,
    /// Members introduced for columns that had none, or whose introduction counted no more.
    pub members_added: u64,
    /// Members who got a column because they have its name, or have it on their card. A name proves
    /// nothing: a person looks whether they are those of the file.
    pub matched_by_name: Vec<MemberId>,
    /// Of the members introduced, those of whose name the group had more members than the file: which
    /// of them is meant, only a person knows.
    pub ambiguous: Vec<MemberId>,
    /// Added rows of which the file does not tell who paid and owed how much:
    /// their lines, and what was inferred.
    pub inferred: Vec<(u64, Inference)>,
    /// Currencies in which the ledger's balances now are the file's sums.
    pub matching: Vec<Currency>,
    /// Currencies in which they are not, because the ledger holds more than
    /// this file, or rows of it were cancelled or corrected.
    pub differing: Vec<Currency>,
}

/// An import that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// The group.
    pub group: GroupId,
    /// What was recorded.
    pub report: ImportReport,
}

pub(super) fn apply(
    session: &Arc<Session>,
    plan: &ImportPlan,
    choice: ImportChoice,
    progress: OnProgress<'_>,
) -> Result<Imported, StoreError> {
    refuse(plan, choice)?;
    let file = &*plan.file;
    let total = u64::try_from(file.row_count()).unwrap_or(u64::MAX);
    let report = ImportReport::default();
    let rows = file.rows();
    let batch = session.import_batch();
    let mut work = Work { plan, rows, place: 0, choice, report, progress, done: 0, total, batch };
    work.say()?;
    let _cache = LargeCache::new(session, file.row_count())?;
    let (group, (comparison, journal)) = match &plan.target {
        ImportTarget::Group(id) => {
            let group = session.group(*id)?;
            let device = signing_key(&group)?;
            let first = |transaction: &mut GroupTransaction<'_>| work.begin(transaction, &device);
            let begun = group.write(first)?;
            (group, begun)
        }
        ImportTarget::FirstGroup { name, me } | ImportTarget::NewGroup { name, me } => {
            let founding = Founding {
                name,
                founder: founder(file, *me)?,
                others: &[],
                successor_of: None,
                only_first: matches!(plan.target, ImportTarget::FirstGroup { .. }),
            };
            session.found_group(&founding, |transaction, device| work.begin(transaction, device))?
        }
    };
    work.go_on(&group, &comparison, journal)?;
    let Work { mut report, .. } = work;
    let ledger = group.ledger()?;
    for currency in file.currencies() {
        let columns = comparison.columns.iter().zip(file.sums(currency));
        let is_same = |(column, sum): (&super::people::Column, _)| {
            ledger.state().balance(column.member, currency) == sum
        };
        let same = columns.into_iter().all(is_same);
        if same { &mut report.matching } else { &mut report.differing }.push(currency);
    }
    // The end is reported, too; there is nothing left to stop.
    let _ = progress_end(progress, total);
    Ok(Imported { group: group.id, report })
}

/// Larger cache of the connection that writes, for as long as a large import runs: origins and ids are
/// hashes, so every row changes pages all over their indexes.
struct LargeCache<'a>(Option<&'a Session>);

impl<'a> LargeCache<'a> {
    /// Rows from which on the default cache is too small.
    const ROWS: usize = 2_000;
    /// Size in KiB.
    const SIZE: u32 = 64 << 10;

    fn new(session: &'a Session, rows: usize) -> Result<Self, StoreError> {
        if rows < Self::ROWS {
            return Ok(Self(None));
        }
        session.set_writer_cache(Some(Self::SIZE))?;
        Ok(Self(Some(session)))
    }
}

impl Drop for LargeCache<'_> {
    fn drop(&mut self) {
        if let Self(Some(session)) = self {
            // A writer that fails here is closed, and another one has the default.
            let _ = session.set_writer_cache(None);
        }
    }
}

fn progress_end(progress: OnProgress<'_>, total: u64) -> ControlFlow<()> {
    progress(Progress { phase: Phase::Importing, done: total, total })
}

/// Refuses a plan about which a person has to decide.
fn refuse(plan: &ImportPlan, choice: ImportChoice) -> Result<(), StoreError> {
    if plan.group().is_none() && plan.file.row_count() == 0 {
        return Err(StoreError::EmptyImport);
    }
    let has_new = || plan.new_rows().next().is_some();
    if plan.lacks_predecessor() && choice.old_rows != OldRows::Keep && has_new() {
        return Err(StoreError::PredecessorMissing);
    }
    if plan.is_other_group() && !choice.other_group {
        return Err(StoreError::OtherGroupsFile { people: plan.shared_people() });
    }
    if plan.differs() && choice.old_rows == OldRows::Refuse {
        let (changed, gone) = (plan.changed_rows().len(), plan.gone_rows().len());
        let doubled = plan.doubled_rows().len();
        return Err(StoreError::ImportDiffers { changed, gone, doubled });
    }
    Ok(())
}

/// Checks the names of the people who would be introduced.
pub(super) fn check_names(file: &ImportFile, comparison: &Comparison) -> Result<(), StoreError> {
    let people = file.people().iter().map(Person::key).zip(&comparison.columns);
    let known: BTreeSet<&PersonKey> =
        people.filter(|(_, column)| column.known.is_member()).map(|(key, _)| key).collect();
    Ok(file.check_new_names(|key| known.contains(key)).map_err(Box::new)?)
}

/// An import that runs.
struct Work<'a, 'p> {
    plan: &'a ImportPlan,
    /// The rows that are left, and the place of the first of them.
    rows: Rows<'a>,
    place: usize,
    choice: ImportChoice,
    report: ImportReport,
    progress: &'a mut (dyn FnMut(Progress) -> ControlFlow<()> + 'p),
    done: u64,
    total: u64,
    /// Most rows that one transaction goes through.
    batch: usize,
}

impl Work<'_, '_> {
    fn say(&mut self) -> Result<(), StoreError> {
        let progress = Progress { phase: Phase::Importing, done: self.done, total: self.total };
        call(self.progress, progress)
    }

    /// The first transaction: people, what the choice says of old rows, and the first rows. Compares
    /// again: what was planned is done, or nothing.
    fn begin(
        &mut self,
        transaction: &mut GroupTransaction<'_>,
        device: &DeviceKey,
    ) -> Result<(Comparison, Journal), StoreError> {
        let (connection, group) = (transaction.connection(), transaction.group());
        let reader = Reader { connection, group, loaded: transaction.loaded() };
        let comparison = reader.compare(&self.plan.file, &self.plan.people)?;
        if self.plan.comparison.as_ref().is_some_and(|planned| *planned != comparison) {
            return Err(StoreError::ImportOutdated);
        }
        let mut journal = Journal::begin(transaction, comparison.source)?;
        let salt = reader.salt(&StoredIndex::whole(connection, group))?;
        check_names(&self.plan.file, &comparison)?;
        self.introduce(transaction, device, &comparison, salt)?;
        if self.choice.old_rows == OldRows::Replace {
            for old in &comparison.old {
                let original = old.recorded.original;
                let reason = None;
                transaction.record(device, &NewEntry::Cancellation { original, reason })?;
                self.report.replaced = self.report.replaced.saturating_add(1);
            }
        }
        self.record(transaction, device, &comparison)?;
        journal.note(transaction, self.done, self.total)?;
        Ok((comparison, journal))
    }

    /// The transactions after the first one, if the file has more rows than one takes.
    fn go_on(
        &mut self,
        group: &GroupSession,
        comparison: &Comparison,
        mut journal: Journal,
    ) -> Result<(), StoreError> {
        while self.rows.len() > 0 {
            let done = self.done;
            let recorded = signing_key(group).and_then(|device| {
                group.write(|transaction| {
                    journal.go_on(transaction);
                    self.record(transaction, &device, comparison)?;
                    journal.note(transaction, self.done, self.total)
                })
            });
            let total = self.total;
            let unfinished =
                |source| StoreError::ImportUnfinished { done, total, source: Box::new(source) };
            recorded.map_err(unfinished)?;
        }
        Ok(())
    }

    /// Introduces the people who are no members.
    fn introduce(
        &mut self,
        transaction: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        comparison: &Comparison,
        salt: [u8; 32],
    ) -> Result<(), StoreError> {
        let people = self.plan.file.people().iter().map(Person::key).zip(&comparison.columns);
        for (key, column) in people {
            match column.known {
                PersonMatch::Name => self.report.matched_by_name.push(column.member),
                PersonMatch::Ambiguous => self.report.ambiguous.push(column.member),
                _ => {}
            }
            if column.known.is_member() {
                continue;
            }
            transaction.record_with(device, |state| {
                Draft::person_from_file(state, salt, key.name(), key.nonce())
            })?;
            self.report.members_added = self.report.members_added.saturating_add(1);
        }
        Ok(())
    }

    /// Records one batch of rows.
    fn record(
        &mut self,
        transaction: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        comparison: &Comparison,
    ) -> Result<(), StoreError> {
        let members: Vec<MemberId> =
            comparison.columns.iter().map(|column| column.member).collect();
        // Others may have recorded rows since the first transaction.
        let is_later = self.place > 0;
        for _ in 0..self.batch {
            let Some(row) = self.rows.next() else { break };
            let status = comparison.rows.get(self.place).copied().unwrap_or(RowStatus::New);
            self.place = self.place.saturating_add(1);
            match status {
                RowStatus::Waiting => self.report.waiting = self.report.waiting.saturating_add(1),
                RowStatus::Known => self.report.known = self.report.known.saturating_add(1),
                RowStatus::Opening => {
                    self.report.in_opening = self.report.in_opening.saturating_add(1);
                }
                RowStatus::Cancelled(original) if self.choice.restore_cancelled => {
                    transaction.record(device, &NewEntry::Restoration { original })?;
                    self.report.restored = self.report.restored.saturating_add(1);
                }
                RowStatus::Cancelled(original) => {
                    self.report.cancelled.push((row.line(), original));
                }
                RowStatus::New => match is_later {
                    true if self.is_known(transaction, &row)? => {}
                    _ => {
                        let mut content = to_transaction(&row, &members)?;
                        set_source(&mut content, comparison.source);
                        transaction.record(device, &NewEntry::Record(content))?;
                        self.report.added = self.report.added.saturating_add(1);
                        if row.inference() != Inference::Exact {
                            self.report.inferred.push((row.line(), row.inference()));
                        }
                    }
                },
            }
            self.done = self.done.saturating_add(1);
            if self.done.is_multiple_of(STEP) && self.done < self.total {
                self.say()?;
            }
        }
        Ok(())
    }

    /// Whether somebody recorded a row meanwhile.
    fn is_known(
        &mut self,
        transaction: &GroupTransaction<'_>,
        row: &ImportRow,
    ) -> Result<bool, StoreError> {
        for origin in [Some(row.origin()), row.former()].into_iter().flatten() {
            match transaction.recorded_row(origin)? {
                None => continue,
                Some(RecordedRow::Counts) => {
                    self.report.known = self.report.known.saturating_add(1);
                }
                Some(RecordedRow::Cancelled(original)) => {
                    self.report.cancelled.push((row.line(), original));
                }
            }
            return Ok(true);
        }
        Ok(false)
    }
}

/// Says from which group of the other program a row is, where that fits beside its other hints.
fn set_source(content: &mut Transaction, source: [u8; 8]) {
    let hints = match content {
        Transaction::Expense(expense) => &mut expense.hints,
        Transaction::Transfer(transfer) => &mut transfer.hints,
    };
    // What a row says of itself goes first; without a source it counts alike.
    let _ = hints.set_source(source);
}
