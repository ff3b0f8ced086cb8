//! Recovery of a person who lost every device: by phrase, or by friends.

use std::sync::Arc;

use ledger_core::messages::recovery::Added;
use ledger_core::{EntryId, GroupId, MemberId};

use crate::error::LedgerError;
use crate::group::{BundleImport, KeptShare, LedgerGroup, RecoveryRequest};
use crate::platform::{ProgressListener, open_file, with_progress};
use crate::store_handle::StoreHandle;

/// Recovery of a person who lost every device: by 24 words, or by shares of them that
/// friends keep.
#[derive(uniffi::Object)]
pub struct Recovery {
    store: StoreHandle,
}

impl Recovery {
    pub(super) fn new(store: StoreHandle) -> Self {
        Self { store }
    }
}

/// Number of returned shares, and of those that a recovery needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecoveryProgress {
    /// How many shares this device has.
    pub have: u32,
    /// How many shares are needed.
    pub need: u32,
}

/// Result of taking a share that a friend returned.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReturnedShare {
    /// The friend.
    pub friend: MemberId,
    /// The fingerprint of the person whom the share names, as in `SharedPerson`.
    pub person: String,
    /// The progress of the recovery.
    pub progress: RecoveryProgress,
    /// Whether the person has split the phrase again since. Ask the friend for the newer
    /// share, if there is one.
    pub is_outdated: bool,
}

impl From<Added> for ReturnedShare {
    fn from(added: Added) -> Self {
        Self {
            friend: added.holder,
            person: added.fingerprint().to_string(),
            progress: added.progress.into(),
            is_outdated: added.from_old_set,
        }
    }
}

/// Person whom returned shares name.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SharedPerson {
    /// The group by which the friends know the person.
    pub group: GroupId,
    /// The person in that group.
    pub member: MemberId,
    /// The fingerprint of the root key that signed the shares. It tells people apart, as
    /// anybody can name any member.
    pub fingerprint: String,
    /// The friends whom the shares name.
    pub friends: Vec<MemberId>,
    /// The progress of the recovery of this person.
    pub progress: RecoveryProgress,
}

/// A group that was restored from a bundle.
#[derive(uniffi::Record)]
pub struct RestoredGroup {
    /// The group. This device can read it. `GroupKeys.request_approval` is the way to
    /// write in it.
    pub group: Arc<LedgerGroup>,
    /// The result of importing the entries in the bundle.
    pub report: BundleImport,
}

/// Description of the group that a bundle would restore.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupPreview {
    /// The group's id.
    pub id: GroupId,
    /// The group's name.
    pub name: String,
    /// The names of its members, each different from the others.
    pub members: Vec<String>,
    /// How many entries the bundle holds.
    pub entries: u64,
}

/// Result of approving another member's device.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ApprovedDevice {
    /// The group. Send a bundle of it back.
    pub group: GroupId,
    /// The entry that enrols the device.
    pub entry: EntryId,
}

impl From<ledger_core::messages::recovery::Progress> for RecoveryProgress {
    fn from(progress: ledger_core::messages::recovery::Progress) -> Self {
        Self { have: progress.have.into(), need: progress.need.into() }
    }
}

#[uniffi::export]
impl Recovery {
    /// The 24 words that restore this person. The person writes them down, and shows
    /// them to nobody. Never log them.
    ///
    /// # Errors
    /// `NoRootKey` if this device does not hold the root key, or has no person yet.
    pub fn reveal_phrase(&self) -> Result<String, LedgerError> {
        Ok(self.store.store()?.recovery().reveal_phrase()?.to_string())
    }

    /// Restores a person from the 24 words: this device is the person's from then on.
    /// `restore_group` comes next.
    ///
    /// # Errors
    /// `InvalidPhrase`, whose reason names the wrong word; `OtherPerson` if this device
    /// belongs to another person.
    pub fn restore_phrase(&self, typed: &str) -> Result<(), LedgerError> {
        Ok(self.store.store()?.recovery().restore_phrase(typed)?)
    }

