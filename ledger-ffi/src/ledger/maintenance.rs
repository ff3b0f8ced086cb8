//! Backups, changes of keys, checks and repairs of the whole database.

use std::path::Path;
use std::sync::Arc;

use crate::error::{ErrorCode, LedgerError};
use crate::group::Problem;
use crate::platform::{ProgressListener, Secrets, with_progress};
use crate::store_handle::StoreHandle;

/// Maintenance of an open database: backups, changes of keys, checks and repairs.
#[derive(uniffi::Object)]
pub struct Maintenance {
    store: StoreHandle,
    /// The secret store; none for a ledger in memory.
    secrets: Option<Secrets>,
}

impl Maintenance {
    pub(super) fn new(store: StoreHandle, secrets: Option<Secrets>) -> Self {
        Self { store, secrets }
    }
}

#[uniffi::export]
impl Maintenance {
    /// Copies the database as it is now into a new file, while others read and write.
    /// The copy opens with this ledger's secrets and no others. It takes long; if it is
    /// stopped or fails, no file is left.
    ///
    /// # Errors
    /// `File` if there is a file already; `Cancelled`, `CallbackFailed`, `DiskFull`, or
    /// any error of reading the database.
    #[uniffi::method(default(listener = None))]
    pub fn backup(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<(), LedgerError> {
        let store = self.store.store()?;
        with_progress(listener, |progress| store.maintenance().backup(Path::new(path), progress))
    }

    /// Encrypts the database under a fresh key. An older copy of the file opens no more.
    ///
    /// # Errors
    /// `Busy` if another process has the file open or a call does not end in time,
    /// `Suspended`, `SecretsFailed`, or any error of writing the database. The ledger
    /// works on in each case.
    pub fn rekey(&self) -> Result<(), LedgerError> {
        Ok(self.store.store()?.maintenance().rekey()?)
    }

    /// Seals the secret store under another key of the app's. The database and all other
    /// secrets stay as they are. Keep both keys until this has returned: if it is
    /// interrupted, one of them opens everything, and the other fails with
    /// `WrongAppKey`.
    ///
    /// # Errors
    /// `WrongAppKey` if the key is not 32 bytes long, if the ledger was opened without
    /// one or is in memory, or if another process has changed it; `SecretsFailed`.
    pub fn change_app_key(&self, app_key: Vec<u8>) -> Result<(), LedgerError> {
        self.store.store()?;
        match &self.secrets {
            Some(secrets) => secrets.change_app_key(app_key),
            None => Err(LedgerError::plain(ErrorCode::WrongAppKey)),
        }
    }

    /// Checks every group and every page of the database. Returns the problems that it
    /// finds. It changes nothing, and takes long.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, `Damaged` if a page that the check needs is
    /// damaged, or any error of reading the database.
    #[uniffi::method(default(listener = None))]
    pub fn check_database(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Problem>, LedgerError> {
        let store = self.store.store()?;
        let found =
            with_progress(listener, |progress| store.maintenance().check_database(progress))?;
        Ok(found.problems().cloned().map(Into::into).collect())
    }

    /// Writes again everything that is derived from the entries. It takes long, and
    /// nobody else can write meanwhile. If it is stopped or fails, nothing has changed.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, `Damaged` if the entries themselves are damaged, or
    /// any error of writing the database.
    #[uniffi::method(default(listener = None))]
    pub fn rebuild_indexes(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<(), LedgerError> {
        let store = self.store.store()?;
        with_progress(listener, |progress| store.maintenance().rebuild_indexes(progress))
    }

    /// A text for the person who helps with a problem: sizes and counts. It has no
    /// names, words, amounts, dates, keys or ids.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn support_dump(&self) -> Result<String, LedgerError> {
        Ok(self.store.store()?.maintenance().support_dump()?)
    }

    /// Gives memory back to the system. Call it when the system is short of memory.
    ///
    /// # Errors
    /// Any error of using the database.
    pub fn release_memory(&self) -> Result<(), LedgerError> {
        Ok(self.store.store()?.maintenance().release_memory()?)
    }
}
