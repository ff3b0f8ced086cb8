//! Invites to a group, and the requests that come by them.

use std::sync::Arc;

use ledger_core::{EntryId, GroupId, MemberId};
use ledger_store::{NewInvite, Request};

use super::{BundleExport, LedgerGroup, Proposal};
use crate::error::LedgerError;
use crate::platform::{ProgressListener, create_file, with_progress};
use crate::values::Instant;

/// Invites to one group, and requests to join it.
#[derive(uniffi::Object)]
pub struct Invites {
    group: LedgerGroup,
}

impl Invites {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

/// Conditions of an invite.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InvitePolicy {
    /// A note for the list of invites, such as the name of the invited person. It stays
    /// on this device.
    pub note: String,
    /// Whether this device's person has to approve each request. If not, everybody who
    /// has the link gets in.
    #[uniffi(default = true)]
    pub requires_approval: bool,
    /// How many people may join by the invite; any number if none.
    #[uniffi(default = None)]
    pub max_uses: Option<u32>,
    /// When the invite ends, by this device's clock; never if none.
    #[uniffi(default = None)]
    pub expires_at: Option<Instant>,
    /// The member whose place the joining person takes: a placeholder, or a member who
    /// lost all keys. A new member if none.
    #[uniffi(default = None)]
    pub for_member: Option<MemberId>,
}

impl From<InvitePolicy> for NewInvite {
    fn from(policy: InvitePolicy) -> Self {
        Self::default()
            .note(policy.note)
            .requires_approval(policy.requires_approval)
            .max_uses(policy.max_uses)
            .expires_ms(policy.expires_at.map(Instant::ms))
            .for_member(policy.for_member)
    }
}

/// An invite that this device made.
#[derive(uniffi::Object)]
pub struct Invite {
    invite: ledger_store::Invite,
}

/// Description of an invite.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct InviteInfo {
    /// The conditions of the invite.
    pub policy: InvitePolicy,
    /// When the invite was made.
    pub created_at: Instant,
    /// How many people have joined by it.
    pub used: u32,
    /// How many requests wait for approval.
    pub waiting: u32,
}

#[uniffi::export]
impl Invite {
    /// The invite as it was when the list was read.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn info(&self) -> Result<InviteInfo, LedgerError> {
        let policy = &self.invite.policy;
        Ok(InviteInfo {
            policy: InvitePolicy {
                note: policy.note.clone(),
                requires_approval: policy.requires_approval,
                max_uses: policy.max_uses,
                expires_at: policy.expires_ms.map(Instant::from_ms),
                for_member: policy.for_member,
            },
            created_at: Instant::from_ms(self.invite.made_ms),
            used: self.invite.used,
            waiting: self.invite.waiting,
        })
    }
}

/// A request to join that waits for approval.
#[derive(uniffi::Object)]
pub struct JoinRequest {
    request: Request,
}

/// Description of a request to join.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct JoinRequestInfo {
    /// The name that the person wants to have.
    pub name: String,
    /// The fingerprint of the person's keys, to be compared by voice.
    pub fingerprint: String,
    /// The member whose place the person would take; a new member if none.
    pub for_member: Option<MemberId>,
    /// When the request came.
    pub received_at: Instant,
}

#[uniffi::export]
impl JoinRequest {
    /// The person who asks to join. Show it before the person is admitted.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn info(&self) -> Result<JoinRequestInfo, LedgerError> {
        Ok(JoinRequestInfo {
            name: self.request.name.clone(),
            fingerprint: self.request.fingerprint.to_string(),
            for_member: self.request.for_member,
            received_at: Instant::from_ms(self.request.came_ms),
        })
    }
}

/// Result of admitting a person.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Admitted {
    /// The group.
    pub group: GroupId,
    /// The entry that admits the person.
    pub entry: EntryId,
    /// The message for the person, who also needs a bundle of the group.
    /// `Invites.write_welcome` writes both into one file.
    pub welcome: Vec<u8>,
}

impl From<ledger_store::Admitted> for Admitted {
    fn from(admitted: ledger_store::Admitted) -> Self {
        Self { group: admitted.group, entry: admitted.entry, welcome: admitted.answer }
    }
}

