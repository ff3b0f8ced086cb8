//! Epoch entries: each begins an epoch, whose key seals entries from then on (SPEC §4.13).

use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, EpochCommit, Topic};
use crate::base::limits::MAX_EPOCH_PREDECESSORS;
use crate::base::rule::{Refusal, Rule};
use crate::header::Header;

/// Bytes of the authentication tag of an epoch's box.
const BOX_TAG_BYTES: usize = 16;

/// Beginning of an epoch: `[commit, topic, box]`. The refs of its entry are its predecessors:
/// epoch entries whose keys are in the box. The key itself travels in key envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    commit: EpochCommit,
    topic: Topic,
    /// The refs of the entry, which the header holds.
    predecessors: Vec<EntryId>,
    history: Vec<u8>,
}

impl Epoch {
    /// Creates the payload of an entry with these refs, ascending.
    pub(crate) fn new(
        commit: EpochCommit,
        topic: Topic,
        predecessors: Vec<EntryId>,
        history: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let epoch = Self { commit, topic, predecessors, history };
        epoch.check()?;
        Ok(epoch)
    }

    /// Reads the payload. [`Epoch::check`] comes after its last field.
    pub(super) fn read(r: &mut Reader<'_>, header: &Header) -> Result<Self, Refusal> {
        r.array(3)?;
        let commit = EpochCommit::from_bytes(r.bytes_n()?);
        let topic = Topic::from_bytes(r.bytes_n()?);
        let (predecessors, history) = (header.refs().to_vec(), r.bytes()?.to_vec());
        Ok(Self { commit, topic, predecessors, history })
    }

    /// Checks rules E1 and E2, which stand in for P1 and P2: an epoch's refs need no index.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let known = self.predecessors.len();
        if known > MAX_EPOCH_PREDECESSORS {
            return Err(Refusal::new(Rule::E1));
        }
        let keys = known.saturating_mul(32);
        let expected = if keys == 0 { 0 } else { keys.saturating_add(BOX_TAG_BYTES) };
        if self.history.len() != expected {
            let found = format!("{} instead of {expected} bytes", self.history.len());
            return Err(Refusal::with_detail(Rule::E2, found));
        }
        Ok(())
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(self.commit.as_bytes());
        w.bytes(self.topic.as_bytes());
        w.bytes(&self.history);
    }

    /// The commitment to the epoch's key.
    #[must_use]
    pub fn commit(&self) -> EpochCommit {
        self.commit
    }

    /// The topic of the epoch's envelopes.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// The epoch entries whose keys are in the box, ascending: the refs of this entry.
    #[must_use]
    pub fn predecessors(&self) -> &[EntryId] {
        &self.predecessors
    }

    /// The box: the predecessors' keys, sealed under a key that is derived from this epoch's key.
    #[must_use]
    pub fn history(&self) -> &[u8] {
        &self.history
    }
}
