//! Acceptance of statements, generations and enrolments, and the verdict on data
//! entries (SPEC §6.2 to §6.6).

use super::authority_state::AuthorityState;
use super::records::{Introduction, IntroductionKind, StatementRecord};
use crate::base::id::{DeviceId, MemberId};
use crate::entry::DecodedEntry;
use crate::payload::{Epoch, Payload};
use crate::state::UsableEpoch;
use crate::statement::Generation;
use crate::verdict::{ChainPosition, Enrolment, Verdict, VoidReason};

impl AuthorityState {
    /// Steps 1 and 3: returns the first reason for which a statement is rejected, or
    /// `None` if the step accepts it.
    pub(super) fn statement_rejection(&self, statement: &StatementRecord) -> Option<VoidReason> {
        if statement.fault.is_some() {
            return statement.fault;
        }
        // An owner statement names no generation: step 1 has no other check.
        let generation = statement.body.generation()?;
        if !statement.knows_start {
            return Some(VoidReason::StartNotInBase);
        }
        let record = self.generations.get(&generation);
        if record.is_none_or(|record| record.root != statement.signer) {
            return Some(VoidReason::NotSignedByRoot);
        }
        let is_outside = |cut: &StatementRecord| !cut.within.contains(&statement.id);
        self.hard_cuts_on(generation).any(is_outside).then_some(VoidReason::HardCut)
    }

    /// Returns whether step 4 accepts a generation.
    pub(super) fn is_generation_accepted(&self, generation: Generation) -> bool {
        match generation {
            Generation::Card(member) => self.members.get(&member).is_some_and(|m| m.accepted),
            Generation::Claim(entry) => {
                self.introductions.get(&entry).is_some_and(|claim| claim.verdict.is_applied())
            }
            Generation::Bind(id) => {
                self.statements.get(&id).is_some_and(|bind| bind.rejection.is_none())
            }
        }
    }

    /// Returns whether a generation is current: accepted, and no hard cut concerns it.
    pub(super) fn is_current(&self, generation: Generation) -> bool {
        self.is_generation_accepted(generation) && self.hard_cuts_on(generation).next().is_none()
    }

    /// Returns whether step 4 accepts an enrolment, cut or not.
    pub(crate) fn is_enrolment_accepted(&self, enrolment: Enrolment) -> bool {
        match enrolment {
            Enrolment::First(generation) => self.is_generation_accepted(generation),
            Enrolment::Enrolled(id) => self.statements.get(&id).is_some_and(|statement| {
                let generation = statement.body.generation();
                statement.rejection.is_none()
                    && generation.is_some_and(|g| self.is_generation_accepted(g))
            }),
        }
    }

    /// Step 4: returns the verdict on an introduction, given which members are accepted
    /// now.
    pub(super) fn introduction_verdict(&self, introduction: &Introduction) -> Verdict {
        if let Some(fault) = introduction.fault {
            return Verdict::Void(fault);
        }
        // Adoption speaks for the card of which the MemberId is the digest. So it
        // covers adds and placeholders, but no claim, which brings another card.
        let adoptable =
            matches!(introduction.kind, IntroductionKind::Add | IntroductionKind::Placeholder(_));
        let member = introduction.member.and_then(|member| self.members.get(&member));
        if adoptable && member.is_some_and(|member| member.accepted) {
            return Verdict::Applied;
        }
        self.judge(introduction.author, introduction.position)
            .map_or(Verdict::Applied, Verdict::Void)
    }

    /// Step 5: returns what voids an entry without a fault, by its author and position
    /// alone. Steps 4 and 5 share these checks.
    pub(crate) fn judge(
        &self,
        enrolment: Enrolment,
        position: ChainPosition,
    ) -> Option<VoidReason> {
        let unaccepted =
            || (!self.is_enrolment_accepted(enrolment)).then_some(VoidReason::EnrolmentVoid);
        self.first_cut(enrolment, position).or_else(unaccepted)
    }

    /// Returns what voids the admitted entry at a position.
    pub(crate) fn judge_at(&self, position: ChainPosition) -> Option<VoidReason> {
        self.judge(self.chain(position.chain)?.enrolment, position)
    }

    /// Returns whether an entry carries a statement of which a device must keep one carrier,
    /// and of which no admitted entry is one: signed by the owner's root key, or by the root
    /// key of its generation if no hard cut concerns that (SPEC §5.3).
    pub(crate) fn carries_needed_statement(&self, entry: &DecodedEntry) -> bool {
        let Payload::Statement(signed) = entry.payload() else { return false };
        let statement = signed.statement();
        if self.statements.contains_key(&statement.id()) {
            return false;
        }
        match statement.body().generation() {
            None => statement.signer() == self.owner_root,
            Some(generation) => {
                let record = self.generations.get(&generation);
                let signed = record.is_some_and(|record| record.root == statement.signer());
                signed && self.hard_cuts_on(generation).next().is_none()
            }
        }
    }

