//! The epoch keys that are known while records are opened, and the history boxes that hold more of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Epoch;
use ledger_core::seal::{EpochKey, Topic};

/// Most history boxes that wait for their keys, each at most 64 KiB. Anybody with a key can send
/// unsigned epoch entries without end. A box beyond the limit is opened later, by the database,
/// once its entry is stored and its key is known.
const MAX_CLOSED_BOXES: usize = 256;

/// Epoch keys by topic, and the epochs whose history box waits for its key. Pure.
#[derive(Default)]
pub(super) struct KeyPool {
    keys: BTreeMap<Topic, EpochKey>,
    /// Epochs whose signed entry is stored, and whose history box was opened then.
    opened: BTreeSet<Topic>,
    /// Epochs whose history box cannot be opened yet, by topic. Several entries can name one
    /// topic; the key fits at most one of them.
    closed: BTreeMap<Topic, Vec<Epoch>>,
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

    /// Adds a key. Returns the keys in the history boxes that can be opened now.
    pub(super) fn add(&mut self, key: EpochKey) -> Vec<BoxedKey> {
        let topic = key.topic();
        self.keys.insert(topic, key);
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
        if waits && self.closed.values().map(Vec::len).sum::<usize>() >= MAX_CLOSED_BOXES {
            return Vec::new();
        }
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
            for epoch in self.closed.remove(&topic).unwrap_or_default() {
                // A forged epoch does not fit the key, so nothing is found. A member can put other
                // keys into the box than those of the refs; each opens its own topic and no
                // other. The topic does not count as opened: the signed entry may still come.
                for key in key.predecessors(&epoch).unwrap_or_default() {
                    let is_new = self.keys.insert(key.topic(), key.clone()).is_none();
                    if is_new {
                        topics.push(key.topic());
                    }
                    found.push(BoxedKey { key, is_new });
                }
            }
        }
        found
    }
}
