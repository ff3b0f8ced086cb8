//! Invites and joins, by messages that travel in any way.

use std::sync::Arc;

use ledger_core::InviteLink;
use ledger_store::{NewInvite, Received, Request};

use super::{LedgerGroup, Proposal};
use crate::LedgerError;
use crate::ledger::Ledger;
use crate::timestamp::shown;

/// An invite to be made.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InvitePolicy {
    /// For the list of invites, such as the name of whom it is for. Stays on
    /// this device.
    pub label: String,
    /// Whether this device's person is asked before somebody is admitted.
    /// Otherwise whoever has the link is in.
    #[uniffi(default = true)]
    pub asks: bool,
    /// How many people may join by it; as many as come if none.
    #[uniffi(default = None)]
    pub uses: Option<u32>,
    /// When it ends, by this device's clock, in milliseconds since 1970 UTC.
    #[uniffi(default = None)]
    pub expires_ms: Option<u64>,
    /// The id of the member whose place the joiner takes: a placeholder's, or
    /// that of a member who lost all keys. A new member if none.
    #[uniffi(default = None)]
    pub claims: Option<String>,
}

/// An invite that was made on this device.
#[derive(uniffi::Object)]
pub struct Invite {
    invite: ledger_store::Invite,
}

/// What an invite is like.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InviteInfo {
    /// What it was made with.
    pub policy: InvitePolicy,
    /// When it was made, in milliseconds since 1970 UTC.
    pub made_ms: i64,
    /// How many people have joined by it.
    pub used: u32,
    /// How many people ask to.
    pub waiting: u32,
}

#[uniffi::export]
impl Invite {
    /// What it is like, when it was listed.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn info(&self) -> Result<InviteInfo, LedgerError> {
        let policy = &self.invite.policy;
        Ok(InviteInfo {
            policy: InvitePolicy {
                label: policy.note.clone(),
                asks: policy.requires_approval,
                uses: policy.max_uses,
                expires_ms: policy.expires_ms,
                claims: policy.for_member.map(|member| member.to_string()),
            },
            made_ms: shown(self.invite.made_ms),
            used: self.invite.used,
            waiting: self.invite.waiting,
        })
    }
}

/// Somebody who asks to join.
#[derive(uniffi::Object)]
pub struct JoinRequest {
    request: Request,
}

/// Who asks to join.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct JoinRequestInfo {
    /// The name that the person goes by.
    pub name: String,
    /// The person's keys, to be compared by voice.
    pub fingerprint: String,
    /// The id of the member whose place they would take; a new one's if none.
    pub claims: Option<String>,
    /// When it came, in milliseconds since 1970 UTC.
    pub came_ms: i64,
}

#[uniffi::export]
impl JoinRequest {
    /// Who asks, to be shown before they are admitted.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn info(&self) -> Result<JoinRequestInfo, LedgerError> {
        Ok(JoinRequestInfo {
            name: self.request.name.clone(),
            fingerprint: self.request.fingerprint.to_string(),
            claims: self.request.for_member.map(|member| member.to_string()),
            came_ms: shown(self.request.came_ms),
        })
    }
}

/// Somebody was let in.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Admitted {
    /// The entry that did it.
    pub entry: String,
    /// To be sent back to the person, with a bundle of the group; `write_answer`
    /// puts both into one file.
    pub answer: Vec<u8>,
}

impl From<ledger_store::Admitted> for Admitted {
    fn from(admitted: ledger_store::Admitted) -> Self {
        Self { entry: admitted.entry.to_string(), answer: admitted.answer }
    }
}

impl TryFrom<Admitted> for ledger_store::Admitted {
    type Error = LedgerError;

    fn try_from(admitted: Admitted) -> Result<Self, LedgerError> {
        Ok(Self { entry: admitted.entry.parse()?, answer: admitted.answer })
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RequestOutcome {
    /// The person is in.
    Admitted {
        /// What to send back.
        admitted: Admitted,
    },
    /// It waits to be admitted or declined; show the group's requests.
    Waiting {
        /// The group's id.
        group: String,
    },
}

/// A group that this device asks to join.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingJoin {
    /// The group's id.
    pub group: String,
    /// The name that this person asks as.
    pub name: String,
    /// The fingerprint that the inviter sees, to be compared by voice.
    pub fingerprint: String,
    /// When it was asked for, in milliseconds since 1970 UTC.
    pub made_ms: i64,
}

#[uniffi::export]
impl LedgerGroup {
    /// Makes an invite. Returns its link, `prefix#…`: whoever has it can ask to
    /// join. It is a secret; what stands behind the `#` stays out of the logs of
    /// web servers.
    ///
    /// # Errors
    /// `UnknownMember`, `InviteMustAsk`, or what writing says.
    pub fn invite(&self, policy: InvitePolicy, prefix: &str) -> Result<String, LedgerError> {
        let new = NewInvite {
            note: policy.label,
            requires_approval: policy.asks,
            max_uses: policy.uses,
            expires_ms: policy.expires_ms,
            for_member: policy.claims.map(|member| member.parse()).transpose()?,
        };
        Ok(self.inner()?.invites().create(&new)?.reveal(prefix).to_string())
    }

