//! Secrets in memory, for previews and unit tests of apps.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{Secret, SecretName, SecretStore};
use crate::error::SecretError;

/// A secret store in memory, gone when it is dropped.
#[derive(Debug, Default)]
pub struct MemorySecrets(Mutex<BTreeMap<SecretName, Secret>>);

impl MemorySecrets {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl SecretStore for MemorySecrets {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(name.clone(), secret.clone());
        Ok(())
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(secrets.entry(name.clone()).or_insert_with(|| secret.clone()).clone())
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }
}
