//! Secret stores: they keep keys outside of the database that these keys open.

mod file;
mod memory;
mod sealed;

pub use file::FileSecrets;
pub use memory::MemorySecrets;
pub use sealed::{AppKey, SealedSecrets};

use core::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::SecretError;
use crate::platform::hex::hex;

/// The name of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName(String);

impl SecretName {
    /// Name of the key of the database file with this salt.
    pub(crate) fn database(salt: &[u8; 16]) -> Self {
        Self(format!("database-{}", hex(salt).as_str()))
    }

    /// Name of the salt of the database to which the app gave this name.
    pub(crate) fn salt(name: &str) -> Self {
        Self(format!("salt-{}", hex(name.as_bytes()).as_str()))
    }

    /// Name of the person's entropy, from which all root keys derive.
    pub(crate) fn entropy() -> Self {
        Self("entropy".to_owned())
    }

    /// Name of the keys of a device.
    pub(crate) fn device(id: &ledger_core::DeviceId) -> Self {
        Self(format!("device-{id}"))
    }

    /// Name of the key of a recovery by friends that is under way.
    pub(crate) fn recovery() -> Self {
        Self("recovery".to_owned())
    }

    /// Name of the secret of an invite that was made here.
    pub(crate) fn invite(id: &ledger_core::messages::invite::InviteId) -> Self {
        Self(format!("invite-{}", hex(id.as_bytes()).as_str()))
    }

    /// Name of the later X25519 keys of a device.
    pub(crate) fn exchange(id: &ledger_core::DeviceId) -> Self {
        Self(format!("exchange-{id}"))
    }

    /// Name of the last published entry of a device.
    pub(crate) fn published_tip(id: &ledger_core::DeviceId) -> Self {
        Self(format!("handed-out-{id}"))
    }

    /// Name of the key under which a [`SealedSecrets`] seals all other secrets.
    pub(crate) fn wrapping_key() -> Self {
        Self("wrapping-key".to_owned())
    }

    /// The name as text: ASCII letters, digits and hyphens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret value. Wiped on drop; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret with these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for code that stores or uses them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A store of secrets on this device. On phones, it wraps Keychain or Keystore, and must not be
/// part of backups.
pub trait SecretStore: Send + Sync {
    /// The secret with this name, if there is one.
    ///
    /// # Errors
    /// [`SecretError`] if the store cannot be read.
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError>;

    /// Stores a secret, replacing any with this name. Durable when it returns.
    ///
    /// # Errors
    /// [`SecretError`] if the store cannot be written.
    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError>;

    /// Stores a secret unless there is one with this name, and returns the one that is stored then.
    /// It is used for secrets that several processes may make at the same time.
    ///
    /// The default looks first and stores then. A store that can do both at once, like Keychain's
    /// `SecItemAdd`, should.
    ///
    /// # Errors
    /// [`SecretError`] if the store cannot be read or written.
    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        if let Some(there) = self.get(name)? {
            return Ok(there);
        }
        self.set(name, secret)?;
        Ok(secret.clone())
    }

    /// Removes a secret for good; does nothing if there is none with this name.
    ///
    /// # Errors
    /// [`SecretError`] if the store cannot be written.
    fn remove(&self, name: &SecretName) -> Result<(), SecretError>;
}

impl<S: SecretStore + ?Sized> SecretStore for Arc<S> {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        (**self).get(name)
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        (**self).set(name, secret)
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        (**self).add(name, secret)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        (**self).remove(name)
    }
}
