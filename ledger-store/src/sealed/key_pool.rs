//! The epoch keys that are known while records are opened, and the history boxes that hold more of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Epoch;
use ledger_core::seal::{EpochKey, Topic};

/// Most history boxes that wait for their keys, each at most 64 KiB. Anybody with a key can send
/// unsigned epoch entries without end. A box beyond the limit is opened later, by the database,
/// once its entry is stored and its key is known.
pub(super) const MAX_CLOSED_BOXES: usize = 256;

/// Most keys that no admitted entry names so far, about 300 bytes each. A new member's first bundle
/// brings the keys of all epochs before the first entry can be admitted.
pub(super) const MAX_ON_TRIAL: usize = 16_384;

/// Epoch keys by topic, and the epochs whose history box waits for its key. Pure.
#[derive(Default)]
pub(super) struct KeyPool {
    keys: BTreeMap<Topic, EpochKey>,
    /// Epochs whose signed entry is stored, and whose history box was opened then.
    opened: BTreeSet<Topic>,
    /// Epochs whose history box cannot be opened yet, by topic. Several entries can name one
    /// topic; the key fits at most one of them.
    closed: BTreeMap<Topic, Vec<Epoch>>,
    /// Number of epochs in `closed`.
    closed_boxes: usize,
    /// Keys that were found here and that no admitted entry names so far.
    on_trial: BTreeSet<Topic>,
}

/// An epoch key out of a history box.
pub(super) struct BoxedKey {
    pub(super) key: EpochKey,
    /// Whether the pool did not have it before.
    pub(super) is_new: bool,
}

impl KeyPool {
    pub(super) fn get(&self, topic: &Topic) -> Option<&EpochKey> {
        self.keys.get(topic)
    }

    pub(super) fn contains(&self, topic: &Topic) -> bool {
        self.keys.contains_key(topic)
    }

    /// Notes that the history box of an epoch was opened before.
    pub(super) fn note_opened(&mut self, topic: Topic) {
        self.opened.insert(topic);
    }

    /// Number of history boxes that wait for their keys.
    #[cfg(test)]
    pub(super) fn closed_boxes(&self) -> usize {
        self.closed_boxes
    }

    /// Whether no more keys are taken until some are confirmed.
    pub(super) fn is_full(&self) -> bool {
        self.on_trial.len() >= MAX_ON_TRIAL
    }

    /// Notes that admitted entries name these keys.
    pub(super) fn confirm<'t>(&mut self, topics: impl IntoIterator<Item = &'t Topic>) {
        for topic in topics {
            self.on_trial.remove(topic);
        }
    }

    /// Adds a key that the database knows.
    pub(super) fn add_known(&mut self, key: EpochKey) {
        self.keys.insert(key.topic(), key);
    }

    /// Adds a key. Returns the keys in the history boxes that can be opened now.
    pub(super) fn add(&mut self, key: EpochKey) -> Vec<BoxedKey> {
        let topic = key.topic();
        if self.keys.insert(topic, key).is_none() {
            self.on_trial.insert(topic);
        }
        self.open_boxes(topic)
    }

    /// Adds the epoch of an entry. Returns the keys in the history boxes that can be opened now.
    ///
    /// The signature of the entry need not be verified: a key out of a box can only open
    /// envelopes. It is used for sealing only once a signed entry in force announces it.
    pub(super) fn add_epoch(&mut self, epoch: &Epoch) -> Vec<BoxedKey> {
        let topic = epoch.topic();
        if self.opened.contains(&topic) {
            return Vec::new();
        }
        let waits = !self.contains(&topic);
        if waits && self.closed_boxes >= MAX_CLOSED_BOXES {
            return Vec::new();
        }
        self.closed_boxes = self.closed_boxes.saturating_add(1);
        self.closed.entry(topic).or_default().push(epoch.clone());
        if waits { Vec::new() } else { self.open_boxes(topic) }
    }

    /// Opens the history boxes of a topic whose key is known, and of all topics whose keys are in
    /// them.
    ///
    /// A box opens with the key of its own epoch, whichever epoch its entry travelled under.
    fn open_boxes(&mut self, topic: Topic) -> Vec<BoxedKey> {
        let (mut found, mut topics) = (Vec::new(), vec![topic]);
        while let Some(topic) = topics.pop() {
            let Some(key) = self.keys.get(&topic).cloned() else { continue };
            let closed = self.closed.remove(&topic).unwrap_or_default();
            self.closed_boxes = self.closed_boxes.saturating_sub(closed.len());
            for epoch in closed {
                // A forged epoch does not fit the key, so nothing is found. A member can put other
                // keys into the box than those of the refs; each opens its own topic and no
                // other. The topic does not count as opened: the signed entry may still come.
                for key in key.predecessors(&epoch).unwrap_or_default() {
                    let topic = key.topic();
                    let is_new = !self.keys.contains_key(&topic);
                    if is_new {
                        if self.is_full() {
                            continue;
                        }
                        self.keys.insert(topic, key.clone());
                        self.on_trial.insert(topic);
                        topics.push(topic);
                    }
                    found.push(BoxedKey { key, is_new });
                }
            }
        }
        found
    }
}
