//! Letting somebody in who asked.

use std::io::Write;
use std::ops::ControlFlow;

use ledger_core::bundle::{MAX_RECORD_BYTES, frame};
use ledger_core::engine::Payload;
use ledger_core::keys::DeviceKey;
use ledger_core::messages::invite::{JoinAnswer, JoinRequest};
use ledger_core::{EntryId, MemberId};

use super::requests::{RequestId, mark};
use crate::environment::random;
use crate::group::GroupTransaction;
use crate::{Exported, Group, NewEntry, Progress, Proposal, Since, StatementIntent, StoreError};

/// Somebody was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The entry that did it.
    pub entry: EntryId,
    /// What to send back, with a bundle of the group: the person's device takes
    /// it with [`Store::finish_join`](crate::Store::finish_join).
    pub answer: Vec<u8>,
}

/// By which entry somebody gets in.
pub(super) enum Way {
    /// As a new member.
    Add,
    /// In the place of a placeholder that this device's member introduced.
    Claim(MemberId),
    /// In somebody's place, by the owner's word: earlier keys end.
    Bind(MemberId),
}

impl Group {
    /// What admitting a request would bring about, if the owner must sign it: it
    /// gives somebody's place to new keys. None if the person just joins, or
    /// takes the place of a placeholder that this member introduced.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if it does not wait here;
    /// [`StoreError::WouldBeVoid`] if this device's person is not the owner.
    pub fn propose_admission(&self, id: RequestId) -> Result<Option<Proposal>, StoreError> {
        let kept = self.waiting(id)?;
        match self.write(|writer| self.way(writer, kept.claims))? {
            Way::Add | Way::Claim(_) => Ok(None),
            Way::Bind(member) => {
                let card = Box::new(kept.request.card().clone());
                self.propose(StatementIntent::Bind { member, card, since: None }).map(Some)
            }
        }
    }

    /// Lets in who asked. `proposal` is what [`Group::propose_admission`] gave,
    /// after a person has seen it.
    ///
    /// # Errors
    /// [`StoreError::NeedsProposal`] if one is needed,
    /// [`StoreError::ProposalOutdated`] if it is for another request or would
    /// bring about something else by now. Otherwise as [`Group::append`].
    pub fn admit(
        &self,
        id: RequestId,
        proposal: Option<&Proposal>,
    ) -> Result<Admitted, StoreError> {
        let kept = self.waiting(id)?;
        let device = self.signing_key()?;
        let Some(proposal) = proposal else {
            return self.write(|writer| {
                let way = self.way(writer, kept.claims)?;
                let entry = self.let_in(writer, &device, &way, &kept.request)?;
                mark(writer.connection(), id, entry)?;
                self.answer(writer, &kept.request, entry)
            });
        };
        let is_this = matches!(proposal.act(), StatementIntent::Bind { member, card, since: None }
            if Some(*member) == kept.claims && **card == *kept.request.card());
        if !is_this {
            return Err(StoreError::ProposalOutdated);
        }
        self.sign_and(proposal, |writer, entry| {
            mark(writer.connection(), id, entry)?;
            self.answer(writer, &kept.request, entry)
        })
    }

    /// Writes the answer and a bundle of all entries into one file, for the person
    /// who was let in: the first record is the answer, which other readers of
    /// bundles skip. The genesis entry of a successor group of many hundred
    /// people makes an answer that no record holds; it travels beside the bundle.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if the answer is that large or `out` fails, and as
    /// [`Group::export_bundle`].
    pub fn write_answer(
        &self,
        admitted: &Admitted,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Exported, StoreError> {
        if admitted.answer.len() > MAX_RECORD_BYTES {
            return Err(StoreError::Bundle(std::io::ErrorKind::FileTooLarge.into()));
        }
        out.write_all(&frame(&admitted.answer)).map_err(StoreError::Bundle)?;
        self.export_bundle(Since::Beginning, out, progress)
    }

    /// By which entry somebody who has a claim on `claims` would get in.
    pub(super) fn way(
        &self,
        writer: &GroupTransaction<'_>,
        claims: Option<MemberId>,
    ) -> Result<Way, StoreError> {
        let Some(member) = claims else { return Ok(Way::Add) };
        let state = writer.ledger().state();
        let place = state.member(member).filter(|member| member.is_placeholder());
        let first = state.first_introduction(member);
        let (Some(_), Some(first)) = (place, first) else { return Ok(Way::Bind(member)) };
        let me = state.device_owner(self.device());
        let introducer = match writer.stored(first)?.decoded().payload() {
            Payload::Placeholder(placeholder) => Some(placeholder.card().introducer()),
            _ => None,
        };
        Ok(if introducer.is_some() && introducer == me {
            Way::Claim(member)
        } else {
            Way::Bind(member)
        })
    }

    pub(super) fn let_in(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        way: &Way,
        request: &JoinRequest,
    ) -> Result<EntryId, StoreError> {
        let card = Box::new(request.card().clone());
        let entry = match way {
            Way::Add => NewEntry::Member { card },
            Way::Claim(member) => NewEntry::Claim { member: *member, card },
            Way::Bind(member) => return Err(StoreError::NeedsProposal(*member)),
        };
        self.record(writer, device, &entry)
    }

    /// Seals the answer to a request that was granted.
    pub(super) fn answer(
        &self,
        writer: &GroupTransaction<'_>,
        request: &JoinRequest,
        entry: EntryId,
    ) -> Result<Admitted, StoreError> {
        let genesis = writer.genesis(self.id())?;
        let seed = random(writer.environment())?;
        let answer = JoinAnswer { genesis: &genesis, admitted_by: entry };
        let answer = answer.seal(request.card().card(), &seed)?;
        Ok(Admitted { entry, answer })
    }
}
