//! Cuts: which statements concern an enrolment, and which entries they void
//! (SPEC §6.3, §6.4).

use super::authority_state::AuthorityState;
use super::records::StatementRecord;
use crate::base::id::DeviceId;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{ChainPosition, Enrolment, VoidReason};

impl AuthorityState {
    /// Step 2: returns whether a removal or bind concerns a generation of its target.
    fn concerns(&self, cut: &StatementRecord, generation: Generation) -> bool {
        let bind = match generation {
            // A generation started by a card or a claim has no exception.
            Generation::Card(_) | Generation::Claim(_) => return true,
            Generation::Bind(id) => match self.statements.get(&id) {
                Some(bind) => bind,
                None => return true,
            },
        };
        // Exceptions 1 and 2: the generation that the cut starts itself, and one
        // started by a bind that has the cut within it.
        if bind.id == cut.id || bind.within.contains(&cut.id) {
            return false;
        }
        // Exception 3: of binds that do not know of each other, the larger stays.
        let cut_is_bind = matches!(cut.body, StatementBody::Bind { .. });
        let concurrent = !cut.within.contains(&bind.id);
        !(cut_is_bind && concurrent && bind.order() > cut.order())
    }

    /// Returns the accepted hard cuts that concern a generation.
    pub(super) fn hard_cuts_on(
        &self,
        generation: Generation,
    ) -> impl Iterator<Item = &StatementRecord> {
        let member = self.generations.get(&generation).map(|record| record.member);
        let cuts = member.and_then(|member| self.lookup.hard_cuts.get(&member));
        cuts.into_iter()
            .flatten()
            .filter_map(|id| self.statements.get(id))
            .filter(move |cut| cut.is_hard_cut() && self.concerns(cut, generation))
    }

    /// Returns all accepted cuts that concern an enrolment: hard cuts, revocations,
    /// leaves.
    pub(super) fn cuts_on(&self, enrolment: Enrolment) -> impl Iterator<Item = &StatementRecord> {
        let generation = self.enrolled_device(enrolment).map(|(generation, _)| generation);
        let hard = generation.into_iter().flat_map(|generation| self.hard_cuts_on(generation));
        hard.chain(self.own_cuts_on(enrolment))
    }

    /// Returns the accepted revocations and leaves that concern an enrolment.
    pub(super) fn own_cuts_on(
        &self,
        enrolment: Enrolment,
    ) -> impl Iterator<Item = &StatementRecord> {
        let enrolled = self.enrolled_device(enrolment);
        let revocations = enrolled.map(|(generation, device)| (generation, Some(device)));
        let leaves = enrolled.map(|(generation, _)| (generation, None));
        self.accepted_own_cuts(revocations).chain(self.accepted_own_cuts(leaves))
    }

    /// Returns the accepted revocations of a device of a generation or, without a
    /// device, the accepted leaves of the generation.
    pub(super) fn accepted_own_cuts(
        &self,
        subject: Option<(Generation, Option<DeviceId>)>,
    ) -> impl Iterator<Item = &StatementRecord> {
        let cuts = subject.and_then(|subject| self.lookup.own_cuts.get(&subject));
        let cuts = cuts.into_iter().flatten().filter_map(|id| self.statements.get(id));
        cuts.filter(|cut| cut.rejection.is_none())
    }

    /// Returns the generation of an enrolment, or `None` if the group has no cut at
    /// all.
    ///
    /// Every entry asks whether it is cut, and most groups never removed anybody. Then
    /// the answer costs two comparisons.
    pub(super) fn cuttable_generation(&self, enrolment: Enrolment) -> Option<Generation> {
        if self.lookup.hard_cuts.is_empty() && self.lookup.own_cuts.is_empty() {
            return None;
        }
        self.enrolled_device(enrolment).map(|(generation, _)| generation)
    }

    /// Returns the reason of the first cut on what an enrolment signed at a position:
    /// hard cuts, then revocations, then leaves.
    pub(super) fn first_cut(
        &self,
        enrolment: Enrolment,
        position: ChainPosition,
    ) -> Option<VoidReason> {
        let generation = self.cuttable_generation(enrolment)?;
        if self.hard_cuts_on(generation).any(|cut| cut.cuts(position)) {
            return Some(VoidReason::HardCut);
        }
        let reason = |cut: &StatementRecord| match cut.body {
            StatementBody::Leave { .. } => VoidReason::Left,
            _ => VoidReason::Revoked,
        };
        self.own_cuts_on(enrolment).filter(|cut| cut.cuts(position)).map(reason).min()
    }

    /// Counts the entries of an enrolment that are outside of a cut that concerns it.
    ///
    /// What a cut voids on a chain is a suffix, so the smallest first `seq` decides.
    pub(crate) fn count_entries_outside_cuts(&self, enrolment: Enrolment) -> u64 {
        let cuts: Vec<&StatementRecord> = self.cuts_on(enrolment).collect();
        let counts = self.chains_of(enrolment).iter().filter_map(|number| {
            let from = cuts.iter().filter_map(|cut| cut.cuts_from(*number)).min()?;
            Some(self.chain(*number)?.count_from(from))
        });
        counts.fold(0, u64::saturating_add)
    }
}
