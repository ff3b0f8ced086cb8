//! Opening sealed records, without a file or a database.
//!
//! The caller offers records one at a time, takes batches out when [`SealedIntake::is_due`] says
//! so, and stores them. Keys are given at the beginning, or found in the records: a key envelope
//! holds one for this device, and the entry of an epoch holds the keys of earlier epochs in its
//! history box. A bundle has its keys first and its epochs from the last to the first, so each
//! box opens the epochs before it, and hardly any record has to wait.

mod contents;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use ledger_core::GroupId;
use ledger_core::bundle::Manifest;
use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, EnvelopeError, EpochKey, KeyEnvelope, KeyEnvelopeError, Topic};

use self::contents::Contents;
use super::key_pool::{BoxedKey, KeyPool};

/// Most records of one batch. Fewer would write the same pages of indexes again and again; more
/// would keep other writers waiting, and be lost if the app is suspended.
const BATCH: usize = 2_000;

/// Most bytes of envelopes in one batch.
const BATCH_BYTES: usize = 4 << 20;

/// An epoch key that the database has.
pub(super) struct KnownKey {
    pub(super) key: EpochKey,
    /// Whether the history box of its epoch was opened.
    pub(super) box_is_open: bool,
}

/// The part of an intake that is ready to be stored.
#[derive(Default)]
pub(super) struct SealedBatch {
    /// Opened entries, each with the topic under which it travelled. Their signatures are not
    /// verified.
    pub(super) opened: Vec<(DecodedEntry, Topic)>,
    /// Records whose key is not known, with the topic of that key.
    pub(super) waiting: Vec<(Topic, Vec<u8>)>,
    /// Keys that were found.
    pub(super) learned: Vec<EpochKey>,
    /// Topics whose keys another device asks for.
    pub(super) wanted: BTreeSet<Topic>,
}

impl SealedBatch {
    pub(super) fn is_empty(&self) -> bool {
        self.opened.is_empty()
            && self.waiting.is_empty()
            && self.learned.is_empty()
            && self.wanted.is_empty()
    }
}

/// Opens the sealed records of one group. Pure: what it finds is in batches and reports.
pub(super) struct SealedIntake {
    group: GroupId,
    exchange: Vec<ExchangeKey>,
    keys: KeyPool,
    batch: SealedBatch,
    /// Bytes of the envelopes in the batch.
    bytes: usize,
    /// What manifests announce.
    pub(super) contents: Contents,
    /// Topics for which a record hands this device another key than the topic says.
    pub(super) false_keys: BTreeSet<Topic>,
    /// Errors of records that do not open although their key is known.
    pub(super) broken: Vec<EnvelopeError>,
    /// Number of records of a kind that this version does not know.
    pub(super) unknown_records: u64,
}

impl SealedIntake {
    /// An intake with the keys that are known so far.
    pub(super) fn new(
        group: GroupId,
        exchange: Vec<ExchangeKey>,
        known: impl IntoIterator<Item = KnownKey>,
    ) -> Self {
        let mut keys = KeyPool::default();
        for known in known {
            if known.box_is_open {
                keys.note_opened(known.key.topic());
            }
            // No epoch was added so far, so no box opens.
            keys.add(known.key);
        }
        Self {
            group,
            exchange,
            keys,
            batch: SealedBatch::default(),
            bytes: 0,
            contents: Contents::default(),
            false_keys: BTreeSet::new(),
            broken: Vec::new(),
            unknown_records: 0,
        }
    }

    /// Whether the batch should be stored before more records are offered.
    pub(super) fn is_due(&self) -> bool {
        let SealedBatch { opened, waiting, learned, wanted } = &self.batch;
        let lengths = [opened.len(), waiting.len(), learned.len(), wanted.len()];
        let items = lengths.into_iter().fold(0, usize::saturating_add);
        items >= BATCH || self.bytes >= BATCH_BYTES
    }

    /// Takes the batch out.
    pub(super) fn take_batch(&mut self) -> SealedBatch {
        self.bytes = 0;
        std::mem::take(&mut self.batch)
    }

