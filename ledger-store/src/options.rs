//! How a database is opened.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::database::Location;
use crate::{Environment, MemorySecrets, SecretStore, Store, StoreError, SystemEnvironment};

/// How long a call waits for others that write, unless told otherwise.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// Connections that read, unless told otherwise; see ARCHITECTURE.md.
const READERS: u8 = 3;

/// KiB of pages that each connection keeps, unless told otherwise; see
/// ARCHITECTURE.md.
const CACHE_KIB: u32 = 2048;

/// How a database is opened: what a phone, an app extension or a program wants
/// otherwise than the default.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use ledger_store::{MemorySecrets, StoreOptions};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("flat.db");
/// // An app on iOS whose database lies in a shared container.
/// let store = StoreOptions::new()
///     .plaintext_header("main")
///     .busy_limit(Duration::from_secs(2))
///     .readers(2)
///     .open_or_create(&path, Arc::new(MemorySecrets::new()))?;
/// # assert_eq!(&std::fs::read(&path)?[..15], b"SQLite format 3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct StoreOptions {
    pub(crate) busy_limit: Duration,
    pub(crate) readers: u8,
    pub(crate) cache_kib: u32,
    pub(crate) plaintext_header: Option<String>,
    pub(crate) environment: Arc<dyn Environment>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            busy_limit: BUSY_LIMIT,
            readers: READERS,
            cache_kib: CACHE_KIB,
            plaintext_header: None,
            environment: Arc::new(SystemEnvironment),
        }
    }
}

impl StoreOptions {
    /// What [`Store::open`] uses.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a call waits for its turn before it fails with
    /// [`StoreError::Busy`]: for other calls of this process, and again for other
    /// processes. 5 seconds unless told otherwise.
    #[must_use]
    pub fn busy_limit(mut self, limit: Duration) -> Self {
        self.busy_limit = limit;
        self
    }

    /// How many queries can run at once, from 1 to 16, each on a connection of
    /// its own with a cache of its own; 3 unless told otherwise. They are opened
    /// when they are first needed.
    #[must_use]
    pub fn readers(mut self, count: u8) -> Self {
        self.readers = count.clamp(1, 16);
        self
    }

    /// How many KiB of pages each connection keeps in memory at most; 2,048
    /// unless told otherwise.
    #[must_use]
    pub fn cache_kib(mut self, kib: u32) -> Self {
        self.cache_kib = kib;
        self
    }

    /// If a new file is made, leaves its first 32 bytes readable, so that iOS
    /// knows it as an SQLite database: iOS kills a suspended app that has a file
    /// of another kind locked in a container that it shares with an extension.
    /// The bytes say sizes of pages and file and how often it was written, not
    /// more; they are not protected against changes.
    ///
    /// The salt, which else begins the file, is kept in the secret store under
    /// `name`. The app chooses it, and always opens the database with it,
    /// wherever the file is moved. Databases of one secret store that are given
    /// one name share salt and key. An existing file keeps the header that it was
    /// made with.
    #[must_use]
    pub fn plaintext_header(mut self, name: &str) -> Self {
        self.plaintext_header = Some(name.to_owned());
        self
    }

    /// Another clock and randomness.
    #[must_use]
    pub fn environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.environment = environment;
        self
    }

    /// Opens a database that exists.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::WrongKey`],
    /// [`StoreError::NoSalt`], [`StoreError::Damaged`],
    /// [`StoreError::NoCipher`], [`StoreError::FromTheFuture`], or what the
    /// system says.
    pub fn open(self, path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Store, StoreError> {
        let location = Location::new(path, secrets, self);
        let first = location.connect()?;
        Store::new(location, first)
    }

    /// Opens a database, or makes one with a fresh random key.
    ///
    /// # Errors
    /// As [`StoreOptions::open`], except that a missing file is made.
    pub fn open_or_create(
        self,
        path: &Path,
        secrets: Arc<dyn SecretStore>,
    ) -> Result<Store, StoreError> {
        let location = Location::new(path, secrets, self);
        let first = location.connect_or_create()?;
        Store::new(location, first)
    }

    /// Makes a database in memory, with its secrets: for unit tests and previews
    /// of apps. It is gone with its last handle, and cannot be backed up. A
    /// commit waits for those who read, so it is no measure of speed.
    ///
    /// ```
    /// # use ledger_store::StoreOptions;
    /// let store = StoreOptions::new().in_memory()?;
    /// let group = store.found_group("Flat", "Anna")?;
    /// assert_eq!(group.state()?.members().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Database`] if there is not enough memory.
    pub fn in_memory(self) -> Result<Store, StoreError> {
        let location = Location::in_memory(Arc::new(MemorySecrets::new()), self)?;
        let first = location.connect()?;
        Store::new(location, first)
    }
}