    /// The invites of this group that were made on this device, oldest first.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn invites(&self) -> Result<Vec<Arc<Invite>>, LedgerError> {
        let invites = self.inner()?.invites().list()?.into_iter();
        Ok(invites.map(|invite| Arc::new(Invite { invite })).collect())
    }

    /// The link of an invite, to show it once more.
    ///
    /// # Errors
    /// `UnknownInvite`, or what reading the database says.
    pub fn invite_link(&self, invite: &Invite, prefix: &str) -> Result<String, LedgerError> {
        Ok(self.inner()?.invites().link(invite.invite.id)?.reveal(prefix).to_string())
    }

    /// Cancels an invite: its link is of no use any more. Who joined by it stays.
    ///
    /// # Errors
    /// `UnknownInvite`, or what writing says.
    pub fn cancel_invite(&self, invite: &Invite) -> Result<(), LedgerError> {
        Ok(self.inner()?.invites().cancel(invite.invite.id)?)
    }

    /// Who asks to join this group and waits for an answer, oldest first.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn requests(&self) -> Result<Vec<Arc<JoinRequest>>, LedgerError> {
        let requests = self.inner()?.invites().join_requests()?.into_iter();
        Ok(requests.map(|request| Arc::new(JoinRequest { request })).collect())
    }

    /// What admitting a request would bring about, if the owner must sign it,
    /// as when it gives somebody's place to new keys. None if the person just
    /// joins.
    ///
    /// # Errors
    /// `UnknownRequest`; `WouldBeVoid` if this device's person is not the owner.
    pub fn propose_admission(
        &self,
        request: &JoinRequest,
    ) -> Result<Option<Arc<Proposal>>, LedgerError> {
        let proposal = self.inner()?.invites().propose_admission(request.request.id)?;
        Ok(proposal.map(|proposal| Arc::new(Proposal { proposal })))
    }

    /// Lets in who asked, with the proposal that a person has seen, if one is
    /// needed.
    ///
    /// # Errors
    /// `NeedsProposal`, `ProposalOutdated`, `UnknownRequest`, or as every call
    /// that records.
    #[uniffi::method(default(proposal = None))]
    pub fn admit(
        &self,
        request: &JoinRequest,
        proposal: Option<Arc<Proposal>>,
    ) -> Result<Admitted, LedgerError> {
        let proposal = proposal.as_ref().map(|proposal| &proposal.proposal);
        Ok(self.inner()?.invites().admit(request.request.id, proposal)?.into())
    }

    /// Declines a request. The person is told nothing.
    ///
    /// # Errors
    /// `UnknownRequest`, or what writing says.
    pub fn decline(&self, request: &JoinRequest) -> Result<(), LedgerError> {
        Ok(self.inner()?.invites().decline(request.request.id)?)
    }
}

#[uniffi::export]
impl Ledger {
    /// Takes a request to join that came in any way. One that came before gives
    /// the same as then.
    ///
    /// # Errors
    /// `InvalidMessage`, `InvalidJoin`, `UnknownInvite`, `InviteExpired`,
    /// `InviteUsedUp`, or as every call that records.
    pub fn receive_request(&self, message: Vec<u8>) -> Result<RequestOutcome, LedgerError> {
        Ok(match self.store()?.joining().receive_request(&message)? {
            Received::Admitted(admitted) => RequestOutcome::Admitted { admitted: admitted.into() },
            Received::Waiting(group, _) => RequestOutcome::Waiting { group: group.to_string() },
            _ => return Err(LedgerError::plain(crate::ErrorCode::Internal)),
        })
    }

    /// Asks to join by a link, as `name`. Returns the message for the inviter's
    /// device; asking again with the same name gives one with the same keys.
    ///
    /// # Errors
    /// `InvalidMessage` if it is no link, `AlreadyIn`, `InvalidJoin` if the name
    /// is empty or too long, or what writing says.
    pub fn join(&self, link: &str, name: &str) -> Result<Vec<u8>, LedgerError> {
        let link = InviteLink::parse(link).map_err(ledger_store::StoreError::from)?;
        Ok(self.store()?.joining().join(&link, name)?)
    }

    /// The groups that this device has asked to join, oldest first.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn joins(&self) -> Result<Vec<PendingJoin>, LedgerError> {
        let join = |join: ledger_store::Join| PendingJoin {
            group: join.group.to_string(),
            name: join.name,
            fingerprint: join.fingerprint.to_string(),
            made_ms: shown(join.made_ms),
        };
        Ok(self.store()?.joining().pending_joins()?.into_iter().map(join).collect())
    }

    /// Asks no more to join a group. An answer that comes later is of no use.
    ///
    /// # Errors
    /// `UnknownGroup` if it was not asked for, or what writing says.
    pub fn cancel_join(&self, group: &str) -> Result<(), LedgerError> {
        Ok(self.store()?.joining().cancel_join(group.parse()?)?)
    }

    /// Takes the answer to a request. From then on the group is in this
    /// database, as yet with its first entry only: the others have to come from
    /// another device.
    ///
    /// # Errors
    /// `InvalidJoin` or `InvalidMessage` if the answer is for none of the
    /// requests made here, or not honest.
    pub fn finish_join(&self, answer: Vec<u8>) -> Result<Arc<LedgerGroup>, LedgerError> {
        let group = self.store()?.joining().enter(&answer)?;
        Ok(self.handle(group.id()))
    }
}
