//! Application of a control entry, and what that does to the verdicts of others.

use std::collections::{BTreeMap, BTreeSet};

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::incoming::IncomingEntry;
use super::records::{GenerationRecord, Introduction, IntroductionKind};
use super::verdict_snapshot::VerdictSnapshot;
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::entry::DecodedEntry;
use crate::keys::Card;
use crate::payload::{Payload, RefIndex};
use crate::statement::Generation;
use crate::verdict::{ChainPosition, Verdict, VoidReason};

/// Result of applying a control entry: its verdict, the verdicts it flipped, and the
/// chains whose data entries must be re-evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// Other control entries whose verdict changed, with the verdict now.
    pub(crate) flips: Vec<(EntryId, Verdict)>,
    /// First position on each chain from which on data entries may have another
    /// verdict, with the `seq` behind the last that may.
    pub(crate) chains_to_reevaluate: BTreeMap<ChainPosition, u64>,
    /// Members whose entry in the group state may differ now.
    pub(crate) members: BTreeSet<MemberId>,
    /// Which of their devices and recovery keys may differ.
    pub(crate) devices: ChangedDevices,
    /// Whether the group may have another name.
    pub(crate) group_renamed: bool,
}

/// Devices of the changed members that the group state may have to show otherwise, with the
/// recovery keys of their generations. A member can have many devices and generations, so a
/// statement that concerns one of them must not cost all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangedDevices {
    /// All devices of the members, in all generations.
    All,
    /// Those of one generation, and its recovery key.
    Generation(Generation),
    /// One device, and no recovery key.
    Device(Generation, DeviceId),
    /// None, and no recovery key.
    None,
}

impl Outcome {
    /// Returns whether the entry changed no verdict but its own.
    pub(crate) fn flips_nothing(&self) -> bool {
        self.flips.is_empty() && self.chains_to_reevaluate.is_empty()
    }

    /// Returns the outcome of an entry that changed no verdict but its own.
    pub(super) fn without_flips(verdict: Verdict, member: Option<MemberId>) -> Self {
        Self {
            verdict,
            flips: Vec::new(),
            chains_to_reevaluate: BTreeMap::new(),
            members: member.into_iter().collect(),
            devices: ChangedDevices::All,
            group_renamed: false,
        }
    }
}

