//! How a person gets back in who lost every device: by phrase, or by friends.

use std::sync::Arc;

use ledger_core::RecoveryRequest as Request;
use ledger_store::StoreError;

use crate::LedgerError;
use crate::files::reading;
use crate::group::{BundleImport, LedgerGroup};
use crate::ledger::Ledger;
use crate::progress::{ProgressListener, telling};
use crate::timestamp::shown;

/// A share of a friend's phrase that this device keeps.
#[derive(uniffi::Object)]
pub struct KeptShare {
    share: ledger_store::KeptShare,
}

/// Whose share a device keeps.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeptShareInfo {
    /// The id of the group by which the friends know each other.
    pub group: String,
    /// The friend's member id.
    pub member: String,
    /// When the friend made it, in milliseconds since 1970 UTC.
    pub made_ms: i64,
}

#[uniffi::export]
impl KeptShare {
    /// Whose it is.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn info(&self) -> Result<KeptShareInfo, LedgerError> {
        Ok(KeptShareInfo {
            group: self.share.group.to_string(),
            member: self.share.member.to_string(),
            made_ms: shown(self.share.made_ms),
        })
    }
}

/// What friends are asked with for their shares.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecoveryRequest {
    /// To be sent to friends. It holds no secret.
    pub request: Vec<u8>,
    /// What person and friend compare by voice.
    pub fingerprint: String,
}

/// How far a recovery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecoveryProgress {
    /// How many shares are here.
    pub have: u32,
    /// How many are needed.
    pub need: u32,
}

/// A share that a friend returned.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReturnedShare {
    /// The friend's member id.
    pub friend: String,
    /// How far the recovery is.
    pub progress: RecoveryProgress,
    /// Whether the person has made newer shares since: ask the friend for one,
    /// if there is one.
    pub is_outdated: bool,
}

/// A group that was opened with the phrase alone.
#[derive(uniffi::Record)]
pub struct RestoredGroup {
    /// The group. It can be read; `request_enrolment` is how this device gets
    /// to write in it.
    pub group: Arc<LedgerGroup>,
    /// What came of the bundle.
    pub report: BundleImport,
}

/// The group that a bundle would restore.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupPreview {
    /// The group's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The names of its members, each different from the others'.
    pub members: Vec<String>,
    /// How many entries the bundle brings.
    pub entries: u64,
}

/// An enrolment that was carried.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CarriedEnrolment {
    /// The group's id. Send a bundle of it back.
    pub group: String,
    /// The entry that carries it.
    pub entry: String,
}

impl From<ledger_core::Progress> for RecoveryProgress {
    fn from(progress: ledger_core::Progress) -> Self {
        Self { have: progress.have.into(), need: progress.need.into() }
    }
}

