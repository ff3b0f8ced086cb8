//! Storing what an intake opens: one transaction a batch.

use std::collections::{BTreeMap, VecDeque};

use ledger_core::EntryId;
use ledger_core::engine::DecodedEntry;
use ledger_core::seal::{EpochKey, Topic};
use rusqlite::{Connection, OptionalExtension as _};

use super::intake::{KnownKey, SealedBatch, SealedIntake};
use super::quarantine::Quarantine;
use super::{Imported, RecordReader};
use crate::StoreError;
use crate::entries::{GroupTransaction, Ingested, StoredNumbers};
use crate::keyring::{EpochKeyring, exchange_keys};
use crate::platform::environment::random;
use crate::platform::progress::{OnProgress, Phase, Progress};
use crate::session::GroupSession;

/// Records between two calls of the progress callback.
const STEP: u64 = 256;

/// Imports the records of a file, whole or damaged, in any order and any number of times.
pub(crate) fn import_records(
    group: &GroupSession,
    mut records: RecordReader<'_>,
    progress: OnProgress<'_>,
) -> Result<Imported, StoreError> {
    let mut progress = group.session.stopped_by(progress);
    let mut import = SealedImport::new(group)?;
    let (mut done, phase) = (0u64, Phase::Unsealing);
    while let Some(record) = records.next_record()? {
        import.offer([record])?;
        done = done.saturating_add(1);
        if done.is_multiple_of(STEP) || done == 1 {
            // The total is what the bundle says of itself, as far as it was read.
            let total = import.intake.contents.entries().max(done);
            if progress(Progress { phase, done, total }).is_break() {
                return Err(StoreError::Cancelled);
            }
        }
    }
    let report = import.finish(records.skipped())?;
    let _ = progress(Progress { phase, done, total: done });
    Ok(report)
}

/// An import in progress: an intake, and the report of what was stored.
struct SealedImport<'a> {
    group: &'a GroupSession,
    intake: SealedIntake,
    report: Imported,
}

/// Result of storing a batch: keys and records that the intake has to go on with.
#[derive(Default)]
struct Stored {
    /// Keys that the database has and the intake lacks.
    keys: Vec<EpochKey>,
    /// Records whose key is here now.
    released: Vec<Vec<u8>>,
    /// Number of records that found no room in quarantine.
    not_kept: u64,
}

impl<'a> SealedImport<'a> {
    fn new(group: &'a GroupSession) -> Result<Self, StoreError> {
        let exchange = exchange_keys(group)?;
        let (key, id) = (group.key, group.id);
        let known = group
            .session
            .read(|connection| EpochKeyring { connection, group: key, id }.all())?
            .into_iter()
            .map(|(key, box_is_open)| KnownKey { key, box_is_open });
        let intake = SealedIntake::new(id, exchange, known);
        Ok(Self { group, intake, report: Imported::default() })
    }

