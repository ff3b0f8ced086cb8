//! Where the app keeps secrets.

use std::sync::Arc;

use ledger_store::{Secret, SecretError, SecretName};

use crate::CallbackError;

/// Keeps secrets for this device: Keychain or Keystore, and not in backups. The
/// guides for iOS and Android have one to copy.
///
/// Called on the thread of the call that needs a secret, never twice at once
/// for one ledger by one thread. It must not call the ledger.
#[uniffi::export(foreign)]
pub trait SecretStore: Send + Sync {
    /// The secret of this name; none if there is none.
    ///
    /// # Errors
    /// [`CallbackError`] if it cannot be read.
    fn get(&self, name: String) -> Result<Option<Vec<u8>>, CallbackError>;

    /// Keeps a secret durably before it returns, replacing any of this name.
    ///
    /// # Errors
    /// [`CallbackError`] if it cannot be written.
    fn set(&self, name: String, secret: Vec<u8>) -> Result<(), CallbackError>;

    /// Forgets a secret; nothing happens if there is none of this name.
    ///
    /// # Errors
    /// [`CallbackError`] if it cannot be removed.
    fn remove(&self, name: String) -> Result<(), CallbackError>;
}

/// The app's secret store as the library wants it.
pub(crate) struct AppSecrets(pub(crate) Arc<dyn SecretStore>);

impl ledger_store::SecretStore for AppSecrets {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        let found = self.0.get(name.as_str().to_owned()).map_err(scrubbed)?;
        Ok(found.map(Secret::new))
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.0.set(name.as_str().to_owned(), secret.expose().to_vec()).map_err(scrubbed)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.0.remove(name.as_str().to_owned()).map_err(scrubbed)
    }
}

fn scrubbed(error: CallbackError) -> SecretError {
    let reason = match error {
        CallbackError::Locked => "it is locked",
        CallbackError::Denied => "it said no",
        CallbackError::Failed => "it failed",
    };
    SecretError::new("the app's secret store", reason)
}
