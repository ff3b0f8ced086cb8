//! Where the app keeps secrets.

use std::sync::Arc;

use ledger_store::{AppKey, SealedSecrets, Secret, SecretError, SecretName};
use zeroize::Zeroizing;

use crate::{CallbackError, ErrorCode, LedgerError};

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

type AnySecrets = Arc<dyn ledger_store::SecretStore>;

/// Secrets that are opened by a key of the app's, or as they are.
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
                let reason = "the ledger was opened without a key of the app's";
                Err(LedgerError::new(ErrorCode::WrongAppKey, reason))
            }
            Self::Sealed(secrets) => Ok(secrets.rewrap(new)?),
        }
    }
}

fn read_app_key(bytes: Vec<u8>) -> Result<AppKey, LedgerError> {
    let bytes = Zeroizing::new(bytes);
    let key = Zeroizing::new(<[u8; AppKey::BYTES]>::try_from(bytes.as_slice()).map_err(|_| {
        let reason = format!("an app's key has 32 bytes, not {}", bytes.len());
        LedgerError::new(ErrorCode::WrongAppKey, reason)
    })?);
    Ok(AppKey::from_bytes(*key))
}
