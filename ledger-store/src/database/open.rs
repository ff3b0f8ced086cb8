//! Opening the file with its raw key, and refusing other files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ledger_core::seal::WrappingKey;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::cipher::{Key, Salt, require_cipher, unlock};
use super::file_head::{Head, read_head, refuse_cut_short, refuse_lost};
use super::memory::Memory;
use super::stored_keys::Keys;
use super::{FileKey, Settings, migrations, read_only};
use crate::error::{SecretError, StoreError};
use crate::platform::environment::random;
use crate::secrets::{Secret, SecretName, SecretStore};

/// Number of statements that stay prepared: more than the library has, so that a write never
/// prepares one again.
const STATEMENTS: usize = 64;

/// Longest wait: a longer one would not fit into SQLite's milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Bytes to which the log is cut when it begins again, so that one large import does not leave a
/// large log.
const LOG_BYTES: u32 = 4 << 20;

/// A database file, with the secrets and settings to open it.
pub(crate) struct Location {
    path: PathBuf,
    secrets: Arc<dyn SecretStore>,
    settings: Settings,
    memory: Option<Memory>,
}

impl Location {
    pub(crate) fn new(path: &Path, secrets: Arc<dyn SecretStore>, settings: Settings) -> Self {
        Self { path: path.to_owned(), secrets, settings, memory: None }
    }

