//! Faults: what is wrong with an entry by itself and its own past (SPEC §6.1).

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::keys::Keys;
use super::records::IntroductionKind;
use crate::entry::DecodedEntry;
use crate::id::{EntryId, MemberId};
use crate::payload::{Payload, RefIndex};
use crate::statement::{Statement, StatementBody};
use crate::verdict::{Enrolment, VoidReason};

/// The entry that a payload names.
fn reference(entry: &DecodedEntry, index: RefIndex) -> Option<&EntryId> {
    entry.header().refs().get(index.as_usize())
}

impl AuthorityState {
    /// The first fault of an introduction.
    pub(super) fn introduction_fault(
        &self,
        entry: &DecodedEntry,
        author: Enrolment,
        facts: &Ancestry,
    ) -> Option<VoidReason> {
        let author = self.member(author);
        match entry.payload() {
            Payload::AddMember(_) => self.reused(Keys::of(entry), facts),
            Payload::Placeholder(placeholder) => {
                let card = placeholder.card();
                if card.scope() != self.group.as_bytes() && *card.scope() != self.salt {
                    return Some(VoidReason::WrongCard);
                }
                (author != Some(card.introducer())).then_some(VoidReason::NotTheIntroducer)
            }
            Payload::Claim(claim) => {
                let introducer = match self.sound(entry, claim.target()) {
                    None => return Some(VoidReason::UnknownMember),
                    Some((IntroductionKind::Placeholder(introducer), _)) => Some(introducer),
                    Some(_) => None,
                };
                if introducer.is_none() || introducer != author {
                    return Some(VoidReason::NotTheIntroducer);
                }
                self.reused(Keys::of(entry), facts)
            }
            Payload::Adopt(target) => match self.sound(entry, *target) {
                None => Some(VoidReason::UnknownMember),
                Some((_, member)) => (author == Some(member)).then_some(VoidReason::AdoptsItself),
            },
            _ => None,
        }
    }

    /// The introduction without a fault that a payload names, and whom it
    /// introduces.
    fn sound(
        &self,
        entry: &DecodedEntry,
        target: RefIndex,
    ) -> Option<(IntroductionKind, MemberId)> {
        let target = self.introductions.get(reference(entry, target)?)?;
        let sound = target.fault.is_none() && target.manner.introduces();
        target.member.filter(|_| sound).map(|member| (target.manner, member))
    }

    /// The first fault of a statement, whose base reaches as far as the facts
    /// say.
    pub(super) fn statement_fault(&self, act: &Statement, facts: &Ancestry) -> Option<VoidReason> {
        if act.body().generation().is_none() && act.signer() != self.owner_root {
            return Some(VoidReason::NotSignedByOwner);
        }
        match act.body() {
            StatementBody::Remove { member } => self.target_fault(*member, false, facts),
            StatementBody::Bind { member, .. } => self
                .target_fault(*member, true, facts)
                .or_else(|| self.reused(Keys::of_act(act), facts)),
            StatementBody::Enrol { .. } => self.reused(Keys::of_act(act), facts),
            _ => None,
        }
    }

    fn target_fault(&self, member: MemberId, bind: bool, facts: &Ancestry) -> Option<VoidReason> {
        if member == self.owner {
            return Some(VoidReason::TargetIsOwner);
        }
        let known = self.introducing(member).any(|place| {
            // A bind vouches for the introduction, so that must be sound.
            let sound = || self.introductions.get(&place.id).is_some_and(|i| i.fault.is_none());
            facts.reach.covers(place.point) && (!bind || sound())
        });
        (!known).then_some(VoidReason::UnknownMember)
    }

    /// A key may be introduced once in any causal past.
    fn reused(&self, keys: Option<Keys>, facts: &Ancestry) -> Option<VoidReason> {
        facts.reach.covers_any(&self.rivals(keys?)).then_some(VoidReason::KeyReused)
    }
}
