//! Storing what an intake opens: one transaction a batch.

use std::collections::{BTreeMap, VecDeque};

use ledger_core::EntryId;
use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::seal::{EpochKey, Topic};
use rusqlite::{Connection, OptionalExtension as _};

use super::intake::{Condition, KnownKey, SealedBatch, SealedIntake};
use super::quarantine::{Hold, Quarantine};
use super::records::{RecordReader, Step};
use super::report::{Imported, MAX_LISTED};
use super::trial::{drop_junk_keys, topics_of_groups};
use crate::StoreError;
use crate::entries::{GroupTransaction, Ingested, StoredNumbers, verify_step};
use crate::keyring::{EpochKeyring, exchange_keys};
use crate::platform::environment::random;
use crate::platform::progress::{Cancellable, OnProgress, Pulse};
use crate::session::GroupSession;

/// Imports the records of a file, whole or damaged, in any order and any number of times.
///
/// The callback is called for every few records and for every few bytes, whatever the bytes are.
pub(crate) fn import_records(
    group: &GroupSession,
    mut records: RecordReader<'_>,
    progress: OnProgress<'_>,
) -> Result<Imported, StoreError> {
    let mut progress = group.session.stopped_by(progress);
    let mut import = SealedImport::new(group, Pulse::new(&mut progress))?;
    loop {
        match records.next_step()? {
            Step::Record(record) => match import.offer(record)? {
                Condition::Intact => {}
                Condition::Unknown => records.search_last(false),
                Condition::Damaged => records.search_last(true),
            },
            Step::Bytes => import.pulse.say(import.intake.contents.entries())?,
            Step::End => break,
        }
    }
    import.finish(records.skipped())
}

/// An import in progress: an intake, and the report of what was stored.
struct SealedImport<'a> {
    group: &'a GroupSession,
    intake: SealedIntake,
    report: Imported,
    pulse: Pulse<'a>,
    /// This import, which another thread may cancel while a batch is stored.
    call: Cancellable,
}

/// Result of storing a batch: keys and records that the intake has to go on with.
#[derive(Default)]
struct Stored {
    /// Keys that the database has and the intake lacks.
    keys: Vec<EpochKey>,
    /// Topics that admitted epoch entries name.
    named: Vec<Topic>,
    /// Records whose key is here now.
    released: Vec<Vec<u8>>,
}

impl<'a> SealedImport<'a> {
    fn new(group: &'a GroupSession, pulse: Pulse<'a>) -> Result<Self, StoreError> {
        let exchange = exchange_keys(group)?;
        let (key, id) = (group.key, group.id);
        let (known, foreign) = group.session.read(|connection| {
            let known = EpochKeyring { connection, group: key, id }.all()?;
            Ok((known, topics_of_groups(connection, Some(key))?))
        })?;
        let known = known.into_iter().map(|(key, box_is_open)| KnownKey { key, box_is_open });
        let intake = SealedIntake::new(id, exchange, known, foreign);
        let call = group.session.cancellations().begin();
        Ok(Self { group, intake, report: Imported::default(), pulse, call })
    }

    /// Opens a record, and those whose keys come with it, one by one. Stores each batch as soon as
    /// it is due, so that none grows with the number of records that one key releases. Returns
    /// whether the record is intact.
    fn offer(&mut self, record: Vec<u8>) -> Result<Condition, StoreError> {
        let offered = self.intake.offer(record);
        self.pulse.count(self.intake.contents.entries())?;
        let mut queue = VecDeque::from(offered.released);
        while self.intake.is_due() {
            queue.extend(self.store()?.unwrap_or_default());
        }
        self.offer_released(queue)?;
        Ok(offered.condition)
    }

