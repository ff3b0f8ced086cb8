//! Opening sealed records, without a file or a database.
//!
//! The caller offers records one at a time, takes batches out when [`SealedIntake::is_due`] says
//! so, and stores them. Keys are given at the beginning, or found in the records: a key envelope
//! holds one for this device, and the entry of an epoch holds the keys of earlier epochs in its
//! history box. A bundle has its keys first and its epochs from the last to the first, so each
//! box opens the epochs before it, and hardly any record has to wait.

mod contents;
mod findings;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::GroupId;
use ledger_core::bundle::Manifest;
use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::keys::ExchangeKey;
use ledger_core::messages::MessageKind;
use ledger_core::seal::{Envelope, EpochKey, KeyEnvelope, KeyEnvelopeError, Topic};

use self::contents::Contents;
use self::findings::Findings;
use self::waiting::WaitingRecords;
use super::key_pool::{BoxedKey, KeyPool};

/// Most records of one batch. Fewer would write the same pages of indexes again and again; more
/// would keep other writers waiting, and be lost if the app is suspended.
const BATCH: usize = 2_000;

/// Most bytes of envelopes in one batch.
const BATCH_BYTES: usize = 4 << 20;

/// Most topics whose keys one import is asked for. Anybody who ever had a key can ask, and each key
/// makes the next bundle longer; one key opens all before it.
const MAX_WANTED: usize = 8;

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
    /// Keys that were found.
    pub(super) learned: Vec<EpochKey>,
    /// Topics whose keys another device asks for.
    pub(super) wanted: BTreeSet<Topic>,
}

impl SealedBatch {
    pub(super) fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.learned.is_empty() && self.wanted.is_empty()
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
    /// The topics of the other groups of the database.
    foreign: BTreeMap<Topic, GroupId>,
    /// Number of topics whose keys were asked for.
    asked: usize,
    /// Records whose key is not known.
    pub(super) waiting: WaitingRecords,
    /// What manifests announce.
    pub(super) contents: Contents,
    pub(super) findings: Findings,
}

impl SealedIntake {
    /// An intake with the keys that are known so far.
    pub(super) fn new(
        group: GroupId,
        exchange: Vec<ExchangeKey>,
        known: impl IntoIterator<Item = KnownKey>,
        foreign: BTreeMap<Topic, GroupId>,
    ) -> Self {
        let mut keys = KeyPool::default();
        for known in known {
            if known.box_is_open {
                keys.note_opened(known.key.topic());
            }
            keys.add_known(known.key);
        }
        Self {
            group,
            exchange,
            keys,
            batch: SealedBatch::default(),
            bytes: 0,
            foreign,
            asked: 0,
            waiting: WaitingRecords::default(),
            contents: Contents::default(),
            findings: Findings::default(),
        }
    }

    /// Whether the batch should be stored before more records are offered.
    pub(super) fn is_due(&self) -> bool {
        let SealedBatch { opened, learned, wanted } = &self.batch;
        let lengths = [opened.len(), learned.len(), wanted.len()];
        let items = lengths.into_iter().fold(0, usize::saturating_add);
        items >= BATCH || self.bytes >= BATCH_BYTES
    }

    /// Takes the batch out.
    pub(super) fn take_batch(&mut self) -> SealedBatch {
        self.bytes = 0;
        std::mem::take(&mut self.batch)
    }

    /// Opens a record, as far as its key is known. Returns its condition, and the records
    /// that waited for a key in it: the caller offers these next, so that one call does the work
    /// of one record.
    pub(super) fn offer(&mut self, record: Vec<u8>) -> Offered {
        self.findings.records = self.findings.records.saturating_add(1);
        let (condition, new) = match record.first() {
            Some(1) => self.envelope(record),
            Some(2) => self.key_envelope(&record),
            Some(3) => (self.manifest(record), Vec::new()),
            // The answer in front of a welcome: who receives it has entered the group by now.
            _ if MessageKind::from_message(&record) == Ok(MessageKind::JoinAnswer) => {
                (Condition::Unknown, Vec::new())
            }
            _ => {
                self.findings.note_unknown();
                (Condition::Unknown, Vec::new())
            }
        };
        Offered { condition, released: self.release(&new) }
    }

    /// Adds a key that the database learned meanwhile. Returns the records that waited for it.
    pub(super) fn add_key(&mut self, key: EpochKey) -> Vec<Vec<u8>> {
        let topic = key.topic();
        let boxed = self.keys.add(key);
        self.keys.confirm([&topic]);
        let mut new = vec![topic];
        new.extend(self.learn(boxed));
        self.release(&new)
    }

