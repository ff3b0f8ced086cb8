//! The keys of a group and of this device in it, for apps.

use ledger_core::EntryId;
use ledger_core::messages::recovery::EnrolmentRequest;

use super::Group;
use crate::StoreError;
use crate::entries::index::StoredIndex;
use crate::keyring::{
    EpochKeyring, go_on_without_missing, reset_device_keys, rotate_device_key, rotate_group_key,
    sign_enrolment,
};
use crate::platform::environment::random;
use crate::session::GroupSession;

/// Keys of one group, and of this device in it. Borrowed from a [`Group`].
#[derive(Clone, Copy)]
pub struct GroupKeys<'a> {
    group: &'a GroupSession,
}

impl<'a> GroupKeys<'a> {
    pub(super) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// Begins an epoch whose key only the current members get, unless the epoch in use is younger
    /// than `at_least_ms`. Returns whether it did.
    ///
    /// Every removal, bind and revocation begins one. Call this now and then (a month is a good
    /// age), so that a key that leaked unnoticed opens nothing new.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if this device may not write.
    pub fn rotate_group_key(&self, at_least_ms: u64) -> Result<bool, StoreError> {
        rotate_group_key(self.group, at_least_ms)
    }

    /// Gives this device a new X25519 key, and begins an epoch. That heals a theft of the old
    /// key: from then on, nothing is sealed under a key that was wrapped to the old one. Once a
    /// month is a good measure.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if this device may not write.
    pub fn rotate_device_key(&self) -> Result<EntryId, StoreError> {
        rotate_device_key(self.group)
    }

    /// Gives this device new keys in the group, in place of those of a chain that
    /// forked or that goes on elsewhere ([`StoreError::Forked`],
    /// [`StoreError::RolledBack`]). The old keys are removed; what they signed stays.
    ///
    /// Then ask a member with [`GroupKeys::request_approval`]. Once the approval
    /// comes back in a bundle, this device writes, and revokes the old one.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if this device holds no root key of a member: pair it again.
    /// [`StoreError::NoKey`] if it holds no key under which it could ask. Nothing has changed
    /// then.
    pub fn reset_device_keys(&self) -> Result<Group, StoreError> {
        Ok(Group::new(reset_device_keys(self.group)?))
    }

    /// Gives this device new keys in the group, with which it writes at once: for when entries that
    /// it signed are missing here or wait, nobody has the missing ones, and it therefore signs
    /// nothing ([`StoreError::RolledBack`], [`StoreError::OwnEntriesWait`]). The entries that wait
    /// stay, and count if the missing ones come after all. Does nothing if none is missing.
    ///
    /// The old key signs the enrolment of the new one as its last entry, and is removed.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if this device holds no root key of a member: pair it again.
    /// [`StoreError::Forked`] if its chain forked already: [`GroupKeys::reset_device_keys`] helps.
    /// Nothing has changed then.
    pub fn go_on_without_missing(&self) -> Result<Group, StoreError> {
        Ok(Group::new(go_on_without_missing(self.group)?))
    }

    /// A message by which a device that was restored by phrase or by friends asks any member to
    /// approve it. Once the approval comes back in a bundle, the device writes.
    ///
    /// # Errors
    /// [`StoreError::AlreadyIn`] if the device may write,
    /// [`StoreError::NoRootKey`] if the person's root key does not count in the
    /// group any more, [`StoreError::Draft`] if the person has too many devices.
    pub fn request_approval(&self) -> Result<Vec<u8>, StoreError> {
        let group = self.group;
        let entropy = group.session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let root = entropy.root_key(group.root_index()?);
        let device = group.device_key()?;
        if group.ledger()?.state().may_write(group.device) {
            return Err(StoreError::AlreadyIn(group.id));
        }
        let nonce = *random(group.session.environment())?;
        let statement = group.read(|connection, loaded| {
            let index = StoredIndex::new(connection, group.key, loaded.upto);
            sign_enrolment(&loaded.ledger, &index, &root, &device, nonce)
        })?;
        let key = group.session.read(|connection| {
            EpochKeyring { connection, group: group.key, id: group.id }.newest()
        })?;
        let key = key.ok_or(StoreError::NoKey)?;
        Ok(EnrolmentRequest::new(statement)?.seal(&key))
    }
}