    fn offer_released(&mut self, mut queue: VecDeque<Vec<u8>>) -> Result<(), StoreError> {
        while let Some(record) = queue.pop_front() {
            queue.extend(self.intake.offer(record).released);
            self.pulse.count(self.intake.contents.entries())?;
            while self.intake.is_due() {
                queue.extend(self.store()?.unwrap_or_default());
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
        let SealedBatch { opened, learned, wanted } = batch;
        let mut came_under = BTreeMap::new();
        let mut begins = BTreeMap::new();
        let mut decoded = Vec::with_capacity(opened.len());
        for (entry, topic) in opened {
            came_under.insert(entry.id(), topic);
            if let Payload::Epoch(epoch) = entry.payload() {
                begins.insert(entry.id(), epoch.topic());
            }
            decoded.push(entry);
        }
        let seed = random(self.group.session.environment())?;
        let threads = self.group.session.threads();
        let mut ingested = Ingested::default();
        let decoded = self.drop_known(decoded, &mut ingested)?;
        let mut verified = Vec::with_capacity(decoded.len());
        let mut decoded = decoded.into_iter().peekable();
        while decoded.peek().is_some() {
            let step = decoded.by_ref().take(verify_step(threads)).collect();
            verified.extend(ingested.verify(threads, step, &seed));
            self.pulse.say(self.intake.contents.entries())?;
        }
        let mut stored = Stored::default();
        let call = &self.call;
        let ingested =
            self.group.admit_batch(verified, ingested, call, |transaction, numbers| {
                let keyring = EpochKeyring::new(transaction);
                let mut new = keep_keys(&keyring, &learned)?;
                wanted.iter().try_for_each(|topic| keyring.note_wanted(topic))?;
                note_epochs(transaction, &keyring, came_under, numbers)?;
                // Boxes open with keys, and count once their entries are admitted.
                let boxed = match new.is_empty() && !transaction.has_begun_epoch() {
                    true => Vec::new(),
                    false => keyring.open_boxes()?,
                };
                for topic in &boxed {
                    stored.keys.extend(keyring.find(topic)?.map(|(_, key)| key));
                }
                new.extend(boxed);
                stored.named.extend(numbers.iter().filter_map(|(id, _)| begins.remove(id)));
                let quarantine =
                    Quarantine { connection: keyring.connection, group: keyring.group };
                for topic in &new {
                    stored.released.extend(quarantine.release(topic)?);
                }
                Ok(())
            })?;
        self.count(ingested);
        self.intake.confirm_keys(&stored.named);
        for key in stored.keys {
            stored.released.extend(self.intake.add_key(key));
        }
        Ok(Some(stored.released))
    }

    fn count(&mut self, ingested: Ingested) {
        for arrival in &ingested.added {
            self.intake.contents.note_stored(&arrival.entry);
        }
        let added = u64::try_from(ingested.added.len()).unwrap_or(u64::MAX);
        let report = &mut self.report;
        let room = MAX_LISTED.saturating_sub(report.arrivals.len());
        report.arrivals.extend(ingested.added.into_iter().take(room));
        report.added = report.added.saturating_add(added);
        report.duplicates = report.duplicates.saturating_add(ingested.duplicates);
        report.left_out = report.left_out.saturating_add(ingested.left_out);
        for refusal in ingested.refused {
            if report.refused.len() < MAX_LISTED {
                report.refused.push(refusal);
            } else {
                report.more_refused = report.more_refused.saturating_add(1);
            }
        }
        report.needed = ingested.missing;
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
        let contents = &mut self.intake.contents;
        self.group.read(|connection, loaded| {
            let frontier = loaded.ledger.frontier();
            let mut unknown = Vec::with_capacity(entries.len());
            for entry in entries {
                let (device, seq) = (entry.header().device(), entry.header().seq());
                // An entry after the end of its chain cannot be stored; that saves the query.
                let may_be_here = frontier.last_seq(device).is_some_and(|last| seq <= last);
                if may_be_here && is_stored_as(connection, &entry)? {
                    contents.note_stored(&entry.id());
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
        loop {
            while let Some(released) = self.store()? {
                self.offer_released(released.into())?;
            }
            let released = self.release_known()?;
            if released.is_empty() {
                break;
            }
            self.offer_released(released.into())?;
        }
        let findings = &self.intake.findings;
        if findings.records == 0 {
            return Err(StoreError::NoBundle);
        }
        if !findings.is_ours
            && let Some(group) = findings.other_groups.first()
        {
            return Err(StoreError::BundleOfOtherGroup(*group));
        }
        self.report.damaged_bytes = damaged_bytes;
        self.note_needed()?;
        self.hold_waiting()?;
        let Self { group, intake, mut report, mut pulse, .. } = self;
        report.forked = group.ledger()?.has_forked(group.device);
        group.session.read(|connection| {
            let stored = |id: &EntryId| is_stored(connection, id);
            (report.missing_part_count, report.missing_parts) =
                intake.contents.missing_parts(stored)?;
            for (id, came) in intake.contents.expected() {
                if is_stored(connection, &id)? {
                    continue;
                }
                if waits(connection, &id)? {
                    report.incomplete = report.incomplete.saturating_add(1);
                } else if !came {
                    report.missing.insert(id);
                }
            }
            Ok(())
        })?;
        report.is_known = intake.contents.is_known();
        let findings = intake.findings;
        report.is_ours = findings.is_ours;
        report.broken = findings.broken;
        report.more_broken = findings.more_broken;
        report.false_keys = findings.false_keys;
        report.unknown_records = findings.unknown_records;
        report.other_groups = findings.other_groups;
        pulse.end();
        Ok(report)
    }

    /// Notes what entries wait for that manifests list, where no batch was stored that told it: a
    /// manifest alone brings none.
    fn note_needed(&mut self) -> Result<(), StoreError> {
        if !self.report.needed.is_empty() {
            return Ok(());
        }
        let listed_waits = self.group.session.read(|connection| {
            for (id, _) in self.intake.contents.expected() {
                if waits(connection, &id)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        if listed_waits {
            let none = Ingested::default();
            let ingested =
                self.group.admit_batch(Vec::new(), none, &self.call, |transaction, numbers| {
                    let keyring = EpochKeyring::new(transaction);
                    note_epochs(transaction, &keyring, BTreeMap::new(), numbers)
                })?;
            self.count(ingested);
        }
        Ok(())
    }

    /// Takes out the records that wait for keys which another call or process has added since the
    /// import began.
    fn release_known(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        let (group, id) = (self.group.key, self.group.id);
        let found = self.group.session.read(|connection| {
            let keyring = EpochKeyring { connection, group, id };
            let mut found = Vec::new();
            for topic in self.intake.waiting.topics() {
                // A damaged row whose secret gives another topic opens nothing.
                let key = keyring.find(topic)?.map(|(_, key)| key);
                found.extend(key.filter(|key| key.topic() == *topic));
            }
            Ok(found)
        })?;
        Ok(found.into_iter().flat_map(|key| self.intake.add_key(key)).collect())
    }

    /// Puts what still waits into quarantine, and drops keys that nothing names.
    fn hold_waiting(&mut self) -> Result<(), StoreError> {
        let waiting = self.intake.waiting.take();
        let (held, not_kept) = self.group.write(|transaction| {
            let (connection, group) = (transaction.connection(), transaction.group());
            drop_junk_keys(connection, group)?;
            if waiting.is_empty() {
                return Ok((BTreeMap::new(), 0));
            }
            let mut quarantine = Quarantine { connection, group }.open()?;
            let (mut held, mut not_kept) = (BTreeMap::<Topic, u64>::new(), 0u64);
            for (topic, records) in waiting {
                for record in records {
                    match quarantine.hold(&topic, &record)? {
                        Hold::Waits => {}
                        Hold::InsteadOf(other) => {
                            // Records of earlier imports were not reported by this one.
                            let gone = held.remove(&other).unwrap_or(0);
                            not_kept = not_kept.saturating_add(gone);
                        }
                        Hold::NoRoom => {
                            not_kept = not_kept.saturating_add(1);
                            continue;
                        }
                    }
                    let count = held.entry(topic).or_default();
                    *count = count.saturating_add(1);
                }
            }
            Ok((held, not_kept))
        })?;
        self.report.waiting = held.values().copied().fold(0, u64::saturating_add);
        self.report.not_kept = not_kept.saturating_add(self.intake.waiting.dropped);
        self.report.unknown_topics = held.into_keys().collect();
        Ok(())
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

fn is_stored(connection: &Connection, id: &EntryId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM entries WHERE id = ?1")?;
    Ok(statement.exists([id.as_bytes()])?)
}

/// Whether an entry is here with this signature. A copy with another one is no duplicate before that
/// is verified (SPEC §5).
fn is_stored_as(connection: &Connection, entry: &DecodedEntry) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM entries WHERE id = ?1 AND signature = ?2")?;
    Ok(statement.exists((entry.id().as_bytes(), entry.signature()))?)
}

fn waits(connection: &Connection, id: &EntryId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM pending WHERE id = ?1")?;
    Ok(statement.exists([id.as_bytes()])?)
}

/// Notes the epochs under which entries came, also of entries that wait.
///
/// An entry keeps the epoch under which it first travelled, so sealing it again gives the same
/// bytes. When it came counts if no epoch entry names the key (SPEC §11.2).
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
    let now_ms = i64::try_from(transaction.environment().now_ms()).unwrap_or(i64::MAX);
    let mut keep = connection
        .prepare_cached("INSERT OR IGNORE INTO sealed (n, epoch, ms) VALUES (?1, ?2, ?3)")?;
    let mut waited = connection
        .prepare_cached("DELETE FROM came_under WHERE id = ?1 AND grp = ?2 RETURNING epoch")?;
    for (id, n) in stored {
        let epoch = match under.remove(id) {
            Some(epoch) => Some(epoch),
            None => waited.query_row((id.as_bytes(), group.0), |row| row.get(0)).optional()?,
        };
        if let Some(epoch) = epoch {
            keep.execute((n, epoch, now_ms))?;
        }
    }
    // The others were stored before, or wait.
    let mut known = connection.prepare_cached(
        "INSERT OR IGNORE INTO sealed (n, epoch, ms) SELECT n, ?2, ?3 FROM entries WHERE id = ?1",
    )?;
    let mut wait = connection.prepare_cached(
        "INSERT OR IGNORE INTO came_under (id, grp, epoch)
         SELECT id, grp, ?2 FROM pending WHERE id = ?1",
    )?;
    for (id, epoch) in under {
        known.execute((id.as_bytes(), epoch, now_ms))?;
        wait.execute((id.as_bytes(), epoch))?;
    }
    // Entries that came again with what they waited for, or gave way to others, wait no more.
    let mut gone = connection.prepare_cached(
        "DELETE FROM came_under WHERE grp = ?1 AND id NOT IN (SELECT id FROM pending)",
    )?;
    gone.execute([group.0])?;
    Ok(())
}
