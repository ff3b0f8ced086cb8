//! Faults of introductions and statements (SPEC §6.1).
//!
//! A fault follows from an entry and its own past, of a statement from its base and
//! the past of the base. No verdict plays a part. So a fault is found once, when the
//! entry arrives, and never changes.

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::keys::IntroducedKeys;
use super::records::IntroductionKind;
use crate::base::id::{EntryId, MemberId};
use crate::entry::DecodedEntry;
use crate::payload::{Payload, RefIndex};
use crate::statement::{Statement, StatementBody};
use crate::verdict::{Enrolment, VoidReason};

/// Returns the entry that a payload names by an index into the refs.
fn reference(entry: &DecodedEntry, index: RefIndex) -> Option<&EntryId> {
    entry.header().refs().get(index.as_usize())
}

impl AuthorityState {
    /// Returns the first fault of an introduction, in the order of SPEC §6.1.
    pub(super) fn introduction_fault(
        &self,
        entry: &DecodedEntry,
        author: Enrolment,
        ancestry: &Ancestry,
    ) -> Option<VoidReason> {
        let author = self.enrolled_member(author);
        match entry.payload() {
            Payload::AddMember(_) => {
                self.key_reuse_fault(IntroducedKeys::of_entry(entry), ancestry)
            }
            Payload::Placeholder(placeholder) => {
                let card = placeholder.card();
                if card.scope() != self.group.as_bytes() && *card.scope() != self.salt {
                    return Some(VoidReason::WrongCard);
                }
                let Some(introducer) = card.introducer() else {
                    return (*card.scope() != self.salt).then_some(VoidReason::WrongCard);
                };
                (author != Some(introducer)).then_some(VoidReason::NotTheIntroducer)
            }
            Payload::Claim(claim) => {
                let introducer = match self.faultless_introduction(entry, claim.target()) {
                    None => return Some(VoidReason::UnknownMember),
                    Some((IntroductionKind::Placeholder(introducer), _)) => introducer,
                    Some(_) => None,
                };
                if introducer.is_none() || introducer != author {
                    return Some(VoidReason::NotTheIntroducer);
                }
                self.key_reuse_fault(IntroducedKeys::of_entry(entry), ancestry)
            }
            Payload::Adopt(target) => match self.faultless_introduction(entry, *target) {
                None => Some(VoidReason::UnknownMember),
                Some((_, member)) => (author == Some(member)).then_some(VoidReason::AdoptsItself),
            },
            _ => None,
        }
    }

    /// Returns kind and member of the introduction that a payload names, or `None` if
    /// it introduces nobody or has a fault.
    fn faultless_introduction(
        &self,
        entry: &DecodedEntry,
        target: RefIndex,
    ) -> Option<(IntroductionKind, MemberId)> {
        let target = self.introductions.get(reference(entry, target)?)?;
        let faultless = target.fault.is_none() && target.kind.introduces();
        target.member.filter(|_| faultless).map(|member| (target.kind, member))
    }

    /// Returns the first fault of a statement, in the order of SPEC §6.1. The ancestry
    /// is that of its base.
    pub(super) fn statement_fault(
        &self,
        statement: &Statement,
        ancestry: &Ancestry,
    ) -> Option<VoidReason> {
        let keys = IntroducedKeys::of_statement(statement);
        if statement.body().generation().is_none() && statement.signer() != self.owner_root {
            return Some(VoidReason::NotSignedByOwner);
        }
        match statement.body() {
            StatementBody::Remove { member } => self.target_fault(*member, false, ancestry),
            StatementBody::Bind { member, .. } => self
                .target_fault(*member, true, ancestry)
                .or_else(|| self.key_reuse_fault(keys, ancestry)),
            StatementBody::Enrol { .. } => self.key_reuse_fault(keys, ancestry),
            _ => None,
        }
    }

    /// Returns what is wrong with the target of a removal or bind.
    fn target_fault(
        &self,
        member: MemberId,
        is_bind: bool,
        ancestry: &Ancestry,
    ) -> Option<VoidReason> {
        if member == self.owner {
            return Some(VoidReason::TargetIsOwner);
        }
        let known = self.entries_introducing(member).any(|entry| {
            // A bind vouches for the introduction, so that must have no fault.
            let sound = || !self.has_fault(&entry.id);
            ancestry.past.covers(entry.position) && (!is_bind || sound())
        });
        (!known).then_some(VoidReason::UnknownMember)
    }

    /// Returns the fault of keys that another entry in the same past introduces for
    /// another purpose. A key may be introduced once in any causal past.
    fn key_reuse_fault(
        &self,
        keys: Option<IntroducedKeys>,
        ancestry: &Ancestry,
    ) -> Option<VoidReason> {
        let others = self.other_introductions_of(keys?);
        ancestry.past.covers_any(&others).then_some(VoidReason::KeyReused)
    }
}
