//! Ancestry of an entry that arrives: how far its past reaches on the chains that
//! matter.
//!
//! Evaluation asks of many pairs of entries whether one is in the past of the other.
//! To keep every past is out of the question. But a past is closed under backlinks, so
//! on each chain it holds the entries up to one `seq`, and that `seq` is needed on few
//! chains only. One walk finds it, when the entry arrives. What comes later is never in
//! a past that was complete then, so the result holds for ever.
//!
//! Which chains matter is decided before the walk, by [`AuthorityState`]'s
//! `chains_for_keys` and `chains_for_statement`. Whatever later asks a
//! [`VersionVector`] about an entry must find that entry's chain there; a missing chain
//! reads as "not in the past". So they list the chain of every entry about which
//! `fault.rs`, `control_entry.rs` and `statement.rs` ask.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::causal_walk::{CausalWalk, Visit};
use super::incoming::Backlink;
use super::keys::IntroducedKeys;
use super::leaves::LeaveSearch;
use super::records::{LocatedEntry, StatementRecord, VersionVector};
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::entry::DecodedEntry;
use crate::payload::Payload;
use crate::state::EntryIndex;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::ChainPosition;

/// Ancestry of an entry: the part of its causal past that decides about it. For the
/// carrier of a statement, the ancestry of the statement's base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ancestry {
    /// Past on the chains that matter.
    pub(super) past: VersionVector,
    /// Of the carrier of a self statement: whether the past of the base holds an entry that
    /// starts the generation.
    pub(super) knows_start: bool,
    /// Largest clock in a statement's base.
    pub(super) clock: u64,
    /// Of an epoch entry: the chains on which it is behind, see `AuthorityState::chains_behind`.
    pub(super) behind: BTreeMap<u32, Option<u64>>,
    /// Search for a leave that concerns the author in the entry's own past. A carrier has one,
    /// too: its statement is not touched, but the carrier is idle behind the leave (SPEC §5.3).
    pub(super) leave: LeaveSearch,
    /// Of a revocation that repeats an earlier one, see
    /// [`StatementRecord::repeats`]. Then its past is not computed.
    pub(super) repeats: bool,
}

impl Ancestry {
    /// Returns whether the entry knows of a leave that concerns its author, and so is idle.
    pub(crate) fn knows_leave(&self) -> bool {
        self.leave.leave.is_some()
    }
}

