//! Taking in an entry, and what that does to the verdicts of others.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::incoming::{After, Arrival};
use super::observe::Before;
use super::records::{GenerationRecord, Introduction, IntroductionKind, StatementRecord};
use super::settle::Affected;
use crate::entry::DecodedEntry;
use crate::id::{EntryId, MemberId, StatementId};
use crate::keys::Card;
use crate::payload::{Payload, RefIndex};
use crate::state::Device;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{ChainPosition, Enrolment, Verdict, VoidReason};

/// What came of taking in an entry that decides about others.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// The new verdicts of other such entries.
    pub(crate) flips: Vec<(EntryId, Verdict)>,
    /// From where on the plain entries of a chain are to be judged again.
    pub(crate) shaken: BTreeSet<ChainPosition>,
    /// The members who may look different now.
    pub(crate) members: BTreeSet<MemberId>,
    /// Whether the group may have another name.
    pub(crate) renamed: bool,
}

impl Outcome {
    fn quiet(verdict: Verdict, member: Option<MemberId>) -> Self {
        let members = member.into_iter().collect();
        let (flips, shaken) = (Vec::new(), BTreeSet::new());
        Self { verdict, flips, shaken, members, renamed: false }
    }
}

impl AuthorityState {
    /// Whether an entry may change the verdicts of others.
    pub(crate) fn may_shake(&self, entry: &DecodedEntry) -> bool {
        let member = match entry.payload() {
            Payload::Statement(signed) => {
                let body = signed.statement().body();
                return matches!(
                    body,
                    StatementBody::Remove { .. }
                        | StatementBody::Bind { .. }
                        | StatementBody::Revoke { .. }
                );
            }
            Payload::AddMember(add) => Some(add.card().member()),
            Payload::Placeholder(placeholder) => Some(placeholder.card().member()),
            Payload::Adopt(target) => self.named_by(entry, *target),
            _ => None,
        };
        let person = member.and_then(|member| self.people.get(&member));
        person.is_some_and(|person| !person.accepted)
    }

    /// Takes note of where an entry stands, whatever it says.
    pub(crate) fn arrive(&mut self, arrival: Arrival<'_>, facts: &Ancestry) {
        self.place(arrival);
        self.mark_leaves(arrival, facts);
    }

    /// Takes in an entry that arrived and decides about others: what it did.
    /// None for any other.
    pub(crate) fn take(&mut self, arrival: Arrival<'_>, facts: &Ancestry) -> Option<Outcome> {
        let entry = arrival.entry;
        match entry.payload() {
            Payload::AddMember(add) => {
                let (card, member) = (add.card(), add.card().member());
                self.name(member, card.name());
                self.start(Generation::Card(member), member, card, arrival);
                Some(self.introduce(IntroductionKind::Add, Some(member), arrival, facts))
            }
            Payload::Placeholder(placeholder) => {
                let card = placeholder.card();
                self.name(card.member(), card.name());
                let manner = IntroductionKind::Placeholder(card.introducer());
                Some(self.introduce(manner, Some(card.member()), arrival, facts))
            }
            Payload::Claim(claim) => {
                let member = self.named_by(entry, claim.target());
                if let Some(member) = member {
                    self.start(Generation::Claim(entry.id()), member, claim.card(), arrival);
                }
                Some(self.introduce(IntroductionKind::Claim, member, arrival, facts))
            }
            Payload::Adopt(target) => {
                let member = self.named_by(entry, *target);
                Some(self.introduce(IntroductionKind::Adopt, member, arrival, facts))
            }
            Payload::Statement(signed) => Some(self.carry(signed.statement(), arrival, facts)),
            _ => None,
        }
    }

    fn named_by(&self, entry: &DecodedEntry, target: RefIndex) -> Option<MemberId> {
        self.introduced_by(entry.header().refs().get(target.as_usize())?)
    }

    fn name(&mut self, member: MemberId, name: &str) {
        let person = self.people.entry(member).or_default();
        person.name.get_or_insert_with(|| name.to_owned());
    }

