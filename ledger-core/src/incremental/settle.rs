//! Step 4 for the people whom a change concerns: the least fixpoint, anew
//! (SPEC §6.5).

use std::collections::BTreeSet;

use super::authority_state::AuthorityState;
use super::records::{Introduction, IntroductionKind, StatementRecord};
use crate::id::{EntryId, MemberId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::{Enrolment, Verdict, VoidReason};

/// Whose verdicts may change.
#[derive(Clone, Debug, Default)]
pub(super) struct Affected {
    pub(super) members: BTreeSet<MemberId>,
    pub(super) enrolments: BTreeSet<Enrolment>,
}

impl AuthorityState {
    /// The members and enrolments that hang on these: with a member, all the
    /// member's enrolments; with an enrolment, all whom it introduced, claimed
    /// or adopted.
    pub(super) fn affected(
        &self,
        members: impl IntoIterator<Item = MemberId>,
        enrolments: impl IntoIterator<Item = Enrolment>,
    ) -> Affected {
        let mut affected = Affected::default();
        let mut members: Vec<MemberId> = members.into_iter().collect();
        let mut enrolments: Vec<Enrolment> = enrolments.into_iter().collect();
        loop {
            if let Some(member) = members.pop() {
                if affected.members.insert(member) {
                    let person = self.people.get(&member);
                    let generations = person.into_iter().flat_map(|person| &person.generations);
                    enrolments.extend(generations.flat_map(|g| self.enrolments_of(*g)));
                }
            } else if let Some(enrolment) = enrolments.pop() {
                if affected.enrolments.insert(enrolment) {
                    let authored = self.lookup.authored.get(&enrolment).into_iter().flatten();
                    let introductions = authored.filter_map(|id| self.introductions.get(id));
                    members.extend(introductions.filter_map(|i| i.member));
                }
            } else {
                return affected;
            }
        }
    }

    /// Works out anew who of these members is accepted. Everybody else stands
    /// as before: nothing about them hangs on these.
    pub(super) fn settle(&mut self, members: &BTreeSet<MemberId>) {
        let mut ids = BTreeSet::new();
        for member in members {
            let accepted = self.is_accepted_anyway(*member);
            if let Some(person) = self.people.get_mut(member) {
                person.accepted = accepted;
                ids.extend(person.introductions.iter().copied());
            }
        }
        // Least: nothing is accepted until something accepted makes it so.
        for id in &ids {
            if let Some(introduction) = self.introductions.get_mut(id) {
                let bottom = introduction.fault.unwrap_or(VoidReason::EnrolmentVoid);
                introduction.verdict = Verdict::Void(bottom);
            }
        }
        // Each is judged once, and again when somebody it hangs on is accepted.
        let mut open = ids.clone();
        while let Some(id) = open.pop_first() {
            open.extend(self.settle_one(id).into_iter().filter(|id| ids.contains(id)));
        }
    }

    /// By the genesis entry, or by an accepted bind.
    fn is_accepted_anyway(&self, member: MemberId) -> bool {
        let Some(person) = self.people.get(&member) else { return false };
        let cuts = self.lookup.hard_cuts.get(&member).into_iter().flatten();
        let mut cuts = cuts.filter_map(|digest| self.statements.get(digest));
        let binds = |cut: &StatementRecord| {
            matches!(cut.body, StatementBody::Bind { .. }) && cut.standing.is_none()
        };
        person.original || cuts.any(binds)
    }

    /// Judges an introduction; the ones that hang on it if it makes somebody
    /// accepted.
    fn settle_one(&mut self, id: EntryId) -> Vec<EntryId> {
        let Some(introduction) = self.introductions.get(&id) else { return Vec::new() };
        let (verdict, manner) = (self.introduction_verdict(introduction), introduction.manner);
        let (was, member) = (introduction.verdict, introduction.member);
        if let Some(introduction) = self.introductions.get_mut(&id) {
            introduction.verdict = verdict;
        }
        let Some(member) = member.filter(|_| verdict.is_applied() && !was.is_applied()) else {
            return Vec::new();
        };
        let mut hanging = Vec::new();
        let started = if manner == IntroductionKind::Claim {
            Generation::Claim(id)
        } else {
            let person = self.people.get_mut(&member).filter(|person| !person.accepted);
            let Some(person) = person else { return hanging };
            person.accepted = true;
            hanging.extend(person.introductions.iter().copied());
            Generation::Card(member)
        };
        for enrolment in self.enrolments_of(started) {
            hanging.extend(self.lookup.authored.get(&enrolment).into_iter().flatten());
        }
        hanging
    }

    /// The verdict of an introduction, given who is accepted now.
    pub(super) fn introduction_verdict(&self, introduction: &Introduction) -> Verdict {
        if let Some(fault) = introduction.fault {
            return Verdict::Void(fault);
        }
        // Adoption speaks for the card that the MemberId is the digest of: for
        // adds and placeholders, not for claims, whose card it does not cover.
        let adoptable =
            matches!(introduction.manner, IntroductionKind::Add | IntroductionKind::Placeholder(_));
        let person = introduction.member.and_then(|member| self.people.get(&member));
        if adoptable && person.is_some_and(|person| person.accepted) {
            return Verdict::Applied;
        }
        self.judge(introduction.author, introduction.point).map_or(Verdict::Applied, Verdict::Void)
    }
}
