//! Epoch entries: each begins an epoch, whose key seals entries from then on (SPEC §4.13).

use crate::base::codec::{Reader, Writer};
use crate::base::id::{EpochCommit, Topic};
use crate::base::limits::MAX_EPOCH_PREDECESSORS;
use crate::base::rule::{Refusal, Rule};

/// Bytes of the authentication tag of an epoch's box.
const BOX_TAG_BYTES: usize = 16;

/// Beginning of an epoch: `[commit, topic, predecessors, box]`. The key itself travels in
/// key envelopes; the box holds the keys of earlier epochs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    commit: EpochCommit,
    topic: Topic,
    predecessors: Vec<EpochCommit>,
    history: Vec<u8>,
}

impl Epoch {
    pub(crate) fn new(
        commit: EpochCommit,
        topic: Topic,
        predecessors: Vec<EpochCommit>,
        history: Vec<u8>,
    ) -> Result<Self, Refusal> {
        let epoch = Self { commit, topic, predecessors, history };
        epoch.check()?;
        Ok(epoch)
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        let commit = EpochCommit::from_bytes(r.bytes_n()?);
        let topic = Topic::from_bytes(r.bytes_n()?);
        let len = r.array_up_to(MAX_EPOCH_PREDECESSORS, Rule::E1)?;
        let predecessors =
            (0..len).map(|_| r.bytes_n().map(EpochCommit::from_bytes)).collect::<Result<_, _>>()?;
        Self::new(commit, topic, predecessors, r.bytes()?.to_vec())
    }

    fn check(&self) -> Result<(), Refusal> {
        let known = &self.predecessors;
        if known.len() > MAX_EPOCH_PREDECESSORS
            || !known.is_sorted_by(|a, b| a < b)
            || known.contains(&self.commit)
        {
            return Err(Refusal::new(Rule::E1));
        }
        let keys = known.len().saturating_mul(32);
        let expected = if keys == 0 { 0 } else { keys.saturating_add(BOX_TAG_BYTES) };
        if self.history.len() != expected {
            let found = format!("{} instead of {expected} bytes", self.history.len());
            return Err(Refusal::with_detail(Rule::E2, found));
        }
        Ok(())
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.commit.as_bytes());
        w.bytes(self.topic.as_bytes());
        w.array(self.predecessors.len());
        self.predecessors.iter().for_each(|commit| w.bytes(commit.as_bytes()));
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

    /// The epochs whose keys are in the box, ascending.
    #[must_use]
    pub fn predecessors(&self) -> &[EpochCommit] {
        &self.predecessors
    }

    /// The box: the predecessors' keys, sealed under a key that is derived from this epoch's key.
    #[must_use]
    pub fn history(&self) -> &[u8] {
        &self.history
    }
}
