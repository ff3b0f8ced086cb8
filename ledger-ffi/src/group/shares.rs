//! Shares of a recovery phrase among friends in a group.

use std::sync::Arc;

use ledger_core::messages::recovery::RecoveryRequest as Request;
use ledger_core::{GroupId, MemberId};
use ledger_store::StoreError;

use super::LedgerGroup;
use crate::error::LedgerError;
use crate::values::Instant;

/// Shares of recovery phrases among the members of one group.
#[derive(uniffi::Object)]
pub struct Shares {
    group: LedgerGroup,
}

impl Shares {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

/// A share of a friend's recovery phrase that this device keeps.
#[derive(uniffi::Object)]
pub struct KeptShare {
    pub(crate) share: ledger_store::KeptShare,
}

/// Description of a share that this device keeps.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeptShareInfo {
    /// The group by which the friends know each other.
    pub group: GroupId,
    /// The friend whose phrase was split.
    pub member: MemberId,
    /// When the friend split the phrase.
    pub created_at: Instant,
}

#[uniffi::export]
impl KeptShare {
    /// The person whose share it is, and the time since it was made.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn info(&self) -> Result<KeptShareInfo, LedgerError> {
        Ok(KeptShareInfo {
            group: self.share.group,
            member: self.share.member,
            created_at: Instant::from_ms(self.share.made_ms),
        })
    }
}

/// Request by which a person asks friends for their shares.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecoveryRequest {
    /// The message for the friends. It holds no secret.
    pub message: Vec<u8>,
    /// The fingerprint that person and friend compare by voice.
    pub fingerprint: String,
}

impl From<Request> for RecoveryRequest {
    fn from(request: Request) -> Self {
        Self { message: request.encode(), fingerprint: request.fingerprint().to_string() }
    }
}

/// Reads the request of a friend who recovers, to show its fingerprint.
///
/// # Errors
/// `InvalidMessage`.
#[uniffi::export]
pub fn read_recovery_request(message: Vec<u8>) -> Result<RecoveryRequest, LedgerError> {
    Ok(Request::decode(&message).map_err(StoreError::from)?.into())
}

#[uniffi::export]
impl Shares {
    /// Splits this person's recovery phrase among friends in this group. Any `needed` of
    /// the friends can restore it together, and then act as this person in all groups.
    /// Returns a message for each friend, in the order of `friends`.
    ///
    /// # Errors
    /// `InvalidShare` if no such split is possible, `UnknownMember` if a friend is not
    /// in the group or has no keys, `NoRootKey`, `InvalidId`.
    pub fn share_phrase(
        &self,
        needed: u32,
        friends: Vec<MemberId>,
    ) -> Result<Vec<Vec<u8>>, LedgerError> {
        let needed = u8::try_from(needed).unwrap_or(u8::MAX);
        Ok(self.group.group()?.shares().share_phrase(needed, &friends)?)
    }

    /// The shares that this device keeps for friends in this group.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn list(&self) -> Result<Vec<Arc<KeptShare>>, LedgerError> {
        let shares = self.group.group()?.shares().list()?.into_iter();
        Ok(shares.map(|share| Arc::new(KeptShare { share })).collect())
    }

    /// Returns a friend's share, sealed so that only the device that asks can open it.
    /// Make sure by voice or in person that the request is the friend's:
    /// `read_recovery_request` shows its fingerprint.
    ///
    /// # Errors
    /// `UnknownRequest` if the share is not kept in this group, `InvalidMessage`.
    pub fn return_share(
        &self,
        share: &KeptShare,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, LedgerError> {
        let request = Request::decode(&request).map_err(StoreError::from)?;
        Ok(self.group.group()?.shares().return_share(share.share.id, &request)?)
    }

    /// Deletes a friend's share from this device.
    ///
    /// # Errors
    /// `UnknownRequest` if the share is not kept in this group.
    pub fn forget(&self, share: &KeptShare) -> Result<(), LedgerError> {
        Ok(self.group.group()?.shares().forget(share.share.id)?)
    }
}
