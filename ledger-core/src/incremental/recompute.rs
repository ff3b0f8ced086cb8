//! Recomputation of verdicts on statements and introductions of affected members
//! (SPEC §6.4, §6.5).
//!
//! The order of three steps matters. Each reads what the step before decided, as the
//! steps of the resolution do:
//!
//! 1. rejections of self statements, which read hard cuts only. They can change only
//!    when a removal or bind arrives;
//! 2. acceptance of members and introductions, which reads rejections (of binds, of
//!    enrolments, of own cuts);
//! 3. final verdicts of statements, which read whether generations are accepted.

use std::collections::BTreeSet;

use super::authority_state::AuthorityState;
use super::records::{IntroductionKind, StatementRecord};
use crate::base::id::{EntryId, MemberId, StatementId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Verdict, VoidReason};

impl AuthorityState {
    /// Step 1 of 3: recomputes whether steps 1 and 3 of the resolution reject the
    /// statements about some members.
    pub(super) fn recompute_rejections(&mut self, members: &BTreeSet<MemberId>) {
        let mut revocations = BTreeSet::new();
        for id in self.statements_about(members) {
            let Some(statement) = self.statements.get(&id) else { continue };
            let rejection = self.statement_rejection(statement);
            if let Some(statement) = self.statements.get_mut(&id)
                && statement.rejection != rejection
            {
                statement.rejection = rejection;
                if let StatementBody::Revoke { generation, device } = statement.body {
                    revocations.insert((generation, device));
                }
            }
        }
        revocations.into_iter().for_each(|device| self.recompute_unrevoked(device));
    }

    /// Steps 2 and 3 of 3: recomputes acceptance, then the verdicts on statements. The
    /// set must be closed under dependence, see [`Affected`](super::affected::Affected).
    pub(super) fn recompute_verdicts(&mut self, members: &BTreeSet<MemberId>) {
        self.recompute_acceptance(members);
        for statement in self.statements_about(members) {
            self.recompute_statement_verdict(statement);
        }
    }

    /// Recomputes step 4 for these members: which of them, and which introductions of
    /// them, are accepted. Everybody else keeps their acceptance, since nothing about
    /// them depends on these members.
    ///
    /// Step 4 is a least fixpoint, so it begins with nothing accepted: every
    /// introduction void, every member accepted only by the genesis entry or a bind.
    /// Then each introduction is judged, and again whenever a member is accepted on
    /// whom it depends. Verdicts only go from void to applied, so this ends, and the
    /// order in which introductions are judged does not change the result.
    fn recompute_acceptance(&mut self, members: &BTreeSet<MemberId>) {
        let mut introductions = BTreeSet::new();
        for member in members {
            let accepted = self.is_accepted_without_introduction(*member);
            if let Some(record) = self.members.get_mut(member) {
                record.accepted = accepted;
                introductions.extend(record.introductions.iter().copied());
            }
        }
        for id in &introductions {
            if let Some(introduction) = self.introductions.get_mut(id) {
                let reason = introduction.fault.unwrap_or(VoidReason::EnrolmentVoid);
                introduction.verdict = Verdict::Void(reason);
            }
        }
        let mut to_judge = introductions.clone();
        while let Some(id) = to_judge.pop_first() {
            let dependent = self.recompute_introduction(id);
            to_judge.extend(dependent.into_iter().filter(|id| introductions.contains(id)));
        }
    }

    /// Returns whether the genesis entry or an accepted bind accepts a member.
    fn is_accepted_without_introduction(&self, member: MemberId) -> bool {
        let Some(record) = self.members.get(&member) else { return false };
        let cuts = self.lookup.hard_cuts.get(&member).into_iter().flatten();
        let mut cuts = cuts.filter_map(|id| self.statements.get(id));
        let is_accepted_bind = |cut: &StatementRecord| {
            matches!(cut.body, StatementBody::Bind { .. }) && cut.rejection.is_none()
        };
        record.in_genesis || cuts.any(is_accepted_bind)
    }

    /// Recomputes the verdict on an introduction. If that makes a member or a
    /// generation accepted, returns the introductions that depend on it.
    fn recompute_introduction(&mut self, id: EntryId) -> Vec<EntryId> {
        let Some(introduction) = self.introductions.get(&id) else { return Vec::new() };
        let (verdict, kind) = (self.introduction_verdict(introduction), introduction.kind);
        let (before, member) = (introduction.verdict, introduction.member);
        if let Some(introduction) = self.introductions.get_mut(&id) {
            introduction.verdict = verdict;
        }
        let Some(member) = member.filter(|_| verdict.is_applied() && !before.is_applied()) else {
            return Vec::new();
        };
        let mut dependent = Vec::new();
        let generation = if kind == IntroductionKind::Claim {
            // A claim accepts its own generation, never its member.
            Generation::Claim(id)
        } else {
            let record = self.members.get_mut(&member).filter(|record| !record.accepted);
            let Some(record) = record else { return dependent };
            record.accepted = true;
            // All other adds and placeholders of an accepted member are applied, too.
            dependent.extend(record.introductions.iter().copied());
            Generation::Card(member)
        };
        for enrolment in self.enrolments_of_generation(generation) {
            dependent.extend(self.lookup.authored.get(&enrolment).into_iter().flatten());
        }
        dependent
    }

    /// Recomputes the verdict on a statement: void with its rejection, else void with
    /// reason 50 if it is a self statement of a generation that is not accepted.
    pub(super) fn recompute_statement_verdict(&mut self, id: StatementId) -> Verdict {
        let Some(statement) = self.statements.get(&id) else { return Verdict::Applied };
        let generation = statement.body.generation();
        let accepted = generation.is_none_or(|g| self.is_generation_accepted(g));
        let void = statement.rejection.or((!accepted).then_some(VoidReason::StartVoid));
        let verdict = void.map_or(Verdict::Applied, Verdict::Void);
        if let Some(statement) = self.statements.get_mut(&id) {
            statement.verdict = verdict;
        }
        verdict
    }
}
