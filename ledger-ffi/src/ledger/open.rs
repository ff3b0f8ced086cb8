//! Opening a database.

use std::path::Path;
use std::sync::Arc;

use ledger_core::Speaks;
use ledger_store::{FileSecrets, StoreOptions};

use super::Ledger;
use crate::error::{ErrorCode, LedgerError};
use crate::platform::{AppSecrets, SecretStore, Secrets};

#[uniffi::export]
impl Ledger {
    /// Opens a database, with its keys in the app's secret store. If there is no file,
    /// this makes one, unless `create` is false.
    ///
    /// `container` is for a database that an app on iOS shares with its extensions: a
    /// name under which the secret store keeps the file's salt. The first 32 bytes of
    /// the file are then readable; without that, iOS ends an app that it suspends.
    /// Always open the file with the same name.
    ///
    /// `app_key` is 32 random bytes of the app's own, under which everything in the
    /// secret store is sealed. Give it from the first opening on, always the same one,
    /// until `Maintenance.change_app_key`.
    ///
    /// A file on a read-only medium, or in a folder that cannot be written, is opened to be
    /// read: see `is_read_only`.
    ///
    /// With `features`, which may be empty, this device says in each group what it reads: the
    /// version of the format and these features of the app, numbers from 1,024 on. It does so
    /// with its next own entry there, and again if that changes. `Lists.devices` shows what all
    /// devices read, so that the app knows when all of them read a feature.
    ///
    /// # Errors
    /// `NotFound`, `WrongKey`, `WrongAppKey`, `NoSalt`, `SecretsFailed`,
    /// `SecretsDamaged`, `Damaged`, `FromTheFuture`, `NoCipher`, `ReadOnly`,
    /// `DiskFull`, `Busy`. `InvalidEntry` for more than 64 features.
    #[uniffi::constructor(default(create = true, container = None, app_key = None, features = None))]
    pub fn open(
        path: &str,
        secrets: Arc<dyn SecretStore>,
        create: bool,
        container: Option<String>,
        app_key: Option<Vec<u8>>,
        features: Option<Vec<u64>>,
    ) -> Result<Self, LedgerError> {
        let secrets = Secrets::new(AppSecrets(secrets), app_key)?;
        Self::open_file(speaking(options(container), features)?, path, secrets, create)
    }

    /// Opens a database, with its keys in a file that only its owner can read. For
    /// programs, not for phones.
    ///
    /// # Errors
    /// As `open`.
    #[uniffi::constructor(default(create = true, app_key = None, features = None))]
    pub fn open_with_key_file(
        path: &str,
        key_file: &str,
        create: bool,
        app_key: Option<Vec<u8>>,
        features: Option<Vec<u64>>,
    ) -> Result<Self, LedgerError> {
        let secrets = Secrets::new(FileSecrets::new(key_file), app_key)?;
        Self::open_file(speaking(StoreOptions::new(), features)?, path, secrets, create)
    }

    /// Opens a new ledger in memory, with its keys, for unit tests and previews of apps.
    /// It is gone when it is closed, and cannot be backed up.
    ///
    /// # Errors
    /// `DatabaseFailed` if there is not enough memory.
    #[uniffi::constructor]
    pub fn in_memory() -> Result<Self, LedgerError> {
        Ok(Self::new(StoreOptions::new().in_memory()?, None))
    }
}

impl Ledger {
    fn open_file(
        options: StoreOptions,
        path: &str,
        secrets: Secrets,
        create: bool,
    ) -> Result<Self, LedgerError> {
        let path = Path::new(path);
        let store = if create {
            options.open_or_create(path, secrets.store())
        } else {
            options.open(path, secrets.store())
        };
        Ok(Self::new(store?, Some(secrets)))
    }
}

/// The options of an app whose devices say that they read these features.
fn speaking(
    options: StoreOptions,
    features: Option<Vec<u64>>,
) -> Result<StoreOptions, LedgerError> {
    let Some(features) = features else { return Ok(options) };
    let speaks = Speaks::new(Speaks::VERSION, features).map_err(|refusal| {
        let text = format!("the features cannot be said: {refusal}");
        LedgerError::new(ErrorCode::InvalidEntry, text)
    })?;
    Ok(options.speaks(speaks))
}

/// Options for a database, with a readable header if it is in a container that an app
/// shares with its extensions.
pub(super) fn options(container: Option<String>) -> StoreOptions {
    match container {
        Some(name) => StoreOptions::new().plaintext_header(&name),
        None => StoreOptions::new(),
    }
}