    /// Opens records one by one, and those whose keys come with them. Stores each batch as soon
    /// as it is due, so that none grows with the number of records that one key releases.
    fn offer(&mut self, records: impl Into<VecDeque<Vec<u8>>>) -> Result<(), StoreError> {
        let mut records = records.into();
        while let Some(record) = records.pop_front() {
            self.intake.offer(record);
            while self.intake.is_due() {
                records.extend(self.store()?.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Stores the batch. Returns the records whose keys it brought, or `None` if there was
    /// nothing to store.
    fn store(&mut self) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let batch = self.intake.take_batch();
        if batch.is_empty() {
            return Ok(None);
        }
        let SealedBatch { opened, waiting, learned, wanted } = batch;
        let mut came_under = BTreeMap::new();
        let mut decoded = Vec::with_capacity(opened.len());
        for (entry, topic) in opened {
            came_under.insert(entry.id(), topic);
            decoded.push(entry);
        }
        let seed = random(self.group.session.environment())?;
        let mut ingested = Ingested::default();
        let decoded = self.drop_known(decoded, &mut ingested)?;
        let verified = ingested.verify(decoded, &seed);
        let mut stored = Stored::default();
        let ingested = self.group.admit_batch(verified, ingested, |transaction, numbers| {
            let keyring = EpochKeyring::new(transaction);
            let mut new = keep_keys(&keyring, &learned)?;
            wanted.iter().try_for_each(|topic| keyring.note_wanted(topic))?;
            note_epochs(transaction, &keyring, came_under, numbers)?;
            let boxed = keyring.open_boxes()?;
            for topic in &boxed {
                stored.keys.extend(keyring.find(topic)?.map(|(_, key)| key));
            }
            new.extend(boxed);
            let quarantine = Quarantine { connection: keyring.connection, group: keyring.group };
            for topic in &new {
                stored.released.extend(quarantine.release(topic)?);
            }
            hold(&keyring, &quarantine, waiting, &mut stored)
        })?;
        self.count(ingested, stored.not_kept);
        stored.keys.into_iter().for_each(|key| self.intake.add_key(key));
        Ok(Some(stored.released))
    }

    fn count(&mut self, ingested: Ingested, not_kept: u64) {
        for id in &ingested.added {
            self.intake.contents.expected.remove(id);
        }
        let added = u64::try_from(ingested.added.len()).unwrap_or(u64::MAX);
        let report = &mut self.report;
        report.added = report.added.saturating_add(added);
        report.duplicates = report.duplicates.saturating_add(ingested.duplicates);
        report.left_out = report.left_out.saturating_add(ingested.left_out);
        report.refused.extend(ingested.refused);
        report.needed = ingested.missing;
        report.not_kept = report.not_kept.saturating_add(not_kept);
    }

    /// Drops the entries that are stored already, so that an import that goes on after an
    /// interruption verifies no signature twice.
    fn drop_known(
        &mut self,
        entries: Vec<DecodedEntry>,
        ingested: &mut Ingested,
    ) -> Result<Vec<DecodedEntry>, StoreError> {
        if entries.is_empty() {
            return Ok(entries);
        }
        // A group that lost its genesis entry to damage has no ledger until this batch gives it back.
        let genesis = self.group.id.genesis();
        if entries.iter().any(|entry| entry.id() == genesis)
            && !self.group.session.read(|connection| is_stored(connection, &genesis))?
        {
            return Ok(entries);
        }
        let expected = &mut self.intake.contents.expected;
        self.group.read(|connection, loaded| {
            let frontier = loaded.ledger.frontier();
            let mut unknown = Vec::with_capacity(entries.len());
            for entry in entries {
                let (device, seq) = (entry.header().device(), entry.header().seq());
                // An entry after the end of its chain cannot be stored; that saves the query.
                let may_be_here = frontier.last_seq(device).is_some_and(|last| seq <= last);
                if may_be_here && is_stored(connection, &entry.id())? {
                    expected.remove(&entry.id());
                    ingested.duplicates = ingested.duplicates.saturating_add(1);
                } else {
                    unknown.push(entry);
                }
            }
            Ok(unknown)
        })
    }

    /// Stores the rest, and completes the report.
    fn finish(mut self, damaged_bytes: u64) -> Result<Imported, StoreError> {
        while let Some(released) = self.store()? {
            self.offer(released)?;
        }
        let Self { group, intake, mut report } = self;
        report.damaged_bytes = damaged_bytes;
        report.forked = group.ledger()?.has_forked(group.device);
        group.session.read(|connection| {
            report.missing_parts = intake.contents.missing_parts(|id| is_stored(connection, id))?;
            for id in &intake.contents.expected {
                if !is_stored_or_waits(connection, id)? {
                    report.missing.insert(*id);
                }
            }
            let quarantine = Quarantine { connection, group: group.key };
            report.unknown_topics = quarantine.topics()?.into_iter().collect();
            report.waiting = quarantine.len()?;
            Ok(())
        })?;
        report.broken = intake.broken;
        report.false_keys = intake.false_keys;
        report.unknown_records = intake.unknown_records;
        Ok(report)
    }
}

/// Adds keys to the keyring. Returns the topics whose keys are new there.
///
/// They come out of key envelopes and of boxes whose entries nobody has verified yet. So they open
/// envelopes, and do nothing else before an admitted entry names them (SPEC §11.1).
fn keep_keys(keyring: &EpochKeyring<'_>, learned: &[EpochKey]) -> Result<Vec<Topic>, StoreError> {
    let mut new = Vec::new();
    for key in learned {
        if keyring.add(key)? {
            new.push(key.topic());
        }
    }
    Ok(new)
}

/// Puts records into quarantine, unless the database has their key meanwhile.
fn hold(
    keyring: &EpochKeyring<'_>,
    quarantine: &Quarantine<'_>,
    waiting: Vec<(Topic, Vec<u8>)>,
    stored: &mut Stored,
) -> Result<(), StoreError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let mut room = quarantine.held()?;
    let mut found = BTreeMap::new();
    for (topic, record) in waiting {
        let is_here = match found.get(&topic) {
            Some(is_here) => *is_here,
            None => {
                // Another call or process may have added it since the intake began.
                // A damaged row whose secret gives another topic opens nothing.
                let key = keyring.find(&topic)?.map(|(_, key)| key);
                let key = key.filter(|key| key.topic() == topic);
                let is_here = key.is_some();
                stored.keys.extend(key);
                found.insert(topic, is_here);
                is_here
            }
        };
        if is_here {
            stored.released.push(record);
        } else if !quarantine.hold(&mut room, &topic, &record)? {
            stored.not_kept = stored.not_kept.saturating_add(1);
        }
    }
    Ok(())
}

fn is_stored(connection: &Connection, id: &EntryId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM entries WHERE id = ?1")?;
    Ok(statement.exists([id.as_bytes()])?)
}

fn is_stored_or_waits(connection: &Connection, id: &EntryId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM entries WHERE id = ?1 UNION ALL SELECT 1 FROM pending WHERE id = ?1",
    )?;
    Ok(statement.exists([id.as_bytes()])?)
}

/// Notes the epochs under which entries came, also of entries that wait.
///
/// An entry keeps the epoch under which it first travelled, so sealing it again gives the same
/// bytes.
fn note_epochs(
    transaction: &GroupTransaction<'_>,
    keyring: &EpochKeyring<'_>,
    came_under: BTreeMap<EntryId, Topic>,
    stored: &StoredNumbers,
) -> Result<(), StoreError> {
    let connection = transaction.connection();
    let group = transaction.group();
    let mut numbers: BTreeMap<Topic, i64> = BTreeMap::new();
    let mut under: BTreeMap<EntryId, i64> = BTreeMap::new();
    for (id, topic) in came_under {
        let number = match numbers.get(&topic) {
            Some(number) => Some(*number),
            None => keyring.find(&topic)?.map(|(number, _)| number),
        };
        if let Some(number) = number {
            numbers.insert(topic, number);
            under.insert(id, number);
        }
    }
    let mut keep =
        connection.prepare_cached("INSERT OR IGNORE INTO sealed (n, epoch) VALUES (?1, ?2)")?;
    let mut waited = connection
        .prepare_cached("DELETE FROM came_under WHERE id = ?1 AND grp = ?2 RETURNING epoch")?;
    for (id, n) in stored {
        let epoch = match under.remove(id) {
            Some(epoch) => Some(epoch),
            None => waited.query_row((id.as_bytes(), group.0), |row| row.get(0)).optional()?,
        };
        if let Some(epoch) = epoch {
            keep.execute((n, epoch))?;
        }
    }
    // The others were stored before, or wait.
    let mut known = connection.prepare_cached(
        "INSERT OR IGNORE INTO sealed (n, epoch) SELECT n, ?2 FROM entries WHERE id = ?1",
    )?;
    let mut wait = connection.prepare_cached(
        "INSERT OR IGNORE INTO came_under (id, grp, epoch)
         SELECT id, grp, ?2 FROM pending WHERE id = ?1",
    )?;
    for (id, epoch) in under {
        known.execute((id.as_bytes(), epoch))?;
        wait.execute((id.as_bytes(), epoch))?;
    }
    // Entries that came again with what they waited for, or gave way to others, wait no more.
    let mut gone = connection.prepare_cached(
        "DELETE FROM came_under WHERE grp = ?1 AND id NOT IN (SELECT id FROM pending)",
    )?;
    gone.execute([group.0])?;
    Ok(())
}
