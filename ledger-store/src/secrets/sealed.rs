//! Secrets sealed under a key of the app (SPEC §17).
//!
//! Two levels: the app's key seals one random key, and the random key seals all other secrets. So a
//! change of the app's key replaces one secret, and cannot stop half-way.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ledger_core::seal::{SealedSecretError, WrappingKey};
use zeroize::Zeroizing;

use super::{Secret, SecretName, SecretStore};
use crate::error::SecretError;
use crate::platform::environment::random;
use crate::platform::{Environment, SystemEnvironment};

/// A key of the app: 32 bytes of a cryptographic random generator, which the app keeps where the
/// system protects it. Wiped on drop; `Debug` does not show it.
#[derive(Clone)]
pub struct AppKey(WrappingKey);

impl AppKey {
    /// Number of bytes of a key.
    pub const BYTES: usize = 32;

    /// A key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(WrappingKey::from_bytes(bytes))
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(secret)")
    }
}

/// A secret store around another one: everything in the inner store is sealed under a key of the
/// app. The inner store alone shows only names and lengths.
///
/// A secret is replaced only if these keys open it. [`SecretError::kind`] tells a wrong app key
/// from damage.
///
/// ```
/// # fn main() -> Result<(), ledger_store::StoreError> {
/// # let folder = tempfile::tempdir().map_err(ledger_store::StoreError::Bundle)?;
/// # let (path, key_file) = (folder.path().join("ledger.db"), folder.path().join("keys"));
/// # let (from_keychain, fresh) = ([1; 32], [2; 32]);
/// use std::sync::Arc;
/// use ledger_store::{AppKey, FileSecrets, SealedSecrets, Store};
///
/// let key = AppKey::from_bytes(from_keychain);
/// let secrets = Arc::new(SealedSecrets::new(FileSecrets::new(&key_file), key));
/// let store = Store::open_or_create(&path, secrets.clone())?;
/// // Another key, at any time: the database stays as it is.
/// secrets.rewrap(AppKey::from_bytes(fresh))?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
pub struct SealedSecrets<S> {
    inner: S,
    environment: Arc<dyn Environment>,
    keys: Mutex<Keys>,
}

struct Keys {
    app: AppKey,
    /// The random key, once it was read or made. It never changes.
    wrapping: Option<WrappingKey>,
}

impl<S: SecretStore> SealedSecrets<S> {
    /// Seals what goes to `inner`, and opens what comes from it. Reads nothing yet.
    #[must_use]
    pub fn new(inner: S, app_key: AppKey) -> Self {
        let keys = Mutex::new(Keys { app: app_key, wrapping: None });
        Self { inner, environment: Arc::new(SystemEnvironment), keys }
    }

