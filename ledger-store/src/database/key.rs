//! The key of a database file, for work on copies of it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::cipher::{Key, Salt, unlock};
use crate::StoreError;
use crate::platform::Environment;
use crate::platform::environment::random;

/// The raw key of a file, the salt from which SQLCipher derives how it authenticates pages, and the
/// form of the file's beginning.
pub(crate) struct FileKey {
    pub(super) key: Key,
    pub(super) salt: Salt,
    pub(super) plaintext_header: bool,
}

impl FileKey {
    /// A key for a file that is never opened again.
    pub(crate) fn fresh(environment: &dyn Environment) -> Result<Self, StoreError> {
        let (key, salt) = (random(environment)?, *random(environment)?);
        Ok(Self { key, salt, plaintext_header: false })
    }

    /// Opens or creates a file with this key, without settings or tables.
    pub(crate) fn unlock(&self, path: &Path) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        unlock(path, flags, &self.key, &self.salt, self.plaintext_header)
    }
}
