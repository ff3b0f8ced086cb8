//! Chains of devices: where an entry stands, and where the next one comes.

use super::authority_state::AuthorityState;
use super::incoming::{Backlink, IncomingEntry};
use super::records::{Chain, Introduction};
use crate::base::id::{DeviceId, EntryId};
use crate::state::{EntryIndex, Link};
use crate::verdict::{ChainPosition, Enrolment};

impl AuthorityState {
    pub(super) fn chain(&self, number: u32) -> Option<&Chain> {
        self.chains.get(usize::try_from(number).ok()?)
    }

    /// Returns the enrolment at the root of a chain.
    pub(crate) fn author_of_chain(&self, number: u32) -> Option<Enrolment> {
        Some(self.chain(number)?.enrolment)
    }

    /// Returns the `seq` of the last entry of a chain.
    pub(crate) fn tip_of_chain(&self, number: u32) -> Option<u64> {
        Some(self.chain(number)?.tip)
    }

    /// Returns the chains that begin at an enrolment.
    pub(super) fn chains_of(&self, enrolment: Enrolment) -> &[u32] {
        self.lookup.chains.get(&enrolment).map_or(&[], Vec::as_slice)
    }

    /// Returns whether a device signed two entries of one enrolment with one `seq`
    /// (SPEC §5.2). Only then has the enrolment more than one chain.
    pub(crate) fn has_forked(&self, device: DeviceId) -> bool {
        let mut enrolments = self.lookup.devices.get(&device).into_iter().flatten();
        enrolments.any(|enrolment| self.chains_of(*enrolment).len() > 1)
    }

    /// Returns the backlink to an entry at a position, or `None` if the entry there
    /// is not by this device.
    pub(crate) fn backlink_to(
        &self,
        previous: ChainPosition,
        device: DeviceId,
    ) -> Option<Backlink> {
        let author = self.chain(previous.chain)?.enrolment;
        let (_, author_device) = self.enrolled_device(author)?;
        (author_device == device).then_some(Backlink { author, previous: Some(previous) })
    }

    /// Returns the position that an entry with this backlink takes.
    ///
    /// It is on the same chain if the entry before is the chain's last one. Else the
    /// device has signed another entry with this `seq`, and a branch begins.
    pub(crate) fn position_behind(&self, backlink: Backlink) -> ChainPosition {
        // Each chain has an entry of its own, and no device has 2^32 entries.
        let new = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        let Some(previous) = backlink.previous else { return ChainPosition { chain: new, seq: 0 } };
        let is_tip = self.chain(previous.chain).is_some_and(|chain| chain.tip == previous.seq);
        let chain = if is_tip { previous.chain } else { new };
        ChainPosition { chain, seq: previous.seq.saturating_add(1) }
    }

    /// Puts an entry at the end of its chain, or begins a chain with it. Its position
    /// must come from [`AuthorityState::position_behind`].
    pub(super) fn extend_chain(&mut self, incoming: IncomingEntry<'_>) {
        let IncomingEntry { entry, backlink, position } = incoming;
        let (id, clock) = (entry.id(), entry.header().lamport());
        self.lookup.tips.insert(id, position.chain);
        let number = usize::try_from(position.chain).ok();
        if let Some(chain) = number.and_then(|number| self.chains.get_mut(number)) {
            self.lookup.tips.remove(&chain.tip_id);
            (chain.tip, chain.tip_id, chain.tip_clock) = (position.seq, id, clock);
            return;
        }
        let Backlink { author, previous } = backlink;
        self.chains.push(Chain::begin(author, previous, id, clock));
        self.lookup.chains.entry(author).or_default().push(position.chain);
    }

    /// Returns position and clock of an admitted entry.
    ///
    /// Most dependencies are introductions (refs) or the last entry of a chain
    /// (backlinks and parents). Both are known here, and the index is not asked.
    pub(crate) fn link<I: EntryIndex>(
        &self,
        id: &EntryId,
        index: &I,
    ) -> Result<Option<Link>, I::Error> {
        let known = self.link_of_introduction(id).or_else(|| self.link_of_tip(id));
        known.map_or_else(|| index.link(id), |link| Ok(Some(link)))
    }

    fn link_of_introduction(&self, id: &EntryId) -> Option<Link> {
        let Introduction { position, clock, .. } = self.introductions.get(id)?;
        Some(Link { position: *position, lamport: *clock })
    }

    fn link_of_tip(&self, id: &EntryId) -> Option<Link> {
        let number = *self.lookup.tips.get(id)?;
        let chain = self.chain(number)?;
        let position = ChainPosition { chain: number, seq: chain.tip };
        Some(Link { position, lamport: chain.tip_clock })
    }
}
