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
//! `chains_for_keys`, `leave_in_past` and `chains_for_statement`. Whatever later asks a
//! [`VersionVector`] about an entry must find that entry's chain there; a missing chain
//! reads as "not in the past". So they list the chain of every entry about which
//! `fault.rs`, `control_entry.rs` and `statement.rs` ask.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::causal_walk::CausalWalk;
use super::incoming::Backlink;
use super::keys::IntroducedKeys;
use super::records::{LocatedEntry, StatementRecord, VersionVector};
use crate::base::id::{DeviceId, EntryId, MemberId, StatementId};
use crate::entry::DecodedEntry;
use crate::payload::Payload;
use crate::state::EntryIndex;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{ChainPosition, Enrolment};

/// Ancestry of an entry: the part of its causal past that decides about it. For the
/// carrier of a statement, the ancestry of the statement's base.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ancestry {
    /// Past on the chains that matter.
    pub(super) past: VersionVector,
    /// Largest clock in a statement's base.
    pub(super) clock: u64,
    /// Of an epoch entry: the chains on which it is behind, see `AuthorityState::chains_behind`.
    pub(super) behind: BTreeMap<u32, Option<u64>>,
    /// Leave that concerns the author and is in the entry's own past. A carrier has one, too:
    /// its statement is not touched, but the carrier is idle behind the leave (SPEC §5.3).
    pub(super) leave: Option<StatementId>,
}

impl Ancestry {
    /// Returns whether the entry knows of a leave that concerns its author, and so is idle.
    pub(crate) fn knows_leave(&self) -> bool {
        self.leave.is_some()
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
        let leave = self.leave_in_past(entry, backlink, index)?;
        let Payload::Statement(signed) = entry.payload() else {
            let chains = self.chains_for_keys(entry);
            let past = self.past_on_chains(entry.header().dependencies(), chains, index)?;
            let behind = match entry.payload() {
                Payload::Epoch(_) => self.chains_behind(entry, index)?,
                _ => BTreeMap::new(),
            };
            return Ok(Ancestry { past, clock: 0, behind, leave });
        };
        let statement = signed.statement();
        if self.statements.contains_key(&statement.id()) {
            return Ok(Ancestry { leave, ..Ancestry::default() });
        }
        let mut clock = 0;
        for id in statement.base() {
            clock = clock.max(self.link(id, index)?.map_or(0, |link| link.lamport));
        }
        let chains = self.chains_for_statement(statement);
        let past = self.past_on_chains(statement.base(), chains, index)?;
        Ok(Ancestry { past, clock, behind: BTreeMap::new(), leave })
    }

    /// Returns a leave that concerns an entry's author and is in the entry's past.
    ///
    /// One says as much as all: an entry that no hard cut cuts has every leave in its past
    /// within the hard cuts as well, so that none of these leaves is rejected later. So one
    /// leave is recorded for a chain, however many somebody signs.
    ///
    /// The past holds that of the author's entry before. Only if no leave is in that one, the
    /// walk looks for the carriers. For most entries there are none.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(crate) fn leave_in_past<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        backlink: Backlink,
        index: &I,
    ) -> Result<Option<StatementId>, I::Error> {
        let leaves = self.leaves_on(backlink.author, self.position_behind(backlink));
        let leaves: Vec<&StatementRecord> = leaves.collect();
        if let Some(previous) = backlink.previous
            && let Some(leave) = leaves.iter().find(|leave| leave.cuts(previous))
        {
            return Ok(Some(leave.id));
        }
        let carriers = leaves.iter().flat_map(|leave| &leave.carriers);
        let chains = carriers.map(|carrier| carrier.position.chain).collect();
        let past = self.past_on_chains(entry.header().dependencies(), chains, index)?;
        let leave = leaves.into_iter().find(|leave| past.covers_any(&leave.carriers));
        Ok(leave.map(|leave| leave.id))
    }

    /// Returns the chains of other introductions of an entry's keys.
    fn chains_for_keys(&self, entry: &DecodedEntry) -> BTreeSet<u32> {
        let keys = IntroducedKeys::of_entry(entry);
        let others = keys.into_iter().flat_map(|keys| self.other_introductions_of(keys));
        others.map(|entry| entry.position.chain).collect()
    }

    /// Returns the chains on which the past of a statement's base matters.
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
        // Reason 30: what starts the generation of a self statement.
        let signing = statement.body().generation().and_then(|g| self.generations.get(&g));
        entries.extend(signing.into_iter().flat_map(|record| &record.started_by));
        chains.extend(entries.iter().map(|entry| entry.position.chain));
        chains
    }

    /// Returns the leaves that can ever cut what an enrolment signs at a position.
    ///
    /// A leave counts for nothing on an entry that a hard cut cuts: the entry is void
    /// with reason 40 whatever the leave says, and so is all that follows on its chain.
    /// To leave these out keeps an evil member who was removed from making every later
    /// entry of theirs walk.
    pub(super) fn leaves_on(
        &self,
        author: Enrolment,
        position: ChainPosition,
    ) -> impl Iterator<Item = &StatementRecord> {
        let spared = self
            .cuttable_generation(author)
            .filter(|generation| !self.hard_cuts_on(*generation).any(|cut| cut.cuts(position)));
        self.accepted_own_cuts(spared.map(|generation| (generation, None)))
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
        let mut past = VersionVector::default();
        if chains.is_empty() {
            return Ok(past);
        }
        // The chains not met yet, by the clock of their first entry: below the
        // smallest of these clocks, no entry of them is left.
        let by_first_clock = |number| (self.chain(number).map_or(0, |chain| chain.clock), number);
        let mut unmet: BTreeSet<(u64, u32)> = chains.into_iter().map(by_first_clock).collect();
        for visit in CausalWalk::from(entries, self, index)? {
            let link = visit?.link;
            if unmet.first().is_none_or(|(floor, _)| link.lamport < *floor) {
                break;
            }
            // The first entry visited on a chain is the last one in the past.
            if unmet.remove(&by_first_clock(link.position.chain)) {
                past.0.insert(link.position.chain, link.position.seq);
            }
        }
        Ok(past)
    }
}
