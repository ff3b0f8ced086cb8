//! The keys of a group, and of this device in it.

use ledger_core::EntryId;

use super::LedgerGroup;
use crate::error::LedgerError;
use crate::values::Age;

/// The keys of one group: the key under which its entries travel, and the keys of this
/// device in it.
#[derive(uniffi::Object)]
pub struct GroupKeys {
    group: LedgerGroup,
}

impl GroupKeys {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

#[uniffi::export]
impl GroupKeys {
    /// Begins a new key under which entries travel. Only the people who are in the group
    /// now get it. A removal and a revocation do this by themselves. Call it now and
    /// then, so that a key that leaked unnoticed opens nothing new.
    ///
    /// Does nothing if the key in use is younger than `if_older_than`. Returns whether
    /// there is a new key.
    ///
    /// # Errors
    /// `WouldBeVoid` if this device may not write, or any error of writing the database.
    pub fn rotate_group_key(&self, if_older_than: Age) -> Result<bool, LedgerError> {
        Ok(self.group.group()?.keys().rotate_group_key(if_older_than.ms())?)
    }

    /// Gives this device a new key for receiving, and begins a new group key. After
    /// that, a key that was stolen from this device opens nothing new. Once a month is a
    /// good measure. Returns the entry.
    ///
    /// # Errors
    /// `WouldBeVoid` if this device may not write, or any error of writing the database.
    pub fn rotate_device_key(&self) -> Result<EntryId, LedgerError> {
        Ok(self.group.group()?.keys().rotate_device_key()?)
    }

    /// Gives this device new keys in the group, for when it signs nothing more
    /// (`Forked`, `RolledBack`). What the old keys signed stays. After that,
    /// `request_approval` asks a member to approve this device.
    ///
    /// # Errors
    /// `NoRootKey` if this device holds no root key: pair it again.
    pub fn reset_device_keys(&self) -> Result<(), LedgerError> {
        Ok(self.group.group()?.keys().reset_device_keys().map(|_| ())?)
    }

    /// Gives this device new keys in the group, with which it writes at once, for when
    /// entries that it signed are missing here or wait (`RolledBack`, `OwnEntriesWait`)
    /// and nobody has the missing ones. The entries that wait stay. Does nothing if none
    /// is missing.
    ///
    /// # Errors
    /// `NoRootKey` if this device holds no root key: pair it again. `Forked` if the old
    /// keys signed two entries for one position: call `reset_device_keys`.
    pub fn go_on_without_missing(&self) -> Result<(), LedgerError> {
        Ok(self.group.group()?.keys().go_on_without_missing().map(|_| ())?)
    }

    /// Writes a message by which this device asks to be approved, after its person was
    /// restored by phrase or by friends, or after `reset_device_keys`. Any member's
    /// device takes it with `Recovery.approve_device`. Once a bundle of that member has
    /// come back, this device writes.
    ///
    /// # Errors
    /// `AlreadyIn` if this device may write already, `NoRootKey` if the person's root
    /// key does not count in the group any more, `TooManyDevices`.
    pub fn request_approval(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.group.group()?.keys().request_approval()?)
    }
}