impl AuthorityState {
    /// Returns whether an entry may flip verdicts of others (SPEC §6.8, last table).
    ///
    /// May say yes for an entry that then flips none, never the other way round: replay
    /// applies an entry in place if this says no, and asks the index nothing after it.
    pub(crate) fn may_flip_verdicts(
        &self,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> bool {
        let entry = incoming.entry;
        let member = match entry.payload() {
            Payload::Statement(signed) => {
                return self.may_statement_flip(signed.statement(), incoming, ancestry);
            }
            Payload::AddMember(add) => Some(add.card().member()),
            Payload::Placeholder(placeholder) => Some(placeholder.card().member()),
            Payload::Adopt(target) => self.member_of_target(entry, *target),
            _ => None,
        };
        // On a member of whom no entry has spoken yet, nothing can depend.
        let record = member.and_then(|member| self.members.get(&member));
        record.is_some_and(|record| !record.accepted)
    }

    /// Registers an entry of any kind: its place on its chain, and the leaves in its
    /// past. Every entry goes through here once, before anything else is done with it.
    pub(crate) fn register_entry(&mut self, incoming: IncomingEntry<'_>, ancestry: &Ancestry) {
        self.extend_chain(incoming);
        self.mark_leave(incoming, ancestry);
    }

    /// Applies a control entry that was registered. Returns `None`, having done
    /// nothing, for a data entry.
    ///
    /// Generations and names are recorded first, whatever the verdict: introductions
    /// and the start of generations are facts of the graph (SPEC §1.1).
    pub(crate) fn apply_control_entry(
        &mut self,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> Option<Outcome> {
        let entry = incoming.entry;
        match entry.payload() {
            Payload::AddMember(add) => {
                let (card, member) = (add.card(), add.card().member());
                self.record_name(member, card.name());
                self.record_generation(Generation::Card(member), member, card, incoming);
                let kind = IntroductionKind::Add;
                Some(self.apply_introduction(kind, Some(member), incoming, ancestry))
            }
            Payload::Placeholder(placeholder) => {
                let card = placeholder.card();
                self.record_name(card.member(), card.name());
                let kind = IntroductionKind::Placeholder(card.introducer());
                Some(self.apply_introduction(kind, Some(card.member()), incoming, ancestry))
            }
            Payload::Claim(claim) => {
                let member = self.member_of_target(entry, claim.target());
                if let Some(member) = member {
                    let generation = Generation::Claim(entry.id());
                    self.record_generation(generation, member, claim.card(), incoming);
                }
                let kind = IntroductionKind::Claim;
                Some(self.apply_introduction(kind, member, incoming, ancestry))
            }
            Payload::Adopt(target) => {
                let member = self.member_of_target(entry, *target);
                Some(self.apply_introduction(IntroductionKind::Adopt, member, incoming, ancestry))
            }
            Payload::Statement(signed) => {
                Some(self.apply_carrier(signed.statement(), incoming, ancestry))
            }
            _ => None,
        }
    }

    fn member_of_target(&self, entry: &DecodedEntry, target: RefIndex) -> Option<MemberId> {
        self.member_introduced_by(entry.header().refs().get(target.as_usize())?)
    }

    /// Records the name on a member's card. The `MemberId` is the card's digest, so
    /// every card of the member has the same name.
    fn record_name(&mut self, member: MemberId, name: &str) {
        let record = self.members.entry(member).or_default();
        record.name.get_or_insert_with(|| name.to_owned());
    }

    /// Records that an entry starts a generation.
    pub(super) fn record_generation(
        &mut self,
        generation: Generation,
        member: MemberId,
        card: &Card,
        incoming: IncomingEntry<'_>,
    ) {
        if !self.generations.contains_key(&generation) {
            let record = GenerationRecord::from_card(member, card);
            self.lookup.add_generation(generation, &record);
            self.generations.insert(generation, record);
            self.members.entry(member).or_default().generations.insert(generation);
        }
        if let Some(record) = self.generations.get_mut(&generation) {
            record.started_by.push(incoming.located());
        }
    }

    /// Applies an introduction.
    ///
    /// It can flip other verdicts only by making its member accepted: a claim decides
    /// about its own generation alone, which no other entry has used yet, and a second
    /// introduction of an accepted member adds nothing.
    fn apply_introduction(
        &mut self,
        kind: IntroductionKind,
        member: Option<MemberId>,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> Outcome {
        let IncomingEntry { entry, backlink, position } = incoming;
        let author = backlink.author;
        let fault = self.introduction_fault(entry, author, ancestry);
        let verdict = Verdict::Void(fault.unwrap_or(VoidReason::EnrolmentVoid));
        let clock = entry.header().lamport();
        let mut introduction =
            Introduction { kind, member, author, position, clock, fault, verdict };
        introduction.verdict = self.introduction_verdict(&introduction);
        let verdict = introduction.verdict;
        let is_accepted = |member: &MemberId| self.members.get(member).is_some_and(|m| m.accepted);
        let accepts_member = verdict.is_applied() && kind != IntroductionKind::Claim;
        let newly_accepted = member.filter(|member| accepts_member && !is_accepted(member));
        let before =
            newly_accepted.map(|member| self.snapshot_verdicts(self.affected([member], [])));
        self.lookup.authored.entry(author).or_default().insert(entry.id());
        self.introductions.insert(entry.id(), introduction);
        if let Some(record) = member.and_then(|member| self.members.get_mut(&member)) {
            record.introductions.insert(entry.id());
        }
        let Some(before) = before else {
            let devices = match kind {
                IntroductionKind::Claim => {
                    ChangedDevices::Generation(Generation::Claim(entry.id()))
                }
                _ => ChangedDevices::All,
            };
            return Outcome { devices, ..Outcome::without_flips(verdict, member) };
        };
        self.recompute_verdicts(&before.affected.members);
        self.outcome_since(before, verdict)
    }

    /// Returns the outcome of a change: what differs from the snapshot before it.
    pub(super) fn outcome_since(&self, before: VerdictSnapshot, verdict: Verdict) -> Outcome {
        let flips = self.changed_verdicts(&before);
        let chains_to_reevaluate = self.chains_to_reevaluate(&before);
        let members = before.affected.members;
        let devices = ChangedDevices::All;
        Outcome { verdict, flips, chains_to_reevaluate, members, devices, group_renamed: false }
    }
}