impl From<Admitted> for ledger_store::Admitted {
    fn from(admitted: Admitted) -> Self {
        Self { group: admitted.group, entry: admitted.entry, answer: admitted.welcome }
    }
}

#[uniffi::export]
impl Invites {
    /// Makes an invite. Returns its link, `prefix#…`: everybody who has the link can ask
    /// to join. The link is a secret. What stands behind the `#` stays out of the logs
    /// of web servers.
    ///
    /// # Errors
    /// `UnknownMember`, `ApprovalRequired`, or any error of writing the database.
    pub fn create(&self, policy: InvitePolicy, prefix: &str) -> Result<String, LedgerError> {
        Ok(self.group.group()?.invites().create(&policy.into())?.reveal(prefix).to_string())
    }

    /// The invites to this group that this device made, oldest first.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn list(&self) -> Result<Vec<Arc<Invite>>, LedgerError> {
        let invites = self.group.group()?.invites().list()?.into_iter();
        Ok(invites.map(|invite| Arc::new(Invite { invite })).collect())
    }

    /// The link of an invite, to show it once more.
    ///
    /// # Errors
    /// `UnknownInvite`, or any error of reading the database.
    pub fn link(&self, invite: &Invite, prefix: &str) -> Result<String, LedgerError> {
        Ok(self.group.group()?.invites().link(invite.invite.id)?.reveal(prefix).to_string())
    }

    /// Cancels an invite: nobody joins by its link any more. People who have joined by
    /// it stay.
    ///
    /// # Errors
    /// `UnknownInvite`, or any error of writing the database.
    pub fn cancel(&self, invite: &Invite) -> Result<(), LedgerError> {
        Ok(self.group.group()?.invites().cancel(invite.invite.id)?)
    }

    /// The requests to join this group that wait for approval, oldest first.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn join_requests(&self) -> Result<Vec<Arc<JoinRequest>>, LedgerError> {
        let requests = self.group.group()?.invites().join_requests()?.into_iter();
        Ok(requests.map(|request| Arc::new(JoinRequest { request })).collect())
    }

    /// Prepares the statement that the owner has to sign to admit a person, for example
    /// when the person's new keys take over a member's place. None if no statement is
    /// needed.
    ///
    /// # Errors
    /// `UnknownRequest`; `WouldBeVoid` if this device's person is not the owner.
    pub fn propose_admission(
        &self,
        request: &JoinRequest,
    ) -> Result<Option<Arc<Proposal>>, LedgerError> {
        let proposal = self.group.group()?.invites().propose_admission(request.request.id)?;
        Ok(proposal.map(|proposal| Arc::new(Proposal { proposal })))
    }

    /// Admits the person who sent a request, with the proposal that this device's person
    /// has seen, if one is needed.
    ///
    /// # Errors
    /// `NeedsProposal`, `ProposalOutdated`, `UnknownRequest`, or as every call that
    /// records.
    #[uniffi::method(default(proposal = None))]
    pub fn admit(
        &self,
        request: &JoinRequest,
        proposal: Option<Arc<Proposal>>,
    ) -> Result<Admitted, LedgerError> {
        let proposal = proposal.as_ref().map(|proposal| &proposal.proposal);
        Ok(self.group.group()?.invites().admit(request.request.id, proposal)?.into())
    }

    /// Writes the welcome for a person who was admitted, and a bundle of all entries,
    /// into one new file. The person's device takes it with
    /// `Joining.enter_with_bundle`. It takes long.
    ///
    /// # Errors
    /// As `Bundles.export_file`.
    #[uniffi::method(default(listener = None))]
    pub fn write_welcome(
        &self,
        admitted: Admitted,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleExport, LedgerError> {
        let (group, admitted) = (self.group.group()?, admitted.into());
        create_file(path, |file| {
            let exported = with_progress(listener, |progress| {
                group.invites().write_welcome(&admitted, file, progress)
            });
            Ok(exported?.into())
        })
    }

    /// Declines a request. The person who asked gets no message.
    ///
    /// # Errors
    /// `UnknownRequest`, or any error of writing the database.
    pub fn decline(&self, request: &JoinRequest) -> Result<(), LedgerError> {
        Ok(self.group.group()?.invites().decline(request.request.id)?)
    }
}
