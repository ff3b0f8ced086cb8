//! Version vector: how far a causal past reaches on each chain.

use std::collections::BTreeMap;

use super::located_entry::LocatedEntry;
use crate::base::codec::{Reader, Writer};
use crate::base::rule::Refusal;
use crate::verdict::ChainPosition;

/// Largest `seq` of a causal past on each of some chains.
///
/// A causal past is closed under backlinks. So on each chain it holds exactly the
/// entries up to one `seq`, and a comparison with that `seq` answers whether it
/// holds an entry.
///
/// The vector is *partial*: it has only the chains for which it was computed (see
/// `AuthorityState::compute_ancestry`). For an entry on any other chain, and on a
/// chain of which the past holds nothing, [`VersionVector::covers`] is `false`. A
/// caller that asks about a chain must have put that chain among those that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VersionVector(pub(crate) BTreeMap<u32, u64>);

impl VersionVector {
    /// Returns whether the past holds the entry at a position.
    pub(crate) fn covers(&self, position: ChainPosition) -> bool {
        self.0.get(&position.chain).is_some_and(|seq| position.seq <= *seq)
    }

    /// Returns whether the past holds at least one of these entries.
    pub(crate) fn covers_any(&self, entries: &[LocatedEntry]) -> bool {
        entries.iter().any(|entry| self.covers(entry.position))
    }

    /// Returns the past that both have in common.
    pub(crate) fn in_common(&self, other: &Self) -> Self {
        let least = |(chain, seq): (&u32, &u64)| Some((*chain, *other.0.get(chain)?.min(seq)));
        Self(self.0.iter().filter_map(least).collect())
    }

    /// Returns the part on some chains.
    pub(crate) fn restricted_to(&self, chains: impl IntoIterator<Item = u32>) -> Self {
        let seq = |chain| Some((chain, *self.0.get(&chain)?));
        Self(chains.into_iter().filter_map(seq).collect())
    }
}

/// Writes one `seq` for each chain.
pub(crate) fn write_seqs(w: &mut Writer, seqs: &BTreeMap<u32, u64>) {
    w.list(seqs.iter(), |w, (chain, seq)| ChainPosition { chain: *chain, seq: *seq }.write(w));
}

/// Reads what [`write_seqs`] wrote.
pub(crate) fn read_seqs(r: &mut Reader<'_>) -> Result<BTreeMap<u32, u64>, Refusal> {
    r.list(|r| ChainPosition::read(r).map(|position| (position.chain, position.seq)))
}
