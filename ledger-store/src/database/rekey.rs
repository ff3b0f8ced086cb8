//! Changing the key of a database file (ARCHITECTURE.md, *Changing the key*).
//!
//! During the change, the secret holds two keys, the old one first. The key that opens the file is
//! the right one: SQLite's journal completes the change or undoes it.

use rusqlite::{Connection, ErrorCode, OpenFlags};
use zeroize::Zeroizing;

use super::Location;
use super::cipher::{Key, Salt, pragma_with_key, unlock};
use super::file_head::{Head, read_head};
use super::stored_keys::Keys;
use crate::StoreError;
use crate::platform::environment::random;
use crate::platform::lock_file::LockFile;
use crate::secrets::{Secret, SecretName};

impl Location {
    /// Encrypts the file with a fresh key, while no other process has it open.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it open; then the key is as before.
    pub(crate) fn rekey(&self) -> Result<(), StoreError> {
        if self.is_in_memory() {
            return Ok(());
        }
        let head = read_head(self.path())?;
        let head = head.ok_or_else(|| StoreError::NotFound(self.path().to_owned()))?;
        let salt = self.salt(&head)?;
        let _lock = self.lock_file()?;
        let old = match self.keys(&salt)? {
            Keys::One(key) => key,
            Keys::Changing { old, new } => self.key_that_opens(&head, &salt, old, new)?,
        };
        let connection = self.connect_alone(&head, &salt, &old)?;
        let new: Key = random(&*self.settings().environment)?;
        // Both keys are durable before a page is written with the new one.
        let both = Zeroizing::new([*old, *new].concat());
        self.keep_key(&salt, &both)?;
        connection.execute_batch(&pragma_with_key("rekey", &new, &salt))?;
        // Every page on the disk is authentic under the new key before the old key is removed.
        let mut statement = connection.prepare("PRAGMA cipher_integrity_check")?;
        if let Some(row) = statement.query([])?.next()? {
            return Err(StoreError::Damaged(row.get(0)?));
        }
        // The file is still locked, so no other process changes the key at the same time.
        self.keep_key(&salt, new.as_slice())
    }

    /// Completes an interrupted change: keeps the key that opens the file.
    pub(super) fn finish_rekey(&self, head: &Head, salt: &Salt) -> Result<Key, StoreError> {
        // A process that changes the key now holds this lock.
        let _lock = self.lock_file()?;
        match self.keys(salt)? {
            Keys::One(key) => Ok(key),
            Keys::Changing { old, new } => {
                let key = self.key_that_opens(head, salt, old, new)?;
                self.keep_key(salt, key.as_slice())?;
                Ok(key)
            }
        }
    }

    /// A connection that locks out all other processes, without a log.
    fn connect_alone(&self, head: &Head, salt: &Salt, key: &Key) -> Result<Connection, StoreError> {
        let connection = self.unlock_with(head, salt, key)?;
        // The log is moved into the file and removed: it must not hold pages under another key. The
        // first query takes the lock, and keeps it.
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE;
             SELECT count(*) FROM sqlite_schema;
             PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON;",
        )?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
        if mode != "delete" {
            return Err(StoreError::Busy);
        }
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT;")?;
        Ok(connection)
    }

    fn key_that_opens(
        &self,
        head: &Head,
        salt: &Salt,
        old: Key,
        new: Key,
    ) -> Result<Key, StoreError> {
        for key in [new, old.clone()] {
            let connection = self.unlock_with(head, salt, &key)?;
            match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
                Ok(()) => return Ok(key),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // The file is damaged; neither key is removed.
        Err(StoreError::Damaged("it cannot be decrypted with its key".to_owned()))
    }

    fn unlock_with(&self, head: &Head, salt: &Salt, key: &Key) -> Result<Connection, StoreError> {
        let (flags, plaintext) =
            (OpenFlags::SQLITE_OPEN_READ_WRITE, matches!(head, Head::Plaintext));
        let connection = unlock(self.path(), flags, key, salt, plaintext)?;
        connection.busy_timeout(self.busy_limit())?;
        Ok(connection)
    }

    fn keep_key(&self, salt: &Salt, keys: &[u8]) -> Result<(), StoreError> {
        Ok(self.secrets().set(&SecretName::database(salt), &Secret::new(keys.to_vec()))?)
    }

    pub(super) fn lock_file(&self) -> Result<LockFile, StoreError> {
        let lock = LockFile::beside(self.path(), self.busy_limit());
        lock.map_err(|source| match source.kind() {
            std::io::ErrorKind::TimedOut => StoreError::Busy,
            _ => StoreError::Io { path: self.path().to_owned(), source },
        })
    }
}