    /// Opens a record, and the records that waited for a key in it.
    pub(super) fn offer(&mut self, record: Vec<u8>) {
        let mut queue = VecDeque::from([record]);
        while let Some(record) = queue.pop_front() {
            let new = match record.first() {
                Some(1) => self.envelope(record),
                Some(2) => self.key_envelope(&record),
                Some(3) => {
                    self.manifest(record);
                    Vec::new()
                }
                _ => {
                    self.unknown_records = self.unknown_records.saturating_add(1);
                    Vec::new()
                }
            };
            queue.extend(self.release(&new));
        }
    }

    /// Adds a key that the database learned meanwhile, and opens the records that waited for it.
    pub(super) fn add_key(&mut self, key: EpochKey) {
        let mut new = vec![key.topic()];
        let boxed = self.keys.add(key);
        new.extend(self.learn(boxed));
        for record in self.release(&new) {
            self.offer(record);
        }
    }

    /// Takes out the records of the batch that wait for these topics.
    fn release(&mut self, topics: &[Topic]) -> Vec<Vec<u8>> {
        if topics.is_empty() {
            return Vec::new();
        }
        let waiting = std::mem::take(&mut self.batch.waiting);
        let (ready, waiting): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(topic, _)| topics.contains(topic));
        self.batch.waiting = waiting;
        ready.into_iter().map(|(_, record)| record).collect()
    }

    /// Opens a key envelope. Returns the topics whose keys are new.
    fn key_envelope(&mut self, record: &[u8]) -> Vec<Topic> {
        let Ok(envelope) = KeyEnvelope::parse(record) else {
            self.unknown_records = self.unknown_records.saturating_add(1);
            return Vec::new();
        };
        if self.keys.contains(&envelope.topic()) {
            return Vec::new();
        }
        match envelope.open(self.group, &self.exchange) {
            Ok(Some(key)) => {
                let mut new = vec![key.topic()];
                self.batch.learned.push(key.clone());
                let boxed = self.keys.add(key);
                new.extend(self.learn(boxed));
                new
            }
            Err(KeyEnvelopeError::OtherKey(topic)) => {
                self.false_keys.insert(topic);
                Vec::new()
            }
            // It is for another device.
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    /// Notes the keys out of history boxes. Returns the topics whose keys are new.
    fn learn(&mut self, boxed: Vec<BoxedKey>) -> Vec<Topic> {
        let new =
            boxed.iter().filter(|boxed| boxed.is_new).map(|boxed| boxed.key.topic()).collect();
        self.batch.learned.extend(boxed.into_iter().map(|boxed| boxed.key));
        new
    }

    fn manifest(&mut self, record: Vec<u8>) {
        let Ok(topic) = Manifest::topic(&record) else { return };
        let Some(key) = self.keys.get(&topic) else {
            self.batch.waiting.push((topic, record));
            return;
        };
        match Manifest::open(key, &record) {
            Ok(manifest) if manifest.group == self.group => {
                self.batch.wanted.extend(manifest.wanted.iter().copied());
                self.contents.add(manifest);
            }
            Ok(_) => {}
            Err(error) => self.broken.push(error),
        }
    }

    /// Opens the envelope of an entry. Returns the topics whose keys it brings.
    fn envelope(&mut self, record: Vec<u8>) -> Vec<Topic> {
        let envelope = match Envelope::parse(&record) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.broken.push(error);
                return Vec::new();
            }
        };
        self.bytes = self.bytes.saturating_add(record.len());
        let topic = envelope.topic();
        let Some(key) = self.keys.get(&topic) else {
            self.batch.waiting.push((topic, record));
            return Vec::new();
        };
        let entry = match key.open(&envelope) {
            Ok(entry) => entry,
            Err(error) => {
                self.broken.push(error);
                return Vec::new();
            }
        };
        let mut new = Vec::new();
        if let Payload::Epoch(epoch) = entry.payload() {
            let boxed = self.keys.add_epoch(epoch);
            new = self.learn(boxed);
        }
        self.batch.opened.push((entry, topic));
        new
    }
}
