//! Record of the idle entries: where they begin on each chain, which of them others need,
//! and who accounts for the rest (SPEC §5.3).

use std::collections::{BTreeMap, BTreeSet};

use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, MemberId};
use crate::base::rule::Refusal;
use crate::incremental::{read_seqs, write_seqs};
use crate::verdict::ChainPosition;

/// Idle entries of a ledger, by chain.
///
/// Idle entries are a suffix of each chain: a cut voids a suffix, a leave is in the past
/// of all that follows, and an enrolment is accepted or not as a whole. What others need
/// is a prefix, as a past is closed under backlinks. So three numbers for a chain say all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IdleEntries {
    /// First idle `seq` of each chain that ends in idle entries.
    from: BTreeMap<u32, u64>,
    /// Last `seq` of each chain that is in the past of an entry that is not idle. Walks
    /// through idle entries record it, so that none goes twice through the same entries.
    covered: BTreeMap<u32, u64>,
    /// Last `seq` of each chain that the carrier of a statement needs which must be kept.
    needed: BTreeMap<u32, u64>,
    /// Accepted member who accounts for the idle entries of a chain that nobody needs, and
    /// the bytes of these. Never 0 bytes.
    counted: BTreeMap<u32, (MemberId, u64)>,
    /// Sums of `counted`.
    sums: BTreeMap<MemberId, u64>,
    total: u64,
}

/// Changes of [`IdleEntries`] and of the agreed heads by one entry.
#[derive(Debug, Default)]
pub(super) struct IdleChange {
    /// First idle `seq` of chains on which it changed; `None` for no idle entries.
    pub(super) from: BTreeMap<u32, Option<u64>>,
    /// Whether `covered` replaces what was known, because entries became idle.
    pub(super) covers_anew: bool,
    pub(super) covered: BTreeMap<u32, u64>,
    pub(super) needed: BTreeMap<u32, u64>,
    /// Bytes that count on chains, with who accounts for them.
    pub(super) counted: BTreeMap<u32, (MemberId, u64)>,
    /// Agreed heads that are none any more.
    pub(super) lost_heads: BTreeSet<EntryId>,
    /// New agreed heads with their clocks.
    pub(super) new_heads: BTreeMap<EntryId, u64>,
}

impl IdleEntries {
    /// Returns whether the group has no idle entries.
    pub(super) fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    pub(super) fn from(&self, chain: u32) -> Option<u64> {
        self.from.get(&chain).copied()
    }

    /// Returns the chains that end in idle entries.
    pub(super) fn chains(&self) -> impl Iterator<Item = u32> + '_ {
        self.from.keys().copied()
    }

    /// Returns the chains of which idle entries are covered.
    pub(super) fn covered_chains(&self) -> impl Iterator<Item = u32> + '_ {
        let is_covered = |(chain, from): &(&u32, &u64)| {
            self.covered.get(*chain).is_some_and(|last| last >= *from)
        };
        self.from.iter().filter(is_covered).map(|(chain, _)| *chain)
    }

    pub(super) fn is_idle(&self, position: ChainPosition) -> bool {
        self.from.get(&position.chain).is_some_and(|from| position.seq >= *from)
    }

    pub(super) fn is_covered(&self, position: ChainPosition) -> bool {
        self.covered.get(&position.chain).is_some_and(|last| position.seq <= *last)
    }

    pub(super) fn is_needed(&self, position: ChainPosition) -> bool {
        self.needed.get(&position.chain).is_some_and(|last| position.seq <= *last)
    }

    /// Returns the last covered `seq` of a chain.
    pub(super) fn covered(&self, chain: u32) -> Option<u64> {
        self.covered.get(&chain).copied()
    }

    /// Returns the last `seq` of a chain that a kept carrier needs.
    pub(super) fn needed(&self, chain: u32) -> Option<u64> {
        self.needed.get(&chain).copied()
    }

    pub(super) fn counted(&self, chain: u32) -> Option<(MemberId, u64)> {
        self.counted.get(&chain).copied()
    }

    /// Returns the bytes for which a member accounts.
    pub(super) fn bytes_of(&self, member: MemberId) -> u64 {
        self.sums.get(&member).copied().unwrap_or(0)
    }

    /// Returns the bytes for which all members account.
    pub(super) fn bytes(&self) -> u64 {
        self.total
    }

    /// Applies a change to all but the agreed heads.
    pub(super) fn apply(&mut self, change: &IdleChange) {
        for (chain, from) in &change.from {
            match from {
                Some(from) => {
                    self.from.insert(*chain, *from);
                }
                None => {
                    self.from.remove(chain);
                }
            }
        }
        if change.covers_anew {
            self.covered.clear();
        }
        self.covered.extend(&change.covered);
        self.needed.extend(&change.needed);
        for (chain, (member, bytes)) in &change.counted {
            self.count(*chain, *member, *bytes);
        }
    }

    fn count(&mut self, chain: u32, member: MemberId, bytes: u64) {
        let old = match bytes {
            0 => self.counted.remove(&chain),
            _ => self.counted.insert(chain, (member, bytes)),
        };
        if let Some((member, bytes)) = old {
            self.total = self.total.saturating_sub(bytes);
            if let Some(sum) = self.sums.get_mut(&member) {
                *sum = sum.saturating_sub(bytes);
                if *sum == 0 {
                    self.sums.remove(&member);
                }
            }
        }
        if bytes > 0 {
            self.total = self.total.saturating_add(bytes);
            let sum = self.sums.entry(member).or_default();
            *sum = sum.saturating_add(bytes);
        }
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.array(4);
        for seqs in [&self.from, &self.covered, &self.needed] {
            write_seqs(w, seqs);
        }
        w.list(self.counted.iter(), |w, (chain, (member, bytes))| {
            w.array(3);
            w.uint(u64::from(*chain));
            w.bytes(member.as_bytes());
            w.uint(*bytes);
        });
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        let mut idle = Self {
            from: read_seqs(r)?,
            covered: read_seqs(r)?,
            needed: read_seqs(r)?,
            ..Self::default()
        };
        let counted: Vec<(u64, MemberId, u64)> = r.list(|r| {
            r.array(3)?;
            Ok((r.uint()?, MemberId::from_bytes(r.bytes_n()?), r.uint()?))
        })?;
        for (chain, member, bytes) in counted {
            idle.count(u32::try_from(chain).unwrap_or(u32::MAX), member, bytes);
        }
        Ok(idle)
    }
}
