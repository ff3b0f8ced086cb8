//! Recording what another program exported.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ledger_core::engine::{Draft, Payload};
use ledger_core::{Currency, EntryId, GroupId, MemberId};
use ledger_formats::{ImportFile, ImportRow, Inference, Person, PersonKey};

use super::Group;
use super::columns::{Known, columns};
use crate::StoreError;
use crate::entries::{GroupTransaction, NewEntry, RecordedRow};
use crate::keyring::signing_key;
use crate::platform::progress::{OnProgress, Phase, Progress, call};

/// Rows recorded in one transaction. A crash loses at most these, and the next
/// import of the same file adds them.
const BATCH: usize = 250;

/// Result of an import of a file of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows that are new in the ledger.
    pub added: u64,
    /// Rows that an earlier import had recorded, and that count.
    pub known: u64,
    /// Rows that an earlier import had recorded and somebody cancelled since: their lines, and the
    /// expense or transfer of each. They are not recorded again, and count for nothing;
    /// [`Group::restore`] makes one count again.
    pub cancelled: Vec<(u64, EntryId)>,
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

impl Group {
    /// Records the rows of a Splitwise export that are not in the ledger yet.
    ///
    /// A person whom somebody introduced from the file before is the same member, whatever their name
    /// is now. Others are matched to members by name, the k-th of a name to the k-th of that name, unless
    /// the group has more of them than the file. Missing people become placeholders, the same ones on
    /// every device that imports the file; only the group's owner can give them keys. `progress`
    /// receives the progress of the import, and may stop it after a batch.
    ///
    /// # Errors
    /// [`StoreError::Import`] if a missing person has a name that `ledger_core::check_name` refuses,
    /// and then nothing is recorded; [`StoreError::Cancelled`] if it was stopped; [`StoreError`] if the
    /// database cannot be used. Whole batches stay, and importing the same
    /// file again goes on from there.
    pub fn import_splitwise(
        &self,
        export: &ImportFile,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ImportReport, StoreError> {
        let mut report = ImportReport::default();
        let members = self.import_members(export, &mut report)?;
        self.import_rows(export, &members, &mut report, progress)?;
        let state = self.state()?;
        for currency in export.currencies() {
            let sums = export.sums(currency);
            let same =
                members.iter().zip(sums).all(|(id, sum)| state.balance(*id, currency) == sum);
            if same { &mut report.matching } else { &mut report.differing }.push(currency);
        }
        Ok(report)
    }

    /// The member of each column; introduces those who are missing.
    fn import_members(
        &self,
        export: &ImportFile,
        report: &mut ImportReport,
    ) -> Result<Vec<MemberId>, StoreError> {
        let device = signing_key(&self.0)?;
        self.0.write(|transaction| {
            let salt = salt(transaction, self.0.id)?;
            let columns = columns(transaction, export, salt)?;
            let people = || export.people().iter().map(Person::key).zip(&columns);
            let is_known = |known| matches!(known, Known::ByCard | Known::ByName);
            let known = people().filter(|(_, column)| is_known(column.known));
            let known: BTreeSet<&PersonKey> = known.map(|(key, _)| key).collect();
            export.check_new_names(|key| known.contains(key)).map_err(Box::new)?;
            for (key, column) in people() {
                match column.known {
                    Known::ByCard => continue,
                    Known::ByName => {
                        report.matched_by_name.push(column.member);
                        continue;
                    }
                    Known::Ambiguous => report.ambiguous.push(column.member),
                    Known::Unknown => {}
                }
                transaction.record_with(&device, |state| {
                    Draft::person_from_file(state, salt, key.name(), key.nonce())
                })?;
                report.members_added = report.members_added.saturating_add(1);
            }
            Ok(columns.into_iter().map(|column| column.member).collect())
        })
    }

    fn import_rows(
        &self,
        export: &ImportFile,
        members: &[MemberId],
        report: &mut ImportReport,
        progress: OnProgress<'_>,
    ) -> Result<(), StoreError> {
        let total = u64::try_from(export.row_count()).unwrap_or(u64::MAX);
        let device = signing_key(&self.0)?;
        let mut done: u64 = 0;
        let mut rows = export.rows();
        loop {
            let batch: Vec<ImportRow> = rows.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            call(progress, Progress { phase: Phase::Importing, done, total })?;
            self.0.write(|transaction| {
                let waiting = transaction.waiting_origins()?;
                for row in &batch {
                    // Earlier drafts gave the row another origin.
                    let origins = || core::iter::once(row.origin()).chain(row.former());
                    if origins().any(|origin| waiting.contains(&origin)) {
                        report.waiting = report.waiting.saturating_add(1);
                        continue;
                    }
                    // A row that counts goes before one that was cancelled.
                    let mut recorded = transaction.recorded_row(row.origin())?;
                    if let Some(former) = row.former()
                        && !matches!(recorded, Some(RecordedRow::Counts))
                    {
                        recorded = transaction.recorded_row(former)?.or(recorded);
                    }
                    match recorded {
                        None => {}
                        Some(RecordedRow::Counts) => {
                            report.known = report.known.saturating_add(1);
                            continue;
                        }
                        Some(RecordedRow::Cancelled(original)) => {
                            report.cancelled.push((row.line(), original));
                            continue;
                        }
                    }
                    transaction.record(&device, &to_entry(row, members)?)?;
                    report.added = report.added.saturating_add(1);
                    if row.inference() != Inference::Exact {
                        report.inferred.push((row.line(), row.inference()));
                    }
                }
                Ok(())
            })?;
            done = done.saturating_add(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        }
        // The end is reported, too; there is nothing left to stop.
        let _ = progress(Progress { phase: Phase::Importing, done, total });
        Ok(())
    }
}

/// The salt of a group's genesis entry, under which the cards of people from files stand.
fn salt(transaction: &GroupTransaction<'_>, group: GroupId) -> Result<[u8; 32], StoreError> {
    match transaction.stored(group.genesis())?.decoded().payload() {
        Payload::Genesis(genesis) => Ok(*genesis.salt()),
        _ => Err(StoreError::Damaged("the genesis entry is another one".to_owned())),
    }
}

fn to_entry(row: &ImportRow, members: &[MemberId]) -> Result<NewEntry, StoreError> {
    let over = row.over(members);
    over.map(NewEntry::Record).ok_or_else(|| {
        StoreError::Damaged(format!("somebody in line {} has no member", row.line()))
    })
}
