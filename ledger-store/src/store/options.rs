//! Options for opening a database.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ledger_core::Speaks;

use super::Store;
use crate::StoreError;
use crate::database::Settings;
use crate::health::{Salvaged, derive_anew, salvage_database};
use crate::platform::{Environment, Progress};
use crate::secrets::SecretStore;
use crate::session::Session;

/// Options for opening a database: settings in which a phone, an app extension or a program differs
/// from the default.
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
#[derive(Clone, Default)]
pub struct StoreOptions {
    settings: Settings,
}

impl StoreOptions {
    /// The options that [`Store::open`] uses.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Time that a call waits for its turn before it fails with [`StoreError::Busy`]: for other calls
    /// of this process, and again for other processes. The default is 5 seconds.
    #[must_use]
    pub fn busy_limit(mut self, limit: Duration) -> Self {
        self.settings.busy_limit = limit;
        self
    }

    /// Number of queries that can run at once, from 1 to 16, each on a connection of its own with a
    /// cache of its own. The default is 3. Connections are opened when they are first needed.
    #[must_use]
    pub fn readers(mut self, count: u8) -> Self {
        self.settings.readers = count.clamp(1, 16);
        self
    }

    /// Largest size of the pages that each connection keeps in memory, in KiB. The default is 2,048.
    #[must_use]
    pub fn cache_kib(mut self, kib: u32) -> Self {
        self.settings.cache_kib = kib;
        self
    }

    /// Number of threads that verify the signatures of an import at once, from 1 to 64. The default is
    /// the number of processors, at most 4. With 1, no call starts a thread.
    #[must_use]
    pub fn threads(mut self, count: u8) -> Self {
        self.settings.threads = usize::from(count.clamp(1, 64));
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
        self.settings.plaintext_header = Some(name.to_owned());
        self
    }

    /// Lets this device say in each group what it reads: with its next own entry there, and again if
    /// that changes. Others see it in [`Lists::devices`](crate::Lists::devices), so an app can wait
    /// with a feature until all devices of a group read it. Features from 1,024 on are the app's own.
    ///
    /// Nothing is said by default: it costs an entry of each device in each group.
    ///
    /// ```
    /// use ledger_core::{SettingValue, Speaks};
    /// use ledger_store::{NewEntry, StoreOptions};
    /// let speaks = Speaks::new(Speaks::VERSION, [1_024])?;
    /// let store = StoreOptions::new().speaks(speaks.clone()).in_memory()?;
    /// let group = store.create_group("Flat", "Anna")?;
    /// assert_eq!(group.lists().devices()?[0].speaks, None);
    /// group.entries().append(vec![NewEntry::Setting(SettingValue::DefaultCurrency(None))])?;
    /// assert_eq!(group.lists().devices()?[0].speaks, Some(speaks));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn speaks(mut self, speaks: Speaks) -> Self {
        self.settings.speaks = Some(speaks);
        self
    }

    /// Opens the file only to be read: nothing is written, neither to it nor beside it, and whatever
    /// would write fails with [`StoreError::ReadOnly`]. Nobody may write to the file meanwhile. A file
    /// on a read-only medium, or in a folder that cannot be written, is always opened so.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.settings.read_only = true;
        self
    }

    /// Another clock and randomness.
    #[must_use]
    pub fn environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.settings.environment = environment;
        self
    }

    /// Other limits of what is kept for others than the default ones: for tests and the simulation.
    #[doc(hidden)]
    #[must_use]
    pub fn limits(mut self, limits: ledger_core::limits::LedgerLimits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Another number of rows of a file that one transaction goes through than 20,000: for tests and the
    /// simulation.
    #[cfg(feature = "import")]
    #[doc(hidden)]
    #[must_use]
    pub fn import_batch(mut self, rows: usize) -> Self {
        self.settings.import_batch = rows.max(1);
        self
    }

    /// Opens a database that exists. After an update of the app, this may derive the lists of groups
    /// anew, which takes as long as verifying their histories. A group whose entries are not sound does
    /// not keep the others from opening: calls that need its ledger give the error.
    ///
    /// A file that cannot be written is opened to be read ([`Store::is_read_only`]). If it must be
    /// brought up to date first, that fails with [`StoreError::ReadOnlyOlder`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::WrongKey`],
    /// [`StoreError::NoSalt`], [`StoreError::Damaged`],
    /// [`StoreError::NoCipher`], [`StoreError::FromTheFuture`], or what the system says.
    pub fn open(self, path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Store, StoreError> {
        Self::store(Session::open(path, secrets, self.settings)?)
    }

    fn store(session: Arc<Session>) -> Result<Store, StoreError> {
        derive_anew(&session)?;
        Ok(Store::new(session))
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
        Self::store(Session::open_or_create(path, secrets, self.settings)?)
    }

    /// Makes a database in memory, with its secrets: for unit tests and previews
    /// of apps. It is gone with its last handle, and cannot be backed up. A
    /// commit waits for those who read, so it is no measure of speed.
    ///
    /// ```
    /// # use ledger_store::StoreOptions;
    /// let store = StoreOptions::new().in_memory()?;
    /// let group = store.create_group("Flat", "Anna")?;
    /// assert_eq!(group.state()?.members().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Database`] if there is not enough memory.
    pub fn in_memory(self) -> Result<Store, StoreError> {
        Ok(Store::new(Session::in_memory(self.settings)?))
    }

    /// Like [`Store::salvage_database`], for a database that is opened with these options; the
    /// new one is as well.
    ///
    /// # Errors
    /// As [`Store::salvage_database`].
    pub fn salvage_database(
        self,
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        to: &Path,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Salvaged, StoreError> {
        salvage_database(self.settings, path, secrets, to, progress)
    }
}
