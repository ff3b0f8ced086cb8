//! Findings of an intake beside entries and keys, for the report.

use std::collections::BTreeSet;

use ledger_core::GroupId;
use ledger_core::seal::{EnvelopeError, Topic};

use crate::sealed::report::MAX_LISTED;

/// Findings about the records of one import. Bounded, whatever the records are.
#[derive(Default)]
pub(in crate::sealed) struct Findings {
    /// Number of records.
    pub(in crate::sealed) records: u64,
    /// Whether a record is of this group: its key is known, or a key in it is the group's.
    pub(in crate::sealed) is_ours: bool,
    /// Other groups of this database of which there are records.
    pub(in crate::sealed) other_groups: BTreeSet<GroupId>,
    /// Topics for which a record hands this device another key than the topic says.
    pub(in crate::sealed) false_keys: BTreeSet<Topic>,
    /// Errors of the first records that do not open although their key is known.
    pub(in crate::sealed) broken: Vec<EnvelopeError>,
    /// Number of further such records.
    pub(in crate::sealed) more_broken: u64,
    /// Number of records of a kind that this version does not know.
    pub(in crate::sealed) unknown_records: u64,
}

impl Findings {
    pub(super) fn note_broken(&mut self, error: EnvelopeError) {
        if self.broken.len() < MAX_LISTED {
            self.broken.push(error);
        } else {
            self.more_broken = self.more_broken.saturating_add(1);
        }
    }

    pub(super) fn note_false_key(&mut self, topic: Topic) {
        if self.false_keys.len() < MAX_LISTED {
            self.false_keys.insert(topic);
        }
    }

    pub(super) fn note_unknown(&mut self) {
        self.unknown_records = self.unknown_records.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::seal::EpochKey;

    use super::*;

    #[test]
    fn lists_are_bounded_and_broken_records_are_counted() {
        let mut findings = Findings::default();
        for n in 0..1_001_u64 {
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&n.to_be_bytes());
            let key = EpochKey::from_bytes(GroupId::from_bytes([1; 32]), secret);
            findings.note_false_key(key.topic());
            findings.note_broken(EnvelopeError::Kind(9));
        }
        assert_eq!(findings.false_keys.len(), 1_000);
        assert_eq!((findings.broken.len(), findings.more_broken), (1_000, 1));
    }
}