    /// Which leaves the entry has in its past.
    fn mark_leaves(&mut self, arrival: Arrival<'_>, facts: &Ancestry) {
        if matches!(arrival.entry.payload(), Payload::Statement(_)) {
            return;
        }
        let After { author, before } = arrival.after;
        let in_past = |stated: &&StatementRecord| {
            before.is_some_and(|before| stated.cuts(before))
                || facts.reach.covers_any(&stated.carriers)
        };
        let left: Vec<StatementId> = self
            .leaves(author, arrival.point)
            .filter(in_past)
            .map(|stated| stated.digest)
            .collect();
        for digest in left {
            if let Some(stated) = self.statements.get_mut(&digest) {
                stated.left.entry(arrival.point.chain).or_insert(arrival.point.seq);
            }
        }
    }

    /// Takes note that an entry starts a generation.
    fn start(
        &mut self,
        generation: Generation,
        member: MemberId,
        card: &Card,
        arrival: Arrival<'_>,
    ) {
        if !self.generations.contains_key(&generation) {
            let started = GenerationRecord::by_card(member, card);
            self.lookup.generation(generation, &started);
            self.generations.insert(generation, started);
            self.people.entry(member).or_default().generations.insert(generation);
        }
        if let Some(started) = self.generations.get_mut(&generation) {
            started.by.push(arrival.located());
        }
    }

    fn introduce(
        &mut self,
        manner: IntroductionKind,
        member: Option<MemberId>,
        arrival: Arrival<'_>,
        facts: &Ancestry,
    ) -> Outcome {
        let Arrival { entry, after: After { author, .. }, point } = arrival;
        let fault = self.introduction_fault(entry, author, facts);
        let verdict = Verdict::Void(fault.unwrap_or(VoidReason::EnrolmentVoid));
        let clock = entry.header().lamport();
        let mut introduction =
            Introduction { manner, member, author, point, clock, fault, verdict };
        introduction.verdict = self.introduction_verdict(&introduction);
        let verdict = introduction.verdict;
        // Adoption only adds, and a claim speaks for itself alone: others are
        // concerned only if this makes somebody accepted.
        let accepted = |member: &MemberId| self.people.get(member).is_some_and(|p| p.accepted);
        let makes = verdict.is_applied() && manner != IntroductionKind::Claim;
        let newly = member.filter(|member| makes && !accepted(member));
        let before = newly.map(|member| self.observe(self.affected([member], [])));
        self.lookup.authored.entry(author).or_default().insert(entry.id());
        self.introductions.insert(entry.id(), introduction);
        if let Some(person) = member.and_then(|member| self.people.get_mut(&member)) {
            person.introductions.insert(entry.id());
        }
        match before {
            None => Outcome::quiet(verdict, member),
            Some(before) => {
                let members = before.affected.members.clone();
                self.settle(&members);
                self.conclude(&before);
                self.outcome(verdict, before)
            }
        }
    }

    /// One more carrier of a statement, or a new statement.
    fn carry(&mut self, act: &Statement, arrival: Arrival<'_>, facts: &Ancestry) -> Outcome {
        let digest = act.id();
        self.lookup.carried.insert(arrival.entry.id(), digest);
        let known = self.statements.contains_key(&digest);
        if let StatementBody::Bind { member, card } = act.body() {
            self.start(Generation::Bind(digest), *member, card, arrival);
        }
        if !known {
            return self.state(act, arrival, facts);
        }
        // A later carrier is within nothing, so it changes nothing.
        let stated = self.statements.get_mut(&digest);
        let verdict = stated.map(|stated| {
            stated.carriers.push(arrival.located());
            stated.verdict
        });
        Outcome::quiet(verdict.unwrap_or(Verdict::Applied), None)
    }

