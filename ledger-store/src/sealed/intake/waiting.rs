//! Records that wait for a key while others are read.

use std::collections::BTreeMap;

use ledger_core::seal::Topic;

/// Most records that wait.
const MAX_RECORDS: usize = 2_000;

/// Most bytes of the records that wait.
const MAX_BYTES: usize = 8 << 20;

/// Records whose key is not known, by its topic. Bounded; a record beyond the bounds is dropped
/// and counted.
#[derive(Default)]
pub(in crate::sealed) struct WaitingRecords {
    by_topic: BTreeMap<Topic, Vec<Vec<u8>>>,
    records: usize,
    bytes: usize,
    /// Number of records that found no room.
    pub(in crate::sealed) dropped: u64,
}

impl WaitingRecords {
    /// Holds a record, if there is room.
    pub(super) fn hold(&mut self, topic: Topic, record: Vec<u8>) {
        let bytes = self.bytes.saturating_add(record.len());
        if self.records >= MAX_RECORDS || bytes > MAX_BYTES {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.records = self.records.saturating_add(1);
        self.bytes = bytes;
        self.by_topic.entry(topic).or_default().push(record);
    }

    /// Takes out the records that wait for a topic.
    pub(super) fn release(&mut self, topic: &Topic) -> Vec<Vec<u8>> {
        let released = self.by_topic.remove(topic).unwrap_or_default();
        self.records = self.records.saturating_sub(released.len());
        let bytes = released.iter().map(Vec::len).fold(0, usize::saturating_add);
        self.bytes = self.bytes.saturating_sub(bytes);
        released
    }

    /// The topics for which records wait.
    pub(in crate::sealed) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.by_topic.keys()
    }

    /// Takes out all records.
    pub(in crate::sealed) fn take(&mut self) -> BTreeMap<Topic, Vec<Vec<u8>>> {
        (self.records, self.bytes) = (0, 0);
        std::mem::take(&mut self.by_topic)
    }
}
