//! How far a past reaches on each chain.

use std::collections::BTreeMap;

use crate::codec::{Reader, Writer};
use crate::id::EntryId;
use crate::rule::Refusal;
use crate::verdict::ChainPosition;

/// An entry and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) id: EntryId,
    pub(crate) point: ChainPosition,
}

impl Located {
    pub(crate) fn write(w: &mut Writer, located: &Self) {
        w.array(2);
        w.bytes(located.id.as_bytes());
        located.point.write(w);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { id: EntryId::from_bytes(r.bytes_n()?), point: ChainPosition::read(r)? })
    }
}

/// How far a past reaches: by chain, the largest seq in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VersionVector(pub(crate) BTreeMap<u32, u64>);

impl VersionVector {
    pub(crate) fn covers(&self, point: ChainPosition) -> bool {
        self.0.get(&point.chain).is_some_and(|seq| point.seq <= *seq)
    }

    pub(crate) fn covers_any(&self, entries: &[Located]) -> bool {
        entries.iter().any(|entry| self.covers(entry.point))
    }

    /// The part on some chains.
    pub(crate) fn on(&self, chains: impl IntoIterator<Item = u32>) -> Self {
        let seq = |chain| Some((chain, *self.0.get(&chain)?));
        Self(chains.into_iter().filter_map(seq).collect())
    }
}

/// Seqs by chain.
pub(crate) fn write_seqs(w: &mut Writer, seqs: &BTreeMap<u32, u64>) {
    w.list(seqs.iter(), |w, (chain, seq)| ChainPosition { chain: *chain, seq: *seq }.write(w));
}

pub(crate) fn read_seqs(r: &mut Reader<'_>) -> Result<BTreeMap<u32, u64>, Refusal> {
    r.list(|r| ChainPosition::read(r).map(|point| (point.chain, point.seq)))
}
