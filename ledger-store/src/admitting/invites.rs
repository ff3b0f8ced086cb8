//! The invites of a group, and the requests to join by them.

use std::io::Write;
use std::ops::ControlFlow;

use ledger_core::DraftError;
use ledger_core::messages::invite::{InviteId, InviteLink, InviteSecret};

use super::invite_rows::{self, Invite, NewInvite};
use super::request_rows::{self, Request, RequestId};
use super::{Admitted, admit};
use crate::StoreError;
use crate::platform::environment::random;
use crate::platform::progress::Progress;
use crate::sealed::Exported;
use crate::secrets::{Secret, SecretName};
use crate::session::GroupSession;
use crate::statements::Proposal;

/// Invites of one group, and admission of the people who ask by them. Borrowed from a `Group`.
#[derive(Clone, Copy)]
pub struct Invites<'a> {
    group: &'a GroupSession,
}

impl<'a> Invites<'a> {
    pub(crate) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// Makes an invite. Its secret is durable before the link exists.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if it is for a member whom the group does not know,
    /// [`StoreError::ApprovalRequired`] if that member has keys and the invite requires no
    /// approval, [`StoreError`] if the database or the secrets cannot be used.
    pub fn create(&self, new: &NewInvite) -> Result<InviteLink, StoreError> {
        if let Some(member) = new.for_member {
            let ledger = self.group.ledger()?;
            let known = ledger.state().member(member).ok_or(DraftError::UnknownMember(member))?;
            if !new.requires_approval && !known.is_placeholder() {
                return Err(StoreError::ApprovalRequired(member));
            }
        }
        let session = &self.group.session;
        let bytes = random::<32>(session.environment())?;
        let secret = InviteSecret::from_bytes(*bytes);
        let name = SecretName::invite(&secret.id());
        session.secrets_to_write()?.set(&name, &Secret::new(bytes.to_vec()))?;
        let now_ms = session.environment().now_ms();
        let id = secret.id();
        let row = (
            self.group.key.0,
            id.as_bytes(),
            &new.note,
            new.requires_approval,
            new.max_uses,
            new.expires_ms,
            new.for_member.as_ref().map(|member| member.as_bytes().as_slice()),
            now_ms,
        );
        let stored = session.write(|connection| {
            let sql = "INSERT INTO invites
                 (grp, id, label, asks, uses, expires_ms, claims, made_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            Ok(connection.execute(sql, row)?)
        });
        if let Err(error) = stored {
            // The error of the database says more than one of removing a secret of no invite.
            let _ = session.secrets().remove(&name);
            return Err(error);
        }
        Ok(secret.link(self.group.id))
    }

    /// The invites of this group that were made on this device, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn list(&self) -> Result<Vec<Invite>, StoreError> {
        invite_rows::list(self.group)
    }

    /// The link of an invite, to show it once more.
    ///
    /// # Errors
    /// [`StoreError::UnknownInvite`] if it was cancelled or is not of this group
    /// and device.
    pub fn link(&self, id: InviteId) -> Result<InviteLink, StoreError> {
        let session = &self.group.session;
        let found = invite_rows::find(session, id)?;
        if found.group != self.group.key {
            return Err(StoreError::UnknownInvite);
        }
        Ok(invite_rows::secret(session, id)?.link(self.group.id))
    }

    /// Cancels an invite: its link can no longer be used, and people who asked with it have to
    /// ask again. People who joined with it stay.
    ///
    /// # Errors
    /// [`StoreError::UnknownInvite`] if it was cancelled before or is not of
    /// this group and device.
    pub fn cancel(&self, id: InviteId) -> Result<(), StoreError> {
        let (session, group) = (&self.group.session, self.group.key.0);
        session.write(|connection| {
            let tx = connection.transaction()?;
            tx.execute(
                "DELETE FROM requests WHERE inv IN
                     (SELECT inv FROM invites WHERE id = ?1 AND grp = ?2)",
                (id.as_bytes(), group),
            )?;
            let gone = tx.execute(
                "DELETE FROM invites WHERE id = ?1 AND grp = ?2",
                (id.as_bytes(), group),
            )?;
            if gone == 0 {
                return Err(StoreError::UnknownInvite);
            }
            Ok(tx.commit()?)
        })?;
        Ok(session.secrets().remove(&SecretName::invite(&id))?)
    }

    /// The requests that wait to be admitted or declined, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn join_requests(&self) -> Result<Vec<Request>, StoreError> {
        request_rows::list(self.group)
    }

    /// Declines a request. The person is not told, and cannot ask again with the same keys by
    /// this invite.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if it does not wait in this group.
    pub fn decline(&self, id: RequestId) -> Result<(), StoreError> {
        request_rows::decline(self.group, id)
    }

    /// The proposal that the owner must sign to admit a request: it gives the identity of a
    /// member to new keys. None if the person becomes a new member, or takes over a placeholder
    /// that this device's member introduced.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if it does not wait here;
    /// [`StoreError::WouldBeVoid`] if this device's person is not the owner.
    pub fn propose_admission(&self, id: RequestId) -> Result<Option<Proposal>, StoreError> {
        admit::propose_admission(self.group, id)
    }

    /// Admits a person who asked. `proposal` is the result of [`Invites::propose_admission`],
    /// after a person has seen it.
    ///
    /// # Errors
    /// [`StoreError::NeedsProposal`] if one is needed,
    /// [`StoreError::ProposalOutdated`] if it is for another request or would
    /// bring about something else by now. Otherwise as `GroupEntries::append`.
    pub fn admit(
        &self,
        id: RequestId,
        proposal: Option<&Proposal>,
    ) -> Result<Admitted, StoreError> {
        admit::admit(self.group, id, proposal)
    }

    /// Writes the answer and a bundle of all entries into one file, for the person
    /// who was admitted: the first record is the answer, which other readers of
    /// bundles skip. The genesis entry of a successor group of many hundred
    /// people makes an answer that no record holds; it travels beside the bundle.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if the answer is that large or `out` fails, and as
    /// `Bundles::export`.
    pub fn write_welcome(
        &self,
        admitted: &Admitted,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Exported, StoreError> {
        admit::write_welcome(self.group, admitted, out, progress)
    }
}