    /// Tells which group a bundle would restore, and keeps nothing. Show it to the
    /// person before `restore_group`, as somebody may pass off another group. It takes
    /// long.
    ///
    /// # Errors
    /// As `restore_group`.
    #[uniffi::method(default(listener = None))]
    pub fn preview_group(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<GroupPreview, LedgerError> {
        let (store, mut file) = (self.store.store()?, open_file(path)?);
        let found = with_progress(listener, |progress| {
            store.recovery().preview_group(&mut file, progress)
        })?;
        let ledger_store::GroupPreview { id, name, members, entries, .. } = found;
        Ok(GroupPreview { id, name, members, entries })
    }

    /// Restores a group from a bundle, with the keys that the phrase or friends restored
    /// and nothing else. If the group is in this database already, it imports the
    /// bundle. It takes long.
    ///
    /// # Errors
    /// `NoRootKey` if no person was restored, `NoKey` if the bundle holds no key for
    /// this person, and as `Bundles.import_file`.
    #[uniffi::method(default(listener = None))]
    pub fn restore_group(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<RestoredGroup, LedgerError> {
        let (store, mut file) = (self.store.store()?, open_file(path)?);
        let (group, report) = with_progress(listener, |progress| {
            store.recovery().restore_group(&mut file, progress)
        })?;
        let group = Arc::new(LedgerGroup::new(self.store.clone(), group.id()));
        Ok(RestoredGroup { group, report: report.into() })
    }

    /// Approves another member's device: takes the message of
    /// `GroupKeys.request_approval`, which the member's root key has signed, and records
    /// the enrolment in it. This device's person vouches for nothing by that.
    ///
    /// # Errors
    /// `InvalidApproval` if the request is not whole or not genuine, `NoKey` if it is for
    /// no group of this device, `UnknownEntry` if the device that asks knows entries
    /// that are not here (import a bundle of it first), `WouldBeVoid`, or as every call
    /// that records.
    pub fn approve_device(&self, message: Vec<u8>) -> Result<ApprovedDevice, LedgerError> {
        let (group, entry) = self.store.store()?.recovery().approve_device(&message)?;
        Ok(ApprovedDevice { group, entry })
    }

    /// Keeps a share that a friend hands over, after checking that the share is the
    /// friend's, and for this person.
    ///
    /// # Errors
    /// `InvalidShare` if the share is for another person or not genuine, `NoRootKey` if
    /// this device cannot open shares.
    pub fn keep_share(&self, message: Vec<u8>) -> Result<Arc<KeptShare>, LedgerError> {
        Ok(Arc::new(KeptShare { share: self.store.store()?.recovery().keep_share(&message)? }))
    }

    /// Begins a recovery by friends, or returns the request of the recovery that is
    /// under way.
    ///
    /// # Errors
    /// `SecretsFailed`, `NoRandomness`.
    pub fn request(&self) -> Result<RecoveryRequest, LedgerError> {
        Ok(self.store.store()?.recovery().request()?.into())
    }

    /// Takes a share that a friend returned.
    ///
    /// # Errors
    /// `InvalidShare`, whose reason tells what is wrong with the share, and whose it is.
    /// Nothing has changed then.
    pub fn add_returned_share(&self, message: Vec<u8>) -> Result<ReturnedShare, LedgerError> {
        Ok(self.store.store()?.recovery().add_returned_share(&message)?.into())
    }

    /// The progress of the recovery; none before the first share.
    ///
    /// # Errors
    /// `InvalidShare` if no recovery is under way, or any error of reading the database.
    pub fn progress(&self) -> Result<Option<RecoveryProgress>, LedgerError> {
        Ok(self.store.store()?.recovery().progress()?.map(Into::into))
    }

    /// The people whom the returned shares name. Honest friends return shares of one
    /// person; a false one can return shares that they made themselves.
    ///
    /// # Errors
    /// `InvalidShare` if no recovery is under way, or any error of reading the database.
    pub fn people(&self) -> Result<Vec<SharedPerson>, LedgerError> {
        let people = self.store.store()?.recovery().people()?;
        let person = |person: ledger_core::messages::recovery::SharedPerson| SharedPerson {
            group: person.group,
            member: person.member,
            fingerprint: person.fingerprint().to_string(),
            friends: person.holders.clone(),
            progress: person.progress.into(),
        };
        Ok(people.into_iter().map(person).collect())
    }

    /// Restores the person from the returned shares: this device is the person's from
    /// then on. `restore_group` comes next. `person` is the fingerprint of one of
    /// `people`. It is needed only if the shares of several people suffice.
    ///
    /// # Errors
    /// `InvalidShare` if there are too few shares, they do not belong together, or the
    /// person must choose; `UnknownPerson` if no share is of `person`; `OtherPerson` if this
    /// device belongs to another person.
    #[uniffi::method(default(person = None))]
    pub fn recover_from_shares(&self, person: Option<String>) -> Result<(), LedgerError> {
        let store = self.store.store()?;
        let recovery = store.recovery();
        let Some(chosen) = person else { return Ok(recovery.recover_from_shares()?) };
        let root = recovery.person(&chosen)?.root;
        Ok(recovery.recover_person_from_shares(root)?)
    }

    /// Ends a recovery by friends. Shares that come later are of no use.
    ///
    /// # Errors
    /// Any error of writing the database.
    pub fn cancel(&self) -> Result<(), LedgerError> {
        Ok(self.store.store()?.recovery().cancel()?)
    }
}