impl AuthorityState {
    /// Computes the ancestry of an entry that is about to arrive.
    ///
    /// A carrier of a statement that is known gets only the leave in its past: nothing
    /// else follows from it.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(crate) fn compute_ancestry<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        backlink: Backlink,
        index: &I,
    ) -> Result<Ancestry, I::Error> {
        let leave = self.search_leave(entry, backlink, index)?;
        let Payload::Statement(signed) = entry.payload() else {
            let chains = self.chains_for_keys(entry);
            let past = self.past_on_chains(entry.header().dependencies(), chains, index)?;
            let behind = match entry.payload() {
                Payload::Epoch(_) => self.chains_behind(entry, index)?,
                _ => BTreeMap::new(),
            };
            return Ok(Ancestry { past, behind, leave, ..Ancestry::default() });
        };
        let statement = signed.statement();
        if self.statements.contains_key(&statement.id()) {
            return Ok(Ancestry { leave, ..Ancestry::default() });
        }
        let mut clock = 0;
        for id in statement.base() {
            clock = clock.max(self.link(id, index)?.map_or(0, |link| link.lamport));
        }
        let ancestry = self.ancestry_of_base(statement, index)?;
        Ok(Ancestry { clock, leave, ..ancestry })
    }

    /// Computes what the past of a statement's base says.
    ///
    /// Three kinds of entries end the search for something in that past. Behind the start of the
    /// signing generation is each entry that a device of the generation signed: its chain
    /// begins behind an entry that starts the generation, or behind an enrolment whose base
    /// knows one. And what a revocation spares does not matter if it repeats an earlier one
    /// (see [`StatementRecord::repeats`]). So what a member signs on the end of their own
    /// chain costs one step, however long the chain is. And of the base of an earlier revocation
    /// of the same device, it is known what its past holds.
    fn ancestry_of_base<I: EntryIndex>(
        &self,
        statement: &Statement,
        index: &I,
    ) -> Result<Ancestry, I::Error> {
        let generation = statement.body().generation();
        let started_by = generation.and_then(|generation| self.generations.get(&generation));
        let started_by = started_by.map_or(&[][..], |record| &record.started_by);
        let chains = self.chains_for_statement(statement);
        let starts = started_by.iter().map(|entry| entry.position.chain);
        let starts: BTreeSet<u32> = starts.filter(|chain| !chains.contains(chain)).collect();
        let mut search = PastSearch::new(self, chains.into_iter().chain(starts.iter().copied()));
        let mut knows_start = false;
        let mut walk = CausalWalk::from(statement.base(), self, index)?;
        while let Some(visit) = walk.next() {
            let Visit { id, link } = visit?;
            if search.is_over(link.lamport) {
                break;
            }
            let carried = self.lookup.carried.get(&id).and_then(|id| self.statements.get(id));
            if carried.is_some_and(|carried| carried.is_repeated_by(statement)) {
                return Ok(Ancestry { knows_start: true, repeats: true, ..Ancestry::default() });
            }
            if !knows_start && self.generation_of_chain(link.position.chain) == generation {
                knows_start = generation.is_some();
                starts.iter().for_each(|chain| search.leave_out(*chain));
            }
            search.meet(link.position);
            if let Some(known) = self.revocation_on(statement, &id) {
                knows_start = true;
                starts.iter().for_each(|chain| search.leave_out(*chain));
                search.meet_all(&known.spared);
                walk.leave_out_dependencies();
            }
            // What it depends on has a smaller clock. So of many forks at one place, each is
            // visited, and none is read.
            if search.is_over(link.lamport.saturating_sub(1)) {
                walk.leave_out_dependencies();
            }
        }
        let past = search.past;
        let knows_start = knows_start || past.covers_any(started_by);
        Ok(Ancestry { past, knows_start, ..Ancestry::default() })
    }

    /// Returns a revocation of the same device, whose base is one entry alone and knows the
    /// start of the generation.
    fn revocation_on(&self, other: &Statement, base: &EntryId) -> Option<&StatementRecord> {
        let StatementBody::Revoke { generation, device } = other.body() else { return None };
        let id = self.lookup.revoked_on.get(&(*generation, *device, *base))?;
        self.statements.get(id)
    }

    /// Returns the generation of the device that signed a chain.
    fn generation_of_chain(&self, number: u32) -> Option<Generation> {
        let (generation, _) = self.enrolled_device(self.author_of_chain(number)?)?;
        Some(generation)
    }

    /// Returns the chains of other introductions of an entry's keys.
    fn chains_for_keys(&self, entry: &DecodedEntry) -> BTreeSet<u32> {
        let keys = IntroducedKeys::of_entry(entry);
        let others = keys.into_iter().flat_map(|keys| self.other_introductions_of(keys));
        others.map(|entry| entry.position.chain).collect()
    }

    /// Returns the chains on which the past of a statement's base matters, but for those of the
    /// entries that start its generation.
    fn chains_for_statement(&self, statement: &Statement) -> BTreeSet<u32> {
        let mut chains = BTreeSet::new();
        let mut entries = Vec::new();
        // Fault 16: other introductions of its keys.
        let keys = IntroducedKeys::of_statement(statement);
        entries.extend(keys.into_iter().flat_map(|keys| self.other_introductions_of(keys)));
        match statement.body() {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                // Fault 12: what introduces the target. Then the target's statements,
                // which may be within the cut, and the target's entries.
                entries.extend(self.entries_introducing(*member));
                let record = self.members.get(member);
                for id in record.into_iter().flat_map(|record| &record.statements) {
                    let other = self.statements.get(id);
                    entries.extend(other.into_iter().flat_map(|other| &other.carriers));
                }
                chains.extend(self.chains_of_member(*member));
            }
            StatementBody::Revoke { generation, device } => {
                chains.extend(self.chains_of_device(*generation, *device));
            }
            _ => {}
        }
        chains.extend(entries.iter().map(|entry| entry.position.chain));
        chains
    }

    /// Returns the entries that introduce a member.
    pub(super) fn entries_introducing(
        &self,
        member: MemberId,
    ) -> impl Iterator<Item = LocatedEntry> + '_ {
        let record = self.members.get(&member);
        let genesis = (member == self.owner).then_some(EntryId::from_bytes(*self.group.as_bytes()));
        let ids = record.into_iter().flat_map(|record| &record.introductions).copied();
        genesis.into_iter().chain(ids).filter_map(|id| {
            let introduction = self.introductions.get(&id)?;
            let introduces = introduction.kind.introduces();
            introduces.then_some(LocatedEntry { id, position: introduction.position })
        })
    }

    /// Returns the chains of a member's devices, in whatever generation.
    pub(crate) fn chains_of_member(&self, member: MemberId) -> Vec<u32> {
        let generations = self.generations_of(member);
        let enrolments = generations.flat_map(|g| self.enrolments_of_generation(g));
        enrolments.flat_map(|enrolment| self.chains_of(enrolment)).copied().collect()
    }

    /// Returns the chains of a device key in a generation.
    pub(super) fn chains_of_device(&self, generation: Generation, device: DeviceId) -> Vec<u32> {
        let enrolments = self.enrolments_of_device(generation, device);
        enrolments.flat_map(|enrolment| self.chains_of(enrolment)).copied().collect()
    }

    /// Returns how far some entries and their past reach on these chains.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(crate) fn past_on_chains<'i, I: EntryIndex>(
        &self,
        entries: impl IntoIterator<Item = &'i EntryId>,
        chains: BTreeSet<u32>,
        index: &I,
    ) -> Result<VersionVector, I::Error> {
        let mut search = PastSearch::new(self, chains);
        if search.unmet.is_empty() {
            return Ok(search.past);
        }
        let mut walk = CausalWalk::from(entries, self, index)?;
        while let Some(visit) = walk.next() {
            let link = visit?.link;
            if search.is_over(link.lamport) {
                break;
            }
            search.meet(link.position);
            if search.is_over(link.lamport.saturating_sub(1)) {
                walk.leave_out_dependencies();
            }
        }
        Ok(search.past)
    }
}

