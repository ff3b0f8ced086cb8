//! The app's secret store, and the app's key that seals the secrets in it.

use std::sync::Arc;

use ledger_store::{AppKey, SealedSecrets, Secret, SecretError, SecretName};
use zeroize::Zeroizing;

use crate::error::{CallbackError, ErrorCode, LedgerError};

/// Store for the secrets of this device: Keychain or Keystore, outside of backups.
/// The guides for iOS and Android have an implementation to copy.
///
/// The library calls the store on the thread of the call that needs a secret. The
/// store must not call the ledger.
#[uniffi::export(foreign)]
pub trait SecretStore: Send + Sync {
    /// Returns the secret of this name, or none if there is none.
    ///
    /// # Errors
    /// [`CallbackError`] if the secret cannot be read.
    fn get(&self, name: String) -> Result<Option<Vec<u8>>, CallbackError>;

    /// Keeps a secret, and replaces an older one of this name. The secret must survive
    /// a loss of power once the call has returned.
    ///
    /// # Errors
    /// [`CallbackError`] if the secret cannot be written.
    fn set(&self, name: String, secret: Vec<u8>) -> Result<(), CallbackError>;

    /// Removes a secret. Does nothing if there is none of this name.
    ///
    /// # Errors
    /// [`CallbackError`] if the secret cannot be removed.
    fn remove(&self, name: String) -> Result<(), CallbackError>;
}

/// The app's secret store, behind the trait of `ledger-store`.
pub(crate) struct AppSecrets(pub(crate) Arc<dyn SecretStore>);

impl ledger_store::SecretStore for AppSecrets {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        let found = self.0.get(name.as_str().to_owned()).map_err(without_text)?;
        Ok(found.map(Secret::new))
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.0.set(name.as_str().to_owned(), secret.expose().to_vec()).map_err(without_text)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.0.remove(name.as_str().to_owned()).map_err(without_text)
    }
}

/// The kind of an app's error. Its text is dropped, as it could hold secrets.
fn without_text(error: CallbackError) -> SecretError {
    let reason = match error {
        CallbackError::Locked => "it is locked",
        CallbackError::Denied => "it refused",
        CallbackError::Failed => "it failed",
    };
    SecretError::new("the app's secret store", reason)
}

type AnySecrets = Arc<dyn ledger_store::SecretStore>;

/// Secrets as they are, or sealed under a key of the app's.
#[derive(Clone)]
pub(crate) enum Secrets {
    Plain(AnySecrets),
    Sealed(Arc<SealedSecrets<AnySecrets>>),
}

impl Secrets {
    pub(crate) fn new(
        inner: impl ledger_store::SecretStore + 'static,
        app_key: Option<Vec<u8>>,
    ) -> Result<Self, LedgerError> {
        let inner: AnySecrets = Arc::new(inner);
        Ok(match app_key {
            None => Self::Plain(inner),
            Some(key) => Self::Sealed(Arc::new(SealedSecrets::new(inner, read_app_key(key)?))),
        })
    }

    pub(crate) fn store(&self) -> AnySecrets {
        match self {
            Self::Plain(secrets) => Arc::clone(secrets),
            Self::Sealed(secrets) => Arc::<SealedSecrets<AnySecrets>>::clone(secrets),
        }
    }

    pub(crate) fn change_app_key(&self, new: Vec<u8>) -> Result<(), LedgerError> {
        let new = read_app_key(new)?;
        match self {
            Self::Plain(_) => {
                let reason = "the ledger was opened without an app key";
                Err(LedgerError::new(ErrorCode::WrongAppKey, reason))
            }
            Self::Sealed(secrets) => Ok(secrets.rewrap(new)?),
        }
    }
}

fn read_app_key(bytes: Vec<u8>) -> Result<AppKey, LedgerError> {
    let bytes = Zeroizing::new(bytes);
    let key = Zeroizing::new(<[u8; AppKey::BYTES]>::try_from(bytes.as_slice()).map_err(|_| {
        let reason = format!("an app key has 32 bytes, not {}", bytes.len());
        LedgerError::new(ErrorCode::WrongAppKey, reason)
    })?);
    Ok(AppKey::from_bytes(*key))
}