    /// Uses another source of randomness, for tests.
    #[must_use]
    pub fn environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.environment = environment;
        self
    }

    /// Changes the app key, by replacing one secret. Whatever interrupts that, the old key or the
    /// new one opens everything: keep both until this has returned. Of two keys, use the one with
    /// which opening does not fail as [`WrongAppKey`](crate::SecretErrorKind::WrongAppKey).
    ///
    /// If no secret was stored yet, only remembers the key.
    ///
    /// # Errors
    /// [`SecretError`] if the app key so far does not open the secrets (another process may have
    /// changed it), or `inner` fails.
    pub fn rewrap(&self, app_key: AppKey) -> Result<(), SecretError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        // Read again: another process may have changed the app key.
        match self.stored_key(&keys.app) {
            Ok(None) => {}
            Ok(Some(wrapping)) => {
                let name = SecretName::wrapping_key();
                let sealed = self.seal(&app_key.0, &name, wrapping.expose_bytes())?;
                self.inner.set(&name, &sealed)?;
            }
            // An earlier call succeeded, but the app was stopped before it learned that.
            Err(_) if matches!(self.stored_key(&app_key), Ok(Some(_))) => {}
            Err(error) => return Err(error),
        }
        keys.app = app_key;
        Ok(())
    }

    /// The random key, if there is one.
    fn key(&self) -> Result<Option<WrappingKey>, SecretError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.wrapping.is_none() {
            keys.wrapping = self.stored_key(&keys.app)?;
        }
        Ok(keys.wrapping.clone())
    }

    /// The random key. None only if none of these secrets is stored either.
    fn key_of(&self, names: &[&SecretName]) -> Result<Option<WrappingKey>, SecretError> {
        if let Some(key) = self.key()? {
            return Ok(Some(key));
        }
        for name in names {
            if self.inner.get(name)?.is_some() {
                // Another process has just made both, or the key is lost.
                return self.key()?.map(Some).ok_or_else(|| lost(name));
            }
        }
        Ok(None)
    }

    /// The random key, made if there is none.
    fn key_for(&self, name: &SecretName) -> Result<WrappingKey, SecretError> {
        // The person's entropy is asked for as well: a store that returns nothing while the device
        // is locked must not lead to a second random key.
        if let Some(key) = self.key_of(&[name, &SecretName::entropy()])? {
            return Ok(key);
        }
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.random::<32>()?;
        let sealed = self.seal(&keys.app.0, &SecretName::wrapping_key(), &*fresh)?;
        self.inner.add(&SecretName::wrapping_key(), &sealed)?;
        // The stored key counts, whichever process stored it.
        let there = self.stored_key(&keys.app)?.ok_or_else(|| lost(&SecretName::wrapping_key()))?;
        keys.wrapping = Some(there.clone());
        Ok(there)
    }

    fn stored_key(&self, app: &AppKey) -> Result<Option<WrappingKey>, SecretError> {
        let name = SecretName::wrapping_key();
        let Some(sealed) = self.inner.get(&name)? else { return Ok(None) };
        let bytes = app.0.open(name.as_str(), sealed.expose()).map_err(|error| match error {
            SealedSecretError::OtherKey => SecretError::wrong_app_key(
                "the app's key is not the one under which they are sealed; nothing was changed",
            ),
            error => unusable(&name, error),
        })?;
        let bytes = <&[u8; 32]>::try_from(bytes.as_slice());
        let bytes = bytes.map_err(|_| unusable(&name, SealedSecretError::Damaged))?;
        Ok(Some(WrappingKey::from_bytes(*bytes)))
    }

    fn seal(
        &self,
        key: &WrappingKey,
        name: &SecretName,
        bytes: &[u8],
    ) -> Result<Secret, SecretError> {
        Ok(Secret::new(key.seal(name.as_str(), bytes, &*self.random()?)))
    }

    fn random<const N: usize>(&self) -> Result<Zeroizing<[u8; N]>, SecretError> {
        let bytes = random(&*self.environment);
        bytes.map_err(|error| SecretError::new("the sealed store", error.to_string()))
    }
}

impl<S: SecretStore> SecretStore for SealedSecrets<S> {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        refuse_reserved(name)?;
        let Some(key) = self.key_of(&[name])? else { return Ok(None) };
        let sealed = self.inner.get(name)?;
        sealed.map(|sealed| open(&key, name, &sealed)).transpose()
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        refuse_reserved(name)?;
        let key = self.key_for(name)?;
        if let Some(there) = self.inner.get(name)? {
            open(&key, name, &there)?;
        }
        self.inner.set(name, &self.seal(&key, name, secret.expose())?)
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        refuse_reserved(name)?;
        let key = self.key_for(name)?;
        let there = self.inner.add(name, &self.seal(&key, name, secret.expose())?)?;
        open(&key, name, &there)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        refuse_reserved(name)?;
        match self.key_of(&[name])? {
            Some(_) => self.inner.remove(name),
            None => Ok(()),
        }
    }
}

impl<S> fmt::Debug for SealedSecrets<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecrets(hidden)")
    }
}

fn open(key: &WrappingKey, name: &SecretName, sealed: &Secret) -> Result<Secret, SecretError> {
    let opened = key.open(name.as_str(), sealed.expose());
    let opened = opened.map_err(|error| unusable(name, error))?;
    Ok(Secret::new(opened.to_vec()))
}

/// Refuses a sealed store inside of a sealed store: both would have a random key of the same name.
fn refuse_reserved(name: &SecretName) -> Result<(), SecretError> {
    if *name == SecretName::wrapping_key() {
        return Err(SecretError::new("the sealed store", "it is inside of another sealed store"));
    }
    Ok(())
}

fn unusable(name: &SecretName, error: SealedSecretError) -> SecretError {
    SecretError::damaged(name.as_str(), format!("{error}; use the secrets that belong together"))
}

fn lost(name: &SecretName) -> SecretError {
    SecretError::damaged(name.as_str(), "it is here without the key under which secrets are sealed")
}
