//! Ancestry: how far a past reaches on the chains that matter.
//!
//! A past is closed under backlinks, so on each chain it holds the entries up
//! to some seq. That seq is found by one walk back from the entry, largest
//! clock first, which ends once every chain that matters was met.

use std::collections::BTreeSet;

use super::authority_state::AuthorityState;
use super::incoming::After;
use super::keys::Keys;
use super::records::{Located, StatementRecord, VersionVector};
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, EntryId, MemberId};
use crate::payload::Payload;
use crate::state::EntryIndex;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{ChainPosition, Enrolment};

/// What an arriving entry's past says about it; of a statement, its base's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ancestry {
    pub(super) reach: VersionVector,
    /// The largest clock in a statement's base.
    pub(super) clock: u64,
    /// Of an epoch: what is not in its past.
    pub(crate) unseen: BTreeSet<u32>,
}

impl AuthorityState {
    /// Looks into the past of an entry that is about to be taken in.
    pub(crate) fn look<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        after: After,
        index: &I,
    ) -> Result<Ancestry, I::Error> {
        let Payload::Statement(signed) = entry.payload() else {
            let chains = self.chains_for_entry(entry, after);
            let from = entry.header().dependencies();
            let reach = self.walk(from, chains, index)?;
            let unseen = match entry.payload() {
                Payload::Epoch(_) => self.unseen(entry, index)?,
                _ => BTreeSet::new(),
            };
            return Ok(Ancestry { reach, clock: 0, unseen });
        };
        let act = signed.statement();
        if self.statements.contains_key(&act.id()) {
            return Ok(Ancestry::default());
        }
        let mut clock = 0;
        for id in act.base() {
            clock = clock.max(self.link(id, index)?.map_or(0, |link| link.lamport));
        }
        let reach = self.walk(act.base(), self.chains_for_act(act), index)?;
        Ok(Ancestry { reach, clock, unseen: BTreeSet::new() })
    }

    /// Where the past of an entry matters: at carriers of leaves of its
    /// author's generation, and at other introductions of its keys.
    fn chains_for_entry(&self, entry: &DecodedEntry, after: After) -> BTreeSet<u32> {
        let mut places = Vec::new();
        for stated in self.leaves(after.author, self.next(after)) {
            if !after.before.is_some_and(|before| stated.cuts(before)) {
                places.extend_from_slice(&stated.carriers);
            }
        }
        places.extend(Keys::of(entry).into_iter().flat_map(|keys| self.rivals(keys)));
        places.iter().map(|place| place.point.chain).collect()
    }

    /// Where the past of a statement's base matters.
    fn chains_for_act(&self, act: &Statement) -> BTreeSet<u32> {
        let mut chains = BTreeSet::new();
        let mut places = Vec::new();
        places.extend(Keys::of_act(act).into_iter().flat_map(|keys| self.rivals(keys)));
        match act.body() {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                places.extend(self.introducing(*member));
                let person = self.people.get(member);
                for digest in person.into_iter().flat_map(|person| &person.statements) {
                    let stated = self.statements.get(digest);
                    places.extend(stated.into_iter().flat_map(|stated| &stated.carriers));
                }
                chains.extend(self.chains_of_member(*member));
            }
            StatementBody::Revoke { generation, device } => {
                chains.extend(self.chains_of_device(*generation, *device));
            }
            _ => {}
        }
        let start = act.body().generation().and_then(|g| self.generations.get(&g));
        places.extend(start.into_iter().flat_map(|start| &start.by));
        chains.extend(places.iter().map(|place| place.point.chain));
        chains
    }

    /// The leaves that can ever count for what an enrolment signs at a point.
    ///
    /// What a hard cut takes stays taken: statements outside it, and entries
    /// with all that comes after them on their chain.
    pub(super) fn leaves(
        &self,
        author: Enrolment,
        point: ChainPosition,
    ) -> impl Iterator<Item = &StatementRecord> {
        let spared = self
            .cuttable(author)
            .filter(|generation| !self.hard_cuts_on(*generation).any(|cut| cut.cuts(point)));
        self.own_cuts(spared.map(|generation| (generation, None)))
    }

    /// The entries that introduce a member.
    pub(super) fn introducing(&self, member: MemberId) -> impl Iterator<Item = Located> + '_ {
        let person = self.people.get(&member);
        let genesis = (member == self.owner).then_some(EntryId::from_bytes(*self.group.as_bytes()));
        let ids = person.into_iter().flat_map(|person| &person.introductions).copied();
        genesis.into_iter().chain(ids).filter_map(|id| {
            let introduction = self.introductions.get(&id)?;
            let introduces = introduction.manner.introduces();
            introduces.then_some(Located { id, point: introduction.point })
        })
    }

    /// The chains of a member's devices, in whatever generation.
    pub(super) fn chains_of_member(&self, member: MemberId) -> Vec<u32> {
        let generations = self.people.get(&member).into_iter().flat_map(|p| &p.generations);
        let enrolments = generations.flat_map(|generation| self.enrolments_of(*generation));
        enrolments.flat_map(|enrolment| self.chains_of(enrolment)).copied().collect()
    }

    /// The enrolments of a device key in a generation.
    pub(super) fn enrolments_of_device(
        &self,
        generation: Generation,
        device: DeviceId,
    ) -> impl Iterator<Item = Enrolment> {
        let enrolments = self.lookup.devices.get(&device).into_iter().flatten().copied();
        enrolments.filter(move |e| self.enrolment(*e) == Some((generation, device)))
    }

    /// The chains of a device key in a generation.
    pub(super) fn chains_of_device(&self, generation: Generation, device: DeviceId) -> Vec<u32> {
        let enrolments = self.enrolments_of_device(generation, device);
        enrolments.flat_map(|enrolment| self.chains_of(enrolment)).copied().collect()
    }

    /// How far the past of some entries, with them, reaches on these chains.
    fn walk<'a, I: EntryIndex>(
        &self,
        from: impl IntoIterator<Item = &'a EntryId>,
        chains: BTreeSet<u32>,
        index: &I,
    ) -> Result<VersionVector, I::Error> {
        let mut reach = VersionVector::default();
        if chains.is_empty() {
            return Ok(reach);
        }
        // By clock, so that the first entry met on a chain is the last one in
        // the past, and that nothing is met twice.
        let mut open = BTreeSet::new();
        // Below the clock of the first entry of all that are left, it is no use
        // to walk.
        let begin = |number| (self.chain(number).map_or(0, |chain| chain.clock), number);
        let mut chains: BTreeSet<(u64, u32)> = chains.into_iter().map(begin).collect();
        for id in from {
            let link = self.link(id, index)?;
            open.extend(link.map(|link| (link.lamport, *id, link.point)));
        }
        while let Some((clock, id, point)) = open.pop_last() {
            let Some((floor, _)) = chains.first() else { break };
            if clock < *floor {
                break;
            }
            if chains.remove(&begin(point.chain)) {
                reach.0.insert(point.chain, point.seq);
            }
            for dependency in index.dependencies(&id)? {
                let link = self.link(&dependency, index)?;
                open.extend(link.map(|link| (link.lamport, dependency, link.point)));
            }
        }
        Ok(reach)
    }
}
