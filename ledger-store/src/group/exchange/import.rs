//! Reading a bundle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read;
use std::ops::ControlFlow;

use ledger_core::bundle::{Manifest, Records};
use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, EnvelopeError, EpochKey, KeyEnvelope, KeyEnvelopeError, Topic};
use ledger_core::{EntryId, Refusal};
use rusqlite::{Connection, OptionalExtension as _};

use super::quarantine::Quarantine;
use super::ring::EpochKeyring;
use crate::StoreError;
use crate::environment::random;
use crate::group::{Group, GroupTransaction, Ingested};
use crate::progress::{Phase, Progress};

/// Most entries of one transaction. Fewer make what is written twice: pages of
/// indexes, and the words that each transaction adds to the index of texts. More
/// would keep other writers waiting, and be lost if the app is suspended.
const BATCH: usize = 2_000;

/// Most bytes of envelopes of one transaction.
const BATCH_BYTES: usize = 4 << 20;

/// Most missing parts that are told, of each bundle.
const MAX_GAPS: usize = 1_000;

/// What became of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are new here.
    pub added: u64,
    /// Entries that were here already.
    pub duplicates: u64,
    /// Entries that the bundle should hold and that are neither here nor
    /// waiting: import an intact copy.
    pub missing: BTreeSet<EntryId>,
    /// Entries that others depend on and that are not here: ask for a bundle
    /// that has them.
    pub needed: BTreeSet<EntryId>,
    /// Topics whose keys are not here: what is sealed under them waits, and they
    /// are asked for in the next bundle from here.
    pub unknown_topics: BTreeSet<Topic>,
    /// How many envelopes wait for a key.
    pub waiting: u64,
    /// How many found no room to wait: import the bundle again later.
    pub not_kept: u64,
    /// Topics for which somebody handed this device another key.
    pub false_keys: BTreeSet<Topic>,
    /// Envelopes that do not open although the key is here, by reason.
    pub broken: Vec<EnvelopeError>,
    /// Entries that can never be part of the ledger, each with the rule.
    pub refused: Vec<Refusal>,
    /// Entries left out, as in [`Ingested::left_out`].
    pub left_out: u64,
    /// Bytes that belong to no intact record.
    pub damaged_bytes: u64,
    /// Parts of the bundle of which not even the list of entries is intact; none if all
    /// is here that its maker had.
    pub missing_parts: BTreeSet<u64>,
    /// Records of a kind that this version does not know.
    pub unknown_records: u64,
    /// Whether this device's own chain has forked: it signs nothing more, see
    /// [`StoreError::Forked`].
    pub forked: bool,
}

impl Imported {
    /// Whether everything in the bundle is here now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
            && self.needed.is_empty()
            && self.waiting == 0
            && self.not_kept == 0
            && self.missing_parts.is_empty()
    }
}

impl Group {
    /// Takes what a bundle holds, whole or damaged, in any order and any number
    /// of times. Up to 2,000 entries at a time: what was taken stays, whatever
    /// happens later, and importing again goes on from there.
    ///
    /// `progress` counts records; its total is not known before the end, and is
    /// what the bundle says of itself until then.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if `input` fails, [`StoreError::Cancelled`], or
    /// [`StoreError`] if the database cannot be used. What is wrong with the
    /// bundle is in the report.
    pub fn import_bundle(
        &self,
        input: &mut dyn Read,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Imported, StoreError> {
        let root_index = self.store.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT root_index FROM groups WHERE grp = ?1")?;
            Ok(statement.query_row([self.key.0], |row| row.get(0))?)
        })?;
        let mut told = self.store.stopped_by(progress);
        let mut intake = SealedIntake {
            group: self,
            exchange: self.exchange_keys(root_index)?,
            keys: BTreeMap::new(),
            batch: Vec::new(),
            held: Vec::new(),
            bytes: 0,
            listed: BTreeSet::new(),
            bundles: BTreeMap::new(),
            report: Imported::default(),
        };
        let (mut records, mut buffer) = (Records::new(), vec![0; 128 * 1024]);
        let (mut done, phase) = (0u64, Phase::Unsealing);
        loop {
            let read = match input.read(&mut buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StoreError::Bundle(error)),
            };
            records.push(buffer.get(..read).unwrap_or_default());
            while let Some(record) = records.next_record() {
                intake.take(record)?;
                done = done.saturating_add(1);
                if done.is_multiple_of(256) || done == 1 {
                    let total = intake.total().max(done);
                    if told(Progress { phase, done, total }).is_break() {
                        return Err(StoreError::Cancelled);
                    }
                }
            }
            if read == 0 {
                break;
            }
        }
        let report = intake.end(records.skipped())?;
        let _ = told(Progress { phase, done, total: done });
        Ok(report)
    }

    /// The topics of envelopes that wait for a key.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn missing_topics(&self) -> Result<Vec<Topic>, StoreError> {
        self.store.read(|connection| Quarantine { connection, group: self.key }.topics())
    }
}

