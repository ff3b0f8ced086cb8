//! Chains of devices, numbered as this device met them.

use super::authority_state::AuthorityState;
use super::incoming::{After, Arrival};
use super::records::{Chain, Introduction};
use crate::id::{DeviceId, EntryId};
use crate::state::{EntryIndex, Link};
use crate::verdict::{ChainPosition, Enrolment};

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