    fn state(&mut self, act: &Statement, arrival: Arrival<'_>, facts: &Ancestry) -> Outcome {
        let (digest, body) = (act.id(), act.body());
        let start = body.generation().and_then(|g| self.generations.get(&g));
        let knows_start = start.is_some_and(|start| facts.reach.covers_any(&start.by));
        let member = match body {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => Some(*member),
            _ => start.map(|start| start.member),
        };
        // Of a removal of somebody whom nothing introduces, nothing follows.
        let member = member.filter(|member| self.people.contains_key(member));
        let mut stated = StatementRecord {
            digest,
            signer: act.signer(),
            body: body.clone(),
            member,
            carriers: vec![arrival.located()],
            clock: facts.clock.saturating_add(1),
            fault: self.statement_fault(act, facts),
            knows_start,
            reach: Arc::default(),
            within: BTreeSet::new(),
            left: Default::default(),
            standing: None,
            verdict: Verdict::Applied,
        };
        let person = member.and_then(|member| self.people.get(&member));
        let mut affected = Affected::default();
        match body {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                stated.reach = Arc::new(facts.reach.on(self.chains_of_member(*member)));
                let about = person.into_iter().flat_map(|person| &person.statements);
                let within = about.filter(|other| {
                    let other = self.statements.get(other);
                    other.is_some_and(|other| facts.reach.covers_any(&other.carriers))
                });
                stated.within = within.copied().collect();
                if stated.fault.is_none() {
                    affected = self.affected([*member], []);
                }
            }
            StatementBody::Revoke { generation, device } => {
                let chains = self.chains_of_device(*generation, *device);
                stated.reach = Arc::new(facts.reach.on(chains));
                if self.statement_standing(&stated).is_none() {
                    let enrolments = self.enrolments_of_device(*generation, *device);
                    affected = self.affected([], enrolments);
                }
            }
            _ => {}
        }
        stated.standing = self.statement_standing(&stated);
        let before = self.observe(affected);
        self.lookup.statement(digest, body);
        self.require_cut(digest, body);
        self.statements.insert(digest, stated);
        if let Some(person) = member.and_then(|member| self.people.get_mut(&member)) {
            person.statements.insert(digest);
        }
        for other in self.about(&before.affected.members) {
            let Some(stated) = self.statements.get(&other) else { continue };
            let standing = self.statement_standing(stated);
            if let Some(stated) = self.statements.get_mut(&other) {
                stated.standing = standing;
            }
        }
        let members = before.affected.members.clone();
        self.settle(&members);
        self.conclude(&before);
        let verdict = self.conclude_one(digest);
        let mut outcome = self.outcome(verdict, before);
        outcome.members.extend(member);
        outcome.renamed = matches!(body, StatementBody::RenameGroup { .. });
        outcome
    }

    /// The statements about these members.
    fn about(&self, members: &BTreeSet<MemberId>) -> Vec<StatementId> {
        let people = members.iter().filter_map(|member| self.people.get(member));
        people.flat_map(|person| &person.statements).copied().collect()
    }

    /// The final verdicts of the statements of those who were settled.
    fn conclude(&mut self, before: &Before) {
        for digest in self.about(&before.affected.members) {
            self.conclude_one(digest);
        }
    }

    /// What step 3 says; but a self act whose generation is not started is
    /// void.
    fn conclude_one(&mut self, digest: StatementId) -> Verdict {
        let Some(stated) = self.statements.get(&digest) else { return Verdict::Applied };
        let generation = stated.body.generation();
        let started = generation.is_none_or(|generation| self.is_started(generation));
        let void = stated.standing.or((!started).then_some(VoidReason::StartVoid));
        let verdict = void.map_or(Verdict::Applied, Verdict::Void);
        if let Some(stated) = self.statements.get_mut(&digest) {
            stated.verdict = verdict;
        }
        verdict
    }

    fn outcome(&self, verdict: Verdict, before: Before) -> Outcome {
        let flips = self.flips(&before);
        let shaken = self.shaken(&before);
        Outcome { verdict, flips, shaken, members: before.affected.members, renamed: false }
    }

    /// The rotation at a place in the total order, by a device of this
    /// enrolment, is applied now, or void now.
    pub(crate) fn rotate(
        &mut self,
        author: Enrolment,
        order: (u64, EntryId),
        device: Device,
        applied: bool,
    ) {
        let Some(key) = self.enrolment(author) else { return };
        let rotations = self.rotations.entry(key).or_default();
        if applied {
            rotations.insert(order, device);
        } else {
            rotations.remove(&order);
            if rotations.is_empty() {
                self.rotations.remove(&key);
            }
        }
    }

    /// An applied plain entry names a member, or one that did is void now;
    /// whether that makes a difference.
    pub(crate) fn refer(&mut self, member: MemberId, applied: bool) -> bool {
        if applied {
            let named = self.named.entry(member).or_default();
            *named = named.saturating_add(1);
            return *named == 1;
        }
        let Some(named) = self.named.get_mut(&member) else { return false };
        *named = named.saturating_sub(1);
        let none = *named == 0;
        if none {
            self.named.remove(&member);
        }
        none
    }
}