/// An import as it goes on.
struct SealedIntake<'a> {
    group: &'a Group,
    exchange: Vec<ExchangeKey>,
    keys: BTreeMap<Topic, (i64, EpochKey)>,
    /// Opened, with the number of the epoch.
    batch: Vec<(DecodedEntry, i64)>,
    /// Without a key.
    held: Vec<(Topic, Vec<u8>)>,
    /// Bytes of the envelopes of both.
    bytes: usize,
    /// What should be in the bundle and was not met yet.
    listed: BTreeSet<EntryId>,
    /// Several, if they were joined to one file.
    bundles: BTreeMap<BundleSize, Parts>,
    report: Imported,
}

/// How many parts and entries a bundle has: by that, joined bundles are told apart.
type BundleSize = (u64, u64);

/// What was met of a bundle.
#[derive(Default)]
struct Parts {
    numbers: BTreeSet<u64>,
    /// All heads of its maker, if they were so few that the bundle lists them.
    heads: Option<BTreeSet<EntryId>>,
}

impl SealedIntake<'_> {
    fn total(&self) -> u64 {
        self.bundles.keys().fold(0, |sum, (_, entries)| sum.saturating_add(*entries))
    }

    /// The parts that were not met, unless everything is here that the maker had.
    fn missing_parts(&self, connection: &Connection) -> Result<BTreeSet<u64>, StoreError> {
        let mut missing = BTreeSet::new();
        for ((of, _), bundle) in &self.bundles {
            let mut has_all = bundle.heads.is_some();
            for head in bundle.heads.iter().flatten() {
                has_all = has_all && is_entry(connection, head)?;
            }
            if !has_all {
                let gaps = (0..*of).filter(|number| !bundle.numbers.contains(number));
                missing.extend(gaps.take(MAX_GAPS));
            }
        }
        Ok(missing)
    }

    /// Takes a record, and what waited for a key that is in it.
    fn take(&mut self, record: Vec<u8>) -> Result<(), StoreError> {
        let mut open = VecDeque::from([record]);
        while let Some(record) = open.pop_front() {
            match record.first() {
                Some(1) => open.extend(self.envelope(record)?),
                Some(2) => open.extend(self.key_envelope(&record)?),
                Some(3) => self.manifest(&record)?,
                _ => self.report.unknown_records = self.report.unknown_records.saturating_add(1),
            }
            let gathered = self.batch.len().saturating_add(self.held.len());
            if gathered >= BATCH || self.bytes >= BATCH_BYTES {
                open.extend(self.flush()?);
            }
        }
        Ok(())
    }

    /// Looks for the key of a topic; whether it is here.
    fn find_key(&mut self, topic: &Topic) -> Result<bool, StoreError> {
        if self.keys.contains_key(topic) {
            return Ok(true);
        }
        let (group, id) = (self.group.key, self.group.id);
        let found = self
            .group
            .store
            .read(|connection| EpochKeyring { connection, group, id }.find(topic))?;
        let is_here = found.is_some();
        self.keys.extend(found.map(|found| (*topic, found)));
        Ok(is_here)
    }

    /// What waits for topics whose keys are here now.
    fn released(&mut self, topics: &[Topic]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut records = Vec::new();
        for topic in topics {
            let group = self.group.key;
            records.extend(
                self.group
                    .store
                    .write(|connection| Quarantine { connection, group }.release(topic))?,
            );
            let held = std::mem::take(&mut self.held);
            let (ready, held): (Vec<_>, Vec<_>) = held.into_iter().partition(|(of, _)| of == topic);
            self.held = held;
            records.extend(ready.into_iter().map(|(_, record)| record));
        }
        Ok(records)
    }

    fn key_envelope(&mut self, record: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let envelope = match KeyEnvelope::parse(record) {
            Ok(envelope) => envelope,
            Err(_) => {
                self.report.unknown_records = self.report.unknown_records.saturating_add(1);
                return Ok(Vec::new());
            }
        };
        if self.find_key(&envelope.topic())? {
            return Ok(Vec::new());
        }
        match envelope.open(self.group.id, &self.exchange) {
            Ok(Some(key)) => {
                self.ring(|ring| ring.add(&key))?;
                let new = self.ring(|ring| ring.refresh())?;
                self.released(&[vec![key.topic()], new].concat())
            }
            Err(KeyEnvelopeError::OtherKey(topic)) => {
                self.report.false_keys.insert(topic);
                Ok(Vec::new())
            }
            Ok(None) | Err(_) => Ok(Vec::new()),
        }
    }

    fn ring<T>(
        &self,
        work: impl FnOnce(&EpochKeyring<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (group, id) = (self.group.key, self.group.id);
        self.group.store.write(|connection| {
            let tx = connection.transaction()?;
            let result = work(&EpochKeyring { connection: &tx, group, id })?;
            tx.commit()?;
            Ok(result)
        })
    }

    fn manifest(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let Ok(topic) = Manifest::topic(record) else { return Ok(()) };
        self.find_key(&topic)?;
        let Some((_, key)) = self.keys.get(&topic) else {
            self.held.push((topic, record.to_vec()));
            return Ok(());
        };
        match Manifest::open(key, record) {
            Ok(manifest) if manifest.group == self.group.id => {
                self.listed.extend(manifest.ids);
                let size = (manifest.part.of, manifest.entries);
                let bundle = self.bundles.entry(size).or_default();
                bundle.numbers.insert(manifest.part.number);
                if !manifest.heads.is_empty() && manifest.heads.len() < Manifest::MAX_LISTED {
                    bundle.heads = Some(manifest.heads.into_iter().collect());
                }
                if !manifest.wanted.is_empty() {
                    self.ring(|ring| manifest.wanted.iter().try_for_each(|t| ring.want(t)))?;
                }
            }
            Ok(_) => {}
            Err(error) => self.report.broken.push(error),
        }
        Ok(())
    }

    /// Opens an envelope; what waited for keys that it brings.
    fn envelope(&mut self, record: Vec<u8>) -> Result<Vec<Vec<u8>>, StoreError> {
        let envelope = match Envelope::parse(&record) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.report.broken.push(error);
                return Ok(Vec::new());
            }
        };
        self.bytes = self.bytes.saturating_add(record.len());
        let topic = envelope.topic();
        self.find_key(&topic)?;
        let Some((e, key)) = self.keys.get(&topic) else {
            self.held.push((topic, record));
            return Ok(Vec::new());
        };
        let e = *e;
        let entry = match key.open(&envelope) {
            Ok(entry) => entry,
            Err(error) => {
                self.report.broken.push(error);
                return Ok(Vec::new());
            }
        };
        let mut released = Vec::new();
        if let Payload::Epoch(epoch) = entry.payload() {
            let (group, id) = (self.group.key, self.group.id);
            let known = self.group.store.read(|connection| {
                EpochKeyring { connection, group, id }.has_begun(&epoch.topic())
            })?;
            if !known {
                // The box opens envelopes before anybody is believed: only a
                // signed entry in force makes a key fit for sealing.
                let new = self.ring(|ring| ring.learn(epoch))?;
                released = self.released(&new)?;
            }
        }
        self.batch.push((entry, e));
        Ok(released)
    }

    /// Keeps what was gathered; what waited for keys that are here by that.
    fn flush(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        let (batch, held) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.held));
        if batch.is_empty() && held.is_empty() {
            return Ok(Vec::new());
        }
        self.bytes = 0;
        let mut under = BTreeMap::new();
        let mut decoded = Vec::with_capacity(batch.len());
        for (entry, e) in batch {
            under.insert(entry.id(), e);
            decoded.push(entry);
        }
        let seed = random(self.group.store.environment())?;
        let mut report = Ingested::default();
        let decoded = self.unknown(decoded, &mut report)?;
        let verified = report.verify(decoded, &seed);
        let (mut new, mut not_kept) = (Vec::new(), 0u64);
        let group = self.group;
        let report = group.take_in(verified, report, |writer, placed| {
            note_epochs(writer, group, under, placed)?;
            new = group.ring(writer).refresh()?;
            let quarantine = Quarantine { connection: writer.connection(), group: group.key };
            if held.is_empty() {
                return Ok(());
            }
            let mut room = quarantine.held()?;
            for (topic, record) in &held {
                if !quarantine.hold(&mut room, topic, record)? {
                    not_kept = not_kept.saturating_add(1);
                }
            }
            Ok(())
        })?;
        for id in &report.added {
            self.listed.remove(id);
        }
        let added = u64::try_from(report.added.len()).unwrap_or(u64::MAX);
        self.report.added = self.report.added.saturating_add(added);
        self.report.duplicates = self.report.duplicates.saturating_add(report.duplicates);
        self.report.left_out = self.report.left_out.saturating_add(report.left_out);
        self.report.refused.extend(report.refused);
        self.report.needed = report.missing;
        self.report.not_kept = self.report.not_kept.saturating_add(not_kept);
        self.released(&new)
    }

    /// Those that are not here yet: going on after an interruption costs no
    /// signatures.
    fn unknown(
        &mut self,
        entries: Vec<DecodedEntry>,
        report: &mut Ingested,
    ) -> Result<Vec<DecodedEntry>, StoreError> {
        let listed = &mut self.listed;
        self.group.look(|connection, loaded| {
            let frontier = loaded.ledger.frontier();
            let mut unknown = Vec::with_capacity(entries.len());
            for entry in entries {
                let (device, seq) = (entry.header().device(), entry.header().seq());
                // Nothing is here behind the end of its chain.
                let may_be_here = frontier.last_seq(device).is_some_and(|last| seq <= last);
                if may_be_here && is_entry(connection, &entry.id())? {
                    listed.remove(&entry.id());
                    report.duplicates = report.duplicates.saturating_add(1);
                } else {
                    unknown.push(entry);
                }
            }
            Ok(unknown)
        })
    }

    fn end(mut self, damaged_bytes: u64) -> Result<Imported, StoreError> {
        loop {
            let released = self.flush()?;
            if released.is_empty() {
                break;
            }
            released.into_iter().try_for_each(|record| self.take(record))?;
        }
        let missing_parts = self.group.store.read(|connection| self.missing_parts(connection))?;
        let mut report = Imported { missing_parts, damaged_bytes, ..self.report };
        report.forked = self.group.ledger()?.has_forked(self.group.device);
        let key = self.group.key;
        self.group.store.read(|connection| {
            for id in &self.listed {
                if !is_here(connection, id)? {
                    report.missing.insert(*id);
                }
            }
            let waiting = Quarantine { connection, group: key };
            report.unknown_topics = waiting.topics()?.into_iter().collect();
            report.waiting = waiting.len()?;
            Ok(())
        })?;
        Ok(report)
    }
}