    /// Notes that admitted entries name these keys.
    pub(super) fn confirm_keys<'t>(&mut self, topics: impl IntoIterator<Item = &'t Topic>) {
        self.keys.confirm(topics);
    }

    /// Takes out the records that wait for these topics.
    fn release(&mut self, topics: &[Topic]) -> Vec<Vec<u8>> {
        topics.iter().flat_map(|topic| self.waiting.release(topic)).collect()
    }

    /// Whether a record under an unknown key may wait. One of another group does not.
    fn is_foreign(&mut self, topic: &Topic) -> bool {
        let Some(group) = self.foreign.get(topic) else { return false };
        self.findings.other_groups.insert(*group);
        true
    }

    /// Opens a key envelope. Returns its condition, and the topics whose keys are new.
    fn key_envelope(&mut self, record: &[u8]) -> (Condition, Vec<Topic>) {
        let Ok(envelope) = KeyEnvelope::parse(record) else {
            return (Condition::Damaged, Vec::new());
        };
        if self.keys.contains(&envelope.topic()) {
            self.findings.is_ours = true;
            return (Condition::Unknown, Vec::new());
        }
        if self.is_foreign(&envelope.topic()) || self.keys.is_full() {
            return (Condition::Unknown, Vec::new());
        }
        match envelope.open(self.group, &self.exchange) {
            Ok(Some(key)) => {
                self.findings.is_ours = true;
                let mut new = vec![key.topic()];
                self.batch.learned.push(key.clone());
                let boxed = self.keys.add(key);
                new.extend(self.learn(boxed));
                (Condition::Unknown, new)
            }
            Err(KeyEnvelopeError::OtherKey(topic)) => {
                self.findings.note_false_key(topic);
                (Condition::Unknown, Vec::new())
            }
            // It is for another device.
            Ok(None) | Err(_) => (Condition::Unknown, Vec::new()),
        }
    }

    /// Notes the keys out of history boxes. Returns the topics whose keys are new.
    fn learn(&mut self, boxed: Vec<BoxedKey>) -> Vec<Topic> {
        let new =
            boxed.iter().filter(|boxed| boxed.is_new).map(|boxed| boxed.key.topic()).collect();
        self.batch.learned.extend(boxed.into_iter().map(|boxed| boxed.key));
        new
    }

    /// Opens a manifest. Returns its condition.
    fn manifest(&mut self, record: Vec<u8>) -> Condition {
        let Ok(topic) = Manifest::topic(&record) else { return Condition::Damaged };
        let Some(key) = self.keys.get(&topic) else {
            if !self.is_foreign(&topic) {
                self.waiting.hold(topic, record);
            }
            return Condition::Unknown;
        };
        self.findings.is_ours = true;
        match Manifest::open(key, &record) {
            Ok(manifest) if manifest.group == self.group => {
                let room = MAX_WANTED.saturating_sub(self.asked);
                for topic in manifest.wanted.iter().take(room) {
                    self.asked = self.asked.saturating_add(1);
                    self.batch.wanted.insert(*topic);
                }
                self.contents.add(manifest);
                Condition::Intact
            }
            Ok(_) => Condition::Intact,
            Err(error) => {
                self.findings.note_broken(error);
                Condition::Damaged
            }
        }
    }

    /// Opens the envelope of an entry. Returns its condition, and the topics whose keys it
    /// brings.
    fn envelope(&mut self, record: Vec<u8>) -> (Condition, Vec<Topic>) {
        let envelope = match Envelope::parse(&record) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.findings.note_broken(error);
                return (Condition::Damaged, Vec::new());
            }
        };
        let topic = envelope.topic();
        let Some(key) = self.keys.get(&topic) else {
            if !self.is_foreign(&topic) {
                self.waiting.hold(topic, record);
            }
            return (Condition::Unknown, Vec::new());
        };
        self.findings.is_ours = true;
        let entry = match key.open(&envelope) {
            Ok(entry) => entry,
            Err(error) => {
                self.findings.note_broken(error);
                return (Condition::Damaged, Vec::new());
            }
        };
        self.bytes = self.bytes.saturating_add(record.len());
        self.contents.note_came(entry.id());
        let mut new = Vec::new();
        if let Payload::Epoch(epoch) = entry.payload() {
            let boxed = self.keys.add_epoch(epoch);
            new = self.learn(boxed);
        }
        self.batch.opened.push((entry, topic));
        (Condition::Intact, new)
    }
}

/// Result of offering a record.
pub(super) struct Offered {
    pub(super) condition: Condition,
    /// Records that waited for a key in it.
    pub(super) released: Vec<Vec<u8>>,
}

/// Condition of a record's body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// It is authentic.
    Intact,
    /// Its key is not known, or only its maker could tell.
    Unknown,
    /// It is not what its frame says.
    Damaged,
}