    /// Returns the accepted member who accounts for a statement of which a device must keep
    /// one carrier; `None` if the entry carries none, or an admitted entry is one.
    pub(crate) fn signer_of_needed_statement(&self, entry: &DecodedEntry) -> Option<MemberId> {
        let Payload::Statement(signed) = entry.payload() else { return None };
        if !self.carries_needed_statement(entry) {
            return None;
        }
        let generation = signed.statement().body().generation();
        let account = |generation| self.account_of(Enrolment::First(generation), |_| None);
        Some(generation.map_or(self.owner, account))
    }

    /// Returns whether a device has an enrolment with prospects (SPEC §5.3).
    pub(crate) fn device_has_prospects(&self, device: DeviceId) -> bool {
        let mut enrolments = self.lookup.devices.get(&device).into_iter().flatten();
        enrolments.any(|enrolment| self.has_prospects(*enrolment))
    }

    /// Returns whether an enrolment is accepted and no hard cut and no revocation concerns it.
    /// A leave does not exclude: it voids only what knows of it.
    fn has_prospects(&self, enrolment: Enrolment) -> bool {
        let Some((generation, device)) = self.enrolled_device(enrolment) else { return false };
        let mut revocations = self.accepted_own_cuts(Some((generation, Some(device))));
        self.is_enrolment_accepted(enrolment)
            && self.hard_cuts_on(generation).next().is_none()
            && revocations.next().is_none()
    }

    /// Returns the accepted member who accounts for what an enrolment signs: its own member
    /// or, if the enrolment is not accepted, the one whose introductions lead to it.
    ///
    /// `known` answers for chains whose account was found before. An introduction has a
    /// larger clock than the one that enrolled its author, so the search ends.
    pub(crate) fn account_of(
        &self,
        enrolment: Enrolment,
        known: impl Fn(u32) -> Option<MemberId>,
    ) -> MemberId {
        let mut enrolment = enrolment;
        loop {
            if self.is_enrolment_accepted(enrolment) {
                return self.enrolled_member(enrolment).unwrap_or(self.owner);
            }
            if let Some(member) = self.chains_of(enrolment).iter().find_map(|c| known(*c)) {
                return member;
            }
            let introduction = match enrolment {
                Enrolment::Enrolled(id) => {
                    let statement = self.statements.get(&id);
                    let Some(generation) = statement.and_then(|s| s.body.generation()) else {
                        return self.owner;
                    };
                    enrolment = Enrolment::First(generation);
                    continue;
                }
                Enrolment::First(Generation::Card(member)) => self.first_introduction(member),
                Enrolment::First(Generation::Claim(id)) => self.introductions.get(&id),
                // Only the owner's binds enrol.
                Enrolment::First(Generation::Bind(_)) => None,
            };
            let Some(introduction) = introduction else { return self.owner };
            enrolment = introduction.author;
        }
    }

    /// Returns the accepted member who accounts for what a device signs: of several enrolments
    /// for one with prospects, else for an accepted one. `None` if no entry enrols the device.
    pub(crate) fn account_of_device(&self, device: DeviceId) -> Option<MemberId> {
        let enrolments = self.lookup.devices.get(&device)?;
        let with_prospects = enrolments.iter().find(|e| self.has_prospects(**e));
        let accepted = || enrolments.iter().find(|e| self.is_enrolment_accepted(**e));
        let enrolment = with_prospects.or_else(accepted).or_else(|| enrolments.first())?;
        Some(self.account_of(*enrolment, |_| None))
    }

    /// Returns whether an epoch entry with this topic and commitment is admitted.
    pub(crate) fn knows_epoch(&self, epoch: &Epoch) -> bool {
        self.epochs.contains(&UsableEpoch::new(epoch.topic(), epoch.commit()))
    }

    /// Returns the first `add member` of a member in the total order.
    fn first_introduction(&self, member: MemberId) -> Option<&Introduction> {
        let ids = self.members.get(&member)?.introductions.iter();
        let found = ids.filter_map(|id| Some((id, self.introductions.get(id)?)));
        let adds = found.filter(|(_, i)| i.kind == IntroductionKind::Add);
        adds.min_by_key(|(id, i)| (i.clock, **id)).map(|(_, introduction)| introduction)
    }
}