fn is_entry(connection: &Connection, id: &EntryId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM entries WHERE id = ?1")?;
    Ok(statement.exists([id.as_bytes()])?)
}

fn is_here(connection: &Connection, id: &EntryId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM entries WHERE id = ?1 UNION ALL SELECT 1 FROM pending WHERE id = ?1",
    )?;
    Ok(statement.exists([id.as_bytes()])?)
}

/// Notes under which epochs entries came, also of those that wait.
fn note_epochs(
    writer: &GroupTransaction<'_>,
    group: &Group,
    mut under: BTreeMap<EntryId, i64>,
    placed: &[(EntryId, i64)],
) -> Result<(), StoreError> {
    let connection = writer.connection();
    let mut keep =
        connection.prepare_cached("INSERT OR IGNORE INTO sealed (n, epoch) VALUES (?1, ?2)")?;
    let mut waited = connection
        .prepare_cached("DELETE FROM came_under WHERE id = ?1 AND grp = ?2 RETURNING epoch")?;
    for (id, n) in placed {
        let epoch = match under.remove(id) {
            Some(epoch) => Some(epoch),
            None => waited.query_row((id.as_bytes(), group.key.0), |row| row.get(0)).optional()?,
        };
        if let Some(epoch) = epoch {
            keep.execute((n, epoch))?;
        }
    }
    // Others were here already, or wait.
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
    // What came again with what it waited for, or gave way, waits no more.
    let mut gone = connection.prepare_cached(
        "DELETE FROM came_under WHERE grp = ?1 AND id NOT IN (SELECT id FROM pending)",
    )?;
    gone.execute([group.key.0])?;
    Ok(())
}
