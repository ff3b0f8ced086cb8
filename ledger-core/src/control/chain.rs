//! Chains of devices, numbered as this device met them.

use super::record::Introduction;
use super::{Arrival, AuthorityState};
use crate::authority::Enrolment;
use crate::id::{DeviceId, EntryId};
use crate::ledger::{EntryIndex, Link};

/// Where an entry stands: on which stretch of a device's chain, and how far
/// along.
///
/// Where a chain forks (an equivocation), the branch that came second is a
/// chain of its own. The numbers are this device's own: other devices number
/// chains in the order in which they met them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainPosition {
    /// The number of the chain.
    pub chain: u32,
    /// The entry's place in its device's chain.
    pub seq: u64,
}

/// Where an entry comes: what its backlink names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// The enrolment at the root of the chain: whose entry it is.
    pub(crate) author: Enrolment,
    /// The device's entry before; none if this is its first.
    pub(crate) before: Option<ChainPosition>,
}

/// A stretch of entries, each the backlink of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// What stands at its root.
    pub(super) enrolment: Enrolment,
    /// Where it left another chain, if it is a branch.
    pub(super) parent: Option<ChainPosition>,
    /// Clock of its first entry.
    pub(super) clock: u64,
    /// Seq, name and clock of its last entry.
    pub(super) tip: u64,
    pub(super) tip_id: EntryId,
    pub(super) tip_clock: u64,
}

impl Chain {
    /// A chain of one entry.
    pub(super) fn begin(
        enrolment: Enrolment,
        parent: Option<ChainPosition>,
        id: EntryId,
        clock: u64,
    ) -> Self {
        let mut chain = Self { enrolment, parent, clock, tip: 0, tip_id: id, tip_clock: clock };
        chain.tip = chain.first();
        chain
    }

    /// Seq of its first entry.
    pub(super) fn first(&self) -> u64 {
        self.parent.map_or(0, |parent| parent.seq.saturating_add(1))
    }
}

impl AuthorityState {
    pub(super) fn chain(&self, number: u32) -> Option<&Chain> {
        self.chains.get(usize::try_from(number).ok()?)
    }

    /// The enrolment at the root of a chain.
    pub(crate) fn author(&self, chain: u32) -> Option<Enrolment> {
        Some(self.chain(chain)?.enrolment)
    }

    /// Whether a device signed two entries for one place: only then it has more
    /// than one chain.
    pub(crate) fn has_forked(&self, device: DeviceId) -> bool {
        let enrolments = self.lookup.devices.get(&device).into_iter().flatten();
        enrolments.flat_map(|enrolment| self.chains_of(*enrolment)).nth(1).is_some()
    }

    /// What comes after an entry of this device, if it is one.
    pub(crate) fn after(&self, point: ChainPosition, device: DeviceId) -> Option<After> {
        let author = self.chain(point.chain)?.enrolment;
        let (_, of) = self.enrolment(author)?;
        (of == device).then_some(After { author, before: Some(point) })
    }

    /// Where the next entry stands.
    pub(crate) fn next(&self, after: After) -> ChainPosition {
        // Chains are entries, of which no device has 2^32.
        let new = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        let Some(before) = after.before else { return ChainPosition { chain: new, seq: 0 } };
        let is_tip = self.chain(before.chain).is_some_and(|chain| chain.tip == before.seq);
        let chain = if is_tip { before.chain } else { new };
        ChainPosition { chain, seq: before.seq.saturating_add(1) }
    }

    /// Takes note of an entry at the point that [`AuthorityState::next`] gave.
    pub(super) fn place(&mut self, arrival: Arrival<'_>) {
        let Arrival { entry, after, point } = arrival;
        let (id, clock) = (entry.id(), entry.header().lamport());
        self.lookup.tips.insert(id, point.chain);
        let number = usize::try_from(point.chain).ok();
        if let Some(chain) = number.and_then(|number| self.chains.get_mut(number)) {
            self.lookup.tips.remove(&chain.tip_id);
            (chain.tip, chain.tip_id, chain.tip_clock) = (point.seq, id, clock);
            return;
        }
        let After { author: enrolment, before: parent } = after;
        self.chains.push(Chain::begin(enrolment, parent, id, clock));
        self.lookup.chains.entry(enrolment).or_default().push(point.chain);
    }

    /// The place in the graph of an admitted entry.
    pub(crate) fn link<I: EntryIndex>(
        &self,
        id: &EntryId,
        index: &I,
    ) -> Result<Option<Link>, I::Error> {
        // Most dependencies are introductions, or the last of a chain, for which
        // the index need not be asked.
        let known = self.introduction(id).or_else(|| self.tip(id));
        known.map_or_else(|| index.link(id), |link| Ok(Some(link)))
    }

    fn introduction(&self, id: &EntryId) -> Option<Link> {
        let Introduction { point, clock, .. } = self.introductions.get(id)?;
        Some(Link { point: *point, lamport: *clock })
    }

    fn tip(&self, id: &EntryId) -> Option<Link> {
        let number = *self.lookup.tips.get(id)?;
        let chain = self.chain(number)?;
        Some(Link {
            point: ChainPosition { chain: number, seq: chain.tip },
            lamport: chain.tip_clock,
        })
    }
}