    /// A new database in memory.
    pub(crate) fn in_memory(
        secrets: Arc<dyn SecretStore>,
        settings: Settings,
    ) -> Result<Self, StoreError> {
        let memory = Some(Memory::new()?);
        Ok(Self { path: PathBuf::from(":memory:"), secrets, settings, memory })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn secrets(&self) -> &dyn SecretStore {
        &*self.secrets
    }

    pub(crate) fn shared_secrets(&self) -> Arc<dyn SecretStore> {
        Arc::clone(&self.secrets)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Opens a database that must exist. The key is fetched from the secret store each time, so
    /// that only SQLCipher keeps it in memory.
    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        if let Some(memory) = &self.memory {
            return configure(memory.connect()?, &self.settings);
        }
        match read_head(&self.path)? {
            Some(head) => self.connect_to(&head),
            None => {
                refuse_lost(&self.path)?;
                Err(StoreError::NotFound(self.path.clone()))
            }
        }
    }

    /// The key of the file, for work on copies of it.
    pub(crate) fn file_key(&self) -> Result<FileKey, StoreError> {
        let head = read_head(&self.path)?;
        let head = head.ok_or_else(|| StoreError::NotFound(self.path.clone()))?;
        let salt = self.salt(&head)?;
        let plaintext_header = matches!(head, Head::Plaintext);
        Ok(FileKey { key: self.key_of(&head, &salt)?, salt, plaintext_header })
    }

    /// Opens a database, or creates one if there is no file or an empty one, which a crash at the
    /// right instant can leave.
    pub(crate) fn connect_or_create(&self) -> Result<Connection, StoreError> {
        if let Some(head) = read_head(&self.path)? {
            return self.connect_to(&head);
        }
        refuse_lost(&self.path)?;
        // Before a key is stored that would open nothing.
        require_cipher(&Connection::open_in_memory()?)?;
        // One process creates the file; others wait here, and open it.
        let lock = self.lock_file()?;
        if let Some(head) = read_head(&self.path)? {
            drop(lock);
            return self.connect_to(&head);
        }
        let made = self.create();
        drop(lock);
        made
    }

    fn create(&self) -> Result<Connection, StoreError> {
        let environment = &*self.settings.environment;
        let name = self.settings.plaintext_header.as_deref();
        let known = name.map(|name| self.salt_of(name)).transpose()?.flatten();
        let salt = match known {
            Some(salt) => salt,
            None => *random(environment)?,
        };
        let key = match self.keys(&salt) {
            // The key of a file with this name that was deleted or is elsewhere.
            Ok(Keys::One(key) | Keys::Changing { new: key, .. }) => key,
            Err(StoreError::WrongKey(_)) => {
                let key: Key = random(environment)?;
                // Durable before anything is encrypted with it.
                let secret = Secret::new(key.to_vec());
                self.secrets.set(&SecretName::database(&salt), &secret)?;
                key
            }
            Err(error) => return Err(error),
        };
        if let Some(name) = name.filter(|_| known.is_none()) {
            self.secrets.set(&SecretName::salt(name), &Secret::new(salt.to_vec()))?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        configure(unlock(&self.path, flags, &key, &salt, name.is_some())?, &self.settings)
    }

    fn connect_to(&self, head: &Head) -> Result<Connection, StoreError> {
        let salt = self.salt(head)?;
        let key = self.key_of(head, &salt)?;
        refuse_cut_short(&self.path)?;
        let plaintext = matches!(head, Head::Plaintext);
        let for_reading = || {
            let unlock = |path: &Path, flags| unlock(path, flags, &key, &salt, plaintext);
            configure_for_reading(read_only::connect(&self.path, unlock)?, &self.settings)
        };
        if self.settings.read_only {
            return for_reading();
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = unlock(&self.path, flags, &key, &salt, plaintext)?;
        // Asked before a log is made beside a file that cannot take it in.
        if connection.is_readonly(MAIN_DB)? {
            drop(connection);
            return for_reading();
        }
        match configure(connection, &self.settings) {
            Err(StoreError::ReadOnly | StoreError::CannotOpen)
                if read_only::is_folder_read_only(&self.path) =>
            {
                for_reading()
            }
            configured => configured,
        }
    }

    /// A new file with the key and salt of the database, the salt in its header; without settings
    /// or tables so far.
    pub(crate) fn connect_copy(&self, target: &Path) -> Result<Connection, StoreError> {
        let head = read_head(&self.path)?;
        let head = head.ok_or_else(|| StoreError::NotFound(self.path.clone()))?;
        let salt = self.salt(&head)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let key = self.key_of(&head, &salt)?;
        unlock(target, flags, &key, &salt, false)
    }

    pub(super) fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// How long a call waits for other processes.
    pub(super) fn busy_limit(&self) -> Duration {
        self.settings.busy_limit.min(LONGEST_WAIT)
    }

    pub(super) fn salt(&self, head: &Head) -> Result<Salt, StoreError> {
        match head {
            Head::Salt(salt) => Ok(*salt),
            Head::Plaintext => {
                let name = self.settings.plaintext_header.as_deref();
                let salt = name.map(|name| self.salt_of(name)).transpose()?.flatten();
                salt.ok_or_else(|| StoreError::NoSalt(self.path.clone()))
            }
        }
    }

    fn salt_of(&self, name: &str) -> Result<Option<Salt>, StoreError> {
        let Some(secret) = self.secrets.get(&SecretName::salt(name))? else { return Ok(None) };
        let salt = Salt::try_from(secret.expose());
        Ok(Some(salt.map_err(|_| StoreError::NoSalt(self.path.clone()))?))
    }

    fn key_of(&self, head: &Head, salt: &Salt) -> Result<Key, StoreError> {
        match self.keys(salt)? {
            Keys::One(key) => Ok(key),
            Keys::Changing { .. } => self.finish_rekey(head, salt),
        }
    }

    pub(super) fn keys(&self, salt: &Salt) -> Result<Keys, StoreError> {
        let secret = self.secrets.get(&SecretName::database(salt))?;
        if let Some(keys) = secret.as_ref().and_then(Keys::parse) {
            return Ok(keys);
        }
        if secret.is_some_and(|secret| WrappingKey::is_sealed(secret.expose())) {
            let reason = "they are sealed, and no key of the app's was given";
            return Err(SecretError::wrong_app_key(reason).into());
        }
        Err(StoreError::WrongKey(self.path.clone()))
    }
}

pub(super) fn configure(
    mut connection: Connection,
    settings: &Settings,
) -> Result<Connection, StoreError> {
    prepare(&connection, settings)?;
    connection.execute_batch(&format!(
        // `synchronous = FULL`: every commit flushes the log, so a committed entry
        // survives a loss of power; with NORMAL it would survive a crash of the
        // program only. On Apple's systems, `fsync` leaves data in the drive's own
        // cache; `fullfsync` empties that as well, and means nothing elsewhere.
        "PRAGMA journal_mode = WAL;
         PRAGMA journal_size_limit = {LOG_BYTES};
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;"
    ))?;
    migrations::migrate(&mut connection)?;
    list_words(&connection)?;
    Ok(connection)
}

/// Configures a connection that cannot write: no log is begun, and nothing is migrated.
fn configure_for_reading(
    connection: Connection,
    settings: &Settings,
) -> Result<Connection, StoreError> {
    prepare(&connection, settings)?;
    migrations::refuse_other_versions(&connection)?;
    list_words(&connection)?;
    Ok(connection)
}

/// Makes a table of the words of the index, of which nothing is kept. A reader may not make it later.
fn list_words(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch(
        "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, texts, instance)",
    )?)
}

/// Settings of every connection.
fn prepare(connection: &Connection, settings: &Settings) -> Result<(), StoreError> {
    connection.busy_timeout(settings.busy_limit.min(LONGEST_WAIT))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Query plans do not depend on bound values. Otherwise SQLite would plan each query again,
    // which takes a tenth of the time of a page of expenses.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let cache_kib = settings.cache_kib;
    Ok(connection.execute_batch(&format!(
        "PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{cache_kib};"
    ))?)
}