impl From<Request> for RecoveryRequest {
    fn from(request: Request) -> Self {
        Self { request: request.encode(), fingerprint: request.fingerprint().to_string() }
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
impl Ledger {
    /// The 24 words that restore this person: to be written down, and shown to
    /// nobody. Never log them.
    ///
    /// # Errors
    /// `NoRootKey` if this device does not hold the root key, or nobody has
    /// used it yet.
    pub fn reveal_phrase(&self) -> Result<String, LedgerError> {
        Ok(self.store()?.recovery().reveal_phrase()?.to_string())
    }

    /// Makes this device that of the person whose 24 words were typed.
    ///
    /// # Errors
    /// `InvalidPhrase` says which word is wrong; `OtherPerson` if this device
    /// belongs to somebody else.
    pub fn restore_phrase(&self, typed: &str) -> Result<(), LedgerError> {
        Ok(self.store()?.recovery().restore_phrase(typed)?)
    }

    /// Looks into a bundle that `restore_group` would open, and keeps nothing of
    /// it: show the person which group it is first, as somebody may pass off
    /// another. Takes long.
    ///
    /// # Errors
    /// As `restore_group`.
    #[uniffi::method(default(listener = None))]
    pub fn preview_group(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<GroupPreview, LedgerError> {
        let (store, mut file) = (self.store()?, reading(path)?);
        let found =
            telling(listener, |progress| store.recovery().preview_group(&mut file, progress))?;
        let ledger_store::GroupPreview { id, name, members, entries } = found;
        Ok(GroupPreview { id: id.to_string(), name, members, entries })
    }

    /// Opens a group from a bundle, with nothing but what the phrase or friends
    /// restored. A bundle of a group that is here already is imported. Takes long.
    ///
    /// # Errors
    /// `NoRootKey` if nothing was restored, `NoKey` if the bundle holds no key
    /// for this person, and as `import_bundle`.
    #[uniffi::method(default(listener = None))]
    pub fn restore_group(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<RestoredGroup, LedgerError> {
        let (store, mut file) = (self.store()?, reading(path)?);
        let (group, report) =
            telling(listener, |progress| store.recovery().restore_group(&mut file, progress))?;
        Ok(RestoredGroup { group: self.handle(group.id()), report: report.into() })
    }

    /// Carries the enrolment of a member's restored device, which the member's
    /// root key has signed; carrying adds nothing to it.
    ///
    /// # Errors
    /// `InvalidEnrolment` if it is not whole or not honest, `NoKey` if it is
    /// for no group of this device, `UnknownEntry` if the device that asks knows
    /// entries that are not here (import a bundle of it first), `WouldBeVoid`, or
    /// as every call that records.
    pub fn carry_enrolment(&self, message: Vec<u8>) -> Result<CarriedEnrolment, LedgerError> {
        let (group, entry) = self.store()?.recovery().approve_device(&message)?;
        Ok(CarriedEnrolment { group: group.to_string(), entry: entry.to_string() })
    }

    /// Keeps a share that a friend handed over, after checking that it is the
    /// friend's and for this person.
    ///
    /// # Errors
    /// `InvalidShare` if it is for somebody else or not what it claims to be,
    /// `NoRootKey` if this device cannot open shares.
    pub fn keep_share(&self, message: Vec<u8>) -> Result<Arc<KeptShare>, LedgerError> {
        Ok(Arc::new(KeptShare { share: self.store()?.recovery().keep_share(&message)? }))
    }

    /// Begins to recover by friends, or shows the request of a recovery that is
    /// under way.
    ///
    /// # Errors
    /// `SecretsFailed`, `NoRandomness`.
    pub fn recovery_request(&self) -> Result<RecoveryRequest, LedgerError> {
        Ok(self.store()?.recovery().request()?.into())
    }

    /// Takes a share that a friend returned.
    ///
    /// # Errors
    /// `InvalidShare` says what is wrong with it, and whose it is; nothing has
    /// changed.
    pub fn add_returned_share(&self, message: Vec<u8>) -> Result<ReturnedShare, LedgerError> {
        let added = self.store()?.recovery().add_returned_share(&message)?;
        Ok(ReturnedShare {
            friend: added.holder.to_string(),
            progress: added.progress.into(),
            is_outdated: added.from_old_set,
        })
    }

    /// How far the recovery is; none before the first share.
    ///
    /// # Errors
    /// `InvalidShare` if none is under way, or what reading the database says.
    pub fn recovery_progress(&self) -> Result<Option<RecoveryProgress>, LedgerError> {
        Ok(self.store()?.recovery().progress()?.map(Into::into))
    }

    /// Puts the shares together, and makes this device that of the person.
    /// `restore_group` comes next.
    ///
    /// # Errors
    /// `InvalidShare` if there are too few, or they do not fit; `OtherPerson` if
    /// this device belongs to somebody else.
    pub fn recover_from_shares(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.recovery().recover_from_shares()?)
    }

    /// Ends a recovery: shares that come later are of no use.
    ///
    /// # Errors
    /// What writing says.
    pub fn cancel_recovery(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.recovery().cancel()?)
    }
}

#[uniffi::export]
impl LedgerGroup {
    /// Splits this person's phrase among friends in this group: `needed` of them
    /// together can restore it, and then are this person in all groups. Returns
    /// a message for each friend, in their order.
    ///
    /// # Errors
    /// `InvalidShare` if the numbers make no sense, `UnknownMember` if a friend
    /// is not in the group or has no keys, `NoRootKey`, `InvalidId`.
    pub fn share_phrase(
        &self,
        needed: u32,
        friends: Vec<String>,
    ) -> Result<Vec<Vec<u8>>, LedgerError> {
        let friends: Vec<ledger_core::MemberId> =
            friends.iter().map(|friend| friend.parse()).collect::<Result<_, _>>()?;
        let needed = u8::try_from(needed).unwrap_or(u8::MAX);
        Ok(self.inner()?.shares().share_phrase(needed, &friends)?)
    }

    /// The shares that this device keeps for friends in this group.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn kept_shares(&self) -> Result<Vec<Arc<KeptShare>>, LedgerError> {
        let shares = self.inner()?.shares().list()?.into_iter();
        Ok(shares.map(|share| Arc::new(KeptShare { share })).collect())
    }

    /// Gives a friend's share back, sealed to the friend's request. Make sure by
    /// voice or face that the request is the friend's: `read_recovery_request`
    /// shows its fingerprint.
    ///
    /// # Errors
    /// `UnknownRequest` if the share is not kept in this group, `InvalidMessage`.
    pub fn return_share(
        &self,
        share: &KeptShare,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, LedgerError> {
        let request = Request::decode(&request).map_err(StoreError::from)?;
        Ok(self.inner()?.shares().return_share(share.share.id, &request)?)
    }

    /// Keeps a friend's share no longer.
    ///
    /// # Errors
    /// `UnknownRequest` if it is not kept in this group.
    pub fn forget_share(&self, share: &KeptShare) -> Result<(), LedgerError> {
        Ok(self.inner()?.shares().forget(share.share.id)?)
    }

    /// Gives this device new keys in the group, in place of those that signed two
    /// entries for one place or are behind what they handed out (`Forked`,
    /// `OldCopy`). What the old ones signed stays. Then `request_enrolment` asks a
    /// member to carry the enrolment.
    ///
    /// # Errors
    /// `NoRootKey` if this device holds no root key: pair it again.
    pub fn start_anew(&self) -> Result<(), LedgerError> {
        Ok(self.inner()?.keys().reset_device_keys().map(|_| ())?)
    }

    /// For a device that was restored by phrase or by friends: a message by
    /// which it asks any member to carry its enrolment. Once that comes back in
    /// a bundle, the device writes.
    ///
    /// # Errors
    /// `AlreadyIn` if the device may write, `NoRootKey` if the person's root key
    /// does not count in the group any more, `TooManyDevices`.
    pub fn request_enrolment(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.inner()?.keys().request_approval()?)
    }
}
