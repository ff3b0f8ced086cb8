//! Authority state: what is kept of control entries.

use std::collections::BTreeMap;

use super::records::{
    Chain, Epochs, GenerationRecord, Introduction, IntroductionKind, LeaveMarks, LocatedEntry,
    Lookup, MemberRecord, Rotations, StatementRecord,
};
use crate::base::id::{EntryId, GroupId, MemberId, RootId, StatementId};
use crate::entry::DecodedEntry;
use crate::keys::CertificateScope;
use crate::payload::Genesis;
use crate::statement::Generation;
use crate::verdict::{ChainPosition, Enrolment, Verdict};

/// Authority state: the records of all control entries and of the chains of all
/// devices, with the verdicts on them.
///
/// Control entries are introductions and carriers of statements. They decide about
/// other entries; no data entry does. So a data entry leaves nothing here but the end
/// of its chain, a count of mentions and, if it rotates a key, begins an epoch or a chain,
/// or stands first behind a leave, a record of that. The state stays small. A checkpoint
/// holds all of it but what is only for finding: the lookup, and the sets of ids inside
/// records of members.
///
/// Invariant: after each entry, every verdict in it is the one that evaluation from
/// scratch ([`authority`](crate::authority)) finds for the entries so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityState {
    pub(super) group: GroupId,
    /// Name in the genesis entry.
    pub(super) name: String,
    pub(super) owner: MemberId,
    pub(super) owner_root: RootId,
    pub(super) salt: CertificateScope,
    /// Chains by their number.
    pub(super) chains: Vec<Chain>,
    pub(super) statements: BTreeMap<StatementId, StatementRecord>,
    pub(super) generations: BTreeMap<Generation, GenerationRecord>,
    pub(super) introductions: BTreeMap<EntryId, Introduction>,
    pub(super) members: BTreeMap<MemberId, MemberRecord>,
    /// Number of applied data entries that mention a member. Never 0.
    pub(super) mentions: BTreeMap<MemberId, u64>,
    pub(super) rotations: Rotations,
    pub(super) epochs: Epochs,
    /// Marks of the leaves of each generation that left.
    pub(super) leave_marks: BTreeMap<Generation, LeaveMarks>,
    pub(super) lookup: Lookup,
}

impl AuthorityState {
    /// Returns the authority state of a group that has its genesis entry alone.
    pub(crate) fn from_genesis(entry: &DecodedEntry, genesis: &Genesis) -> Self {
        let (id, card) = (entry.id(), genesis.card());
        let (owner, generation) = (card.member(), Generation::Card(card.member()));
        let author = Enrolment::First(generation);
        let position = ChainPosition { chain: 0, seq: 0 };
        let mut state = Self {
            group: GroupId::from(id),
            name: genesis.group_name().to_owned(),
            owner,
            owner_root: card.root(),
            salt: *card.scope(),
            chains: vec![Chain::begin(author, None, id, 1)],
            statements: BTreeMap::new(),
            generations: BTreeMap::new(),
            introductions: BTreeMap::new(),
            members: BTreeMap::new(),
            mentions: BTreeMap::new(),
            rotations: Rotations::new(),
            epochs: Epochs::default(),
            leave_marks: BTreeMap::new(),
            lookup: Lookup::default(),
        };
        for (member, name) in genesis.people() {
            let record = state.members.entry(member).or_default();
            record.name = Some(name.to_owned());
            (record.in_genesis, record.accepted) = (true, true);
        }
        let introduction = Introduction {
            kind: IntroductionKind::Genesis,
            member: Some(owner),
            author,
            position,
            clock: 1,
            fault: None,
            verdict: Verdict::Applied,
        };
        state.introductions.insert(id, introduction);
        let mut record = GenerationRecord::from_card(owner, card);
        record.started_by.push(LocatedEntry { id, position });
        state.generations.insert(generation, record);
        state.members.entry(owner).or_default().generations.insert(generation);
        state.rebuild_lookup();
        state
    }

    /// Makes the lookup anew from the records.
    pub(super) fn rebuild_lookup(&mut self) {
        let mut lookup = Lookup::default();
        for (generation, record) in &self.generations {
            lookup.add_generation(*generation, record);
        }
        for (id, statement) in &self.statements {
            lookup.add_statement(statement);
            lookup.carried.extend(statement.carriers.iter().map(|carrier| (carrier.id, *id)));
        }
        for (id, introduction) in &self.introductions {
            lookup.authored.entry(introduction.author).or_default().insert(*id);
        }
        for (number, chain) in (0u32..).zip(&self.chains) {
            lookup.chains.entry(chain.enrolment).or_default().push(number);
            lookup.tips.insert(chain.tip_id, number);
        }
        self.lookup = lookup;
    }

    /// Returns the member whom the entry with an id introduces.
    pub(crate) fn member_introduced_by(&self, id: &EntryId) -> Option<MemberId> {
        let introduction = self.introductions.get(id)?;
        introduction.member.filter(|_| introduction.kind.introduces())
    }

    /// Returns whether a root key is the owner's.
    pub(crate) fn is_owner(&self, root: RootId) -> bool {
        root == self.owner_root
    }

    /// Returns whether an entry is an introduction with a fault.
    pub(crate) fn has_fault(&self, id: &EntryId) -> bool {
        self.introductions.get(id).is_some_and(|introduction| introduction.fault.is_some())
    }

    /// Returns a member's generations, current or not.
    pub(crate) fn generations_of(&self, member: MemberId) -> impl Iterator<Item = Generation> + '_ {
        let record = self.members.get(&member);
        record.into_iter().flat_map(|record| record.generations.iter().copied())
    }

    /// Returns the statements about some members.
    pub(super) fn statements_about<'a>(
        &self,
        members: impl IntoIterator<Item = &'a MemberId>,
    ) -> Vec<StatementId> {
        let records = members.into_iter().filter_map(|member| self.members.get(member));
        records.flat_map(|record| &record.statements).copied().collect()
    }
}