/// Search for the last entry of each of some chains that a past holds.
struct PastSearch<'a> {
    authority: &'a AuthorityState,
    past: VersionVector,
    /// The chains not met yet, by the clock of their first entry: below the smallest of these
    /// clocks, no entry of them is left.
    unmet: BTreeSet<(u64, u32)>,
}

impl<'a> PastSearch<'a> {
    fn new(authority: &'a AuthorityState, chains: impl IntoIterator<Item = u32>) -> Self {
        let mut search = Self { authority, past: VersionVector::default(), unmet: BTreeSet::new() };
        search.unmet = chains.into_iter().map(|number| search.by_first_clock(number)).collect();
        search
    }

    fn by_first_clock(&self, number: u32) -> (u64, u32) {
        (self.authority.chain(number).map_or(0, |chain| chain.clock), number)
    }

    /// Returns whether a walk that has come down to a clock finds nothing more.
    fn is_over(&self, clock: u64) -> bool {
        self.unmet.first().is_none_or(|(first, _)| clock < *first)
    }

    /// Notes an entry that the walk visits. The first one on a chain is the last one in the past,
    /// unless a part of the past holds more of the chain.
    fn meet(&mut self, position: ChainPosition) {
        if self.unmet.remove(&self.by_first_clock(position.chain)) {
            self.raise(position);
        }
    }

    /// Notes a part of the past that is known. The walk may still meet more of a chain, unless
    /// the part holds all of it.
    fn meet_all(&mut self, part: &VersionVector) {
        for (chain, seq) in &part.0 {
            let open = self.by_first_clock(*chain);
            if self.unmet.contains(&open) {
                self.raise(ChainPosition { chain: *chain, seq: *seq });
                if self.authority.tip_of_chain(*chain) == Some(*seq) {
                    self.unmet.remove(&open);
                }
            }
        }
    }

    fn raise(&mut self, position: ChainPosition) {
        let seq = self.past.0.entry(position.chain).or_insert(position.seq);
        *seq = position.seq.max(*seq);
    }

    /// Ends the search on a chain.
    fn leave_out(&mut self, chain: u32) {
        self.unmet.remove(&self.by_first_clock(chain));
    }
}
