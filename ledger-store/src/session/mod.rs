//! An open database, as all handles share it: its connections, and what is kept in memory
//! beside it.
//!
//! [`Session`] and [`GroupSession`] are what `Store`, `Group` and their sub-handles hold. They
//! have no public methods, so every topic can use them without knowing the handles above.

mod cache;
mod create;
mod enter;
mod feed;
mod group;
mod identity;
mod lifecycle;
mod remove;
mod snapshot;
mod subscribe;
mod successor;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger_core::limits::LedgerLimits;
use ledger_core::{DeviceId, GroupId};
use rusqlite::{Connection, OptionalExtension as _, Row};

use self::cache::LedgerCache;
use self::identity::Turns;
use crate::StoreError;
use crate::database::{Connections, GroupKey, Location, Settings};
use crate::platform::Environment;
use crate::platform::environment::CallContext;
use crate::platform::progress::Cancellations;
use crate::secrets::{MemorySecrets, SecretStore};

pub(crate) use create::Founding;
pub(crate) use enter::{MembershipRow, ROOT_KEYS, next_root_index};
pub use feed::{Change, Changes};
pub(crate) use group::GroupSession;
pub(crate) use identity::Turn;
pub(crate) use snapshot::groups;
pub use successor::{OpeningComparison, OpeningDifference};

/// An open database with its cache. Closed when the last handle is dropped. May be used from
/// any thread: queries run beside each other and beside a writer; writers take turns.
pub(crate) struct Session {
    connections: Connections,
    cache: Mutex<LedgerCache>,
    turns: Turns,
    cancellations: Cancellations,
}

impl Session {
    /// Opens a database that exists.
    pub(crate) fn open(
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        settings: Settings,
    ) -> Result<Arc<Self>, StoreError> {
        let location = Location::new(path, secrets, settings);
        let first = location.connect()?;
        Self::new(location, first)
    }

    /// Opens a database, or creates one with a fresh random key.
    pub(crate) fn open_or_create(
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        settings: Settings,
    ) -> Result<Arc<Self>, StoreError> {
        let location = Location::new(path, secrets, settings);
        let first = location.connect_or_create()?;
        Self::new(location, first)
    }

    /// Creates a database in memory, with its secrets.
    pub(crate) fn in_memory(settings: Settings) -> Result<Arc<Self>, StoreError> {
        let location = Location::in_memory(Arc::new(MemorySecrets::new()), settings)?;
        let first = location.connect()?;
        Self::new(location, first)
    }

    fn new(location: Location, first: Connection) -> Result<Arc<Self>, StoreError> {
        let connections = Connections::new(location, first)?;
        Ok(Arc::new(Self {
            connections,
            cache: Mutex::default(),
            turns: Turns::default(),
            cancellations: Cancellations::default(),
        }))
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(crate) fn cache(&self) -> MutexGuard<'_, LedgerCache> {
        // A panic leaves the cache whole: every change to it is one statement.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn location(&self) -> &Location {
        self.connections.location()
    }

    pub(crate) fn path(&self) -> &Path {
        self.location().path()
    }

    pub(crate) fn secrets(&self) -> &dyn SecretStore {
        self.location().secrets()
    }

    /// The secrets, to keep a further one for a database that is written next.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] if the database can only be read.
    pub(crate) fn secrets_to_write(&self) -> Result<&dyn SecretStore, StoreError> {
        if self.connections.is_read_only() { Err(StoreError::ReadOnly) } else { Ok(self.secrets()) }
    }

    pub(crate) fn environment(&self) -> &dyn Environment {
        &*self.location().settings().environment
    }

    /// Threads that verify signatures at once.
    pub(crate) fn threads(&self) -> usize {
        self.location().settings().threads
    }

    /// Sets how many KiB of pages the connection that writes keeps; without a number, as many as others.
    #[cfg(feature = "import")]
    pub(crate) fn set_writer_cache(&self, kib: Option<u32>) -> Result<(), StoreError> {
        let kib = kib.unwrap_or(self.location().settings().cache_kib);
        let pragma = format!("PRAGMA cache_size = -{kib}; PRAGMA shrink_memory;");
        self.write(|connection| Ok(connection.execute_batch(&pragma)?))
    }

    /// Most rows of a file that one transaction goes through. A larger import takes several.
    #[cfg(feature = "import")]
    pub(crate) fn import_batch(&self) -> usize {
        self.location().settings().import_batch
    }

    /// Limits of what is kept for others.
    pub(crate) fn limits(&self) -> &LedgerLimits {
        &self.location().settings().limits
    }

    /// Time, randomness and limits for one call.
    pub(crate) fn call_context(&self) -> Result<CallContext, StoreError> {
        let speaks = self.location().settings().speaks.clone();
        CallContext::new(self.environment(), *self.limits(), speaks)
    }

    /// Runs queries on one snapshot.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections.read(work)
    }

    /// Calls that another thread cancels.
    pub(crate) fn cancellations(&self) -> &Cancellations {
        &self.cancellations
    }

    /// Runs `work` while holding the single writer permit; `work` makes its own transactions.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections.write(work)
    }

    /// The ids of the groups, oldest first. Reads no entry, so it works on a damaged ledger.
    pub(crate) fn group_ids(&self) -> Result<Vec<GroupId>, StoreError> {
        let all = self.read(groups)?;
        Ok(all.into_iter().map(|(_, id)| id).collect())
    }

    /// The ids of the groups that have no genesis entry here.
    pub(crate) fn groups_without_genesis(&self) -> Result<Vec<GroupId>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM groups
                 WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.grp = groups.grp) ORDER BY grp",
            )?;
            let rows = statement.query_map([], |row| row.get(0).map(GroupId::from_bytes))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// One group.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it is not in this database.
    pub(crate) fn group(self: &Arc<Self>, id: GroupId) -> Result<GroupSession, StoreError> {
        let found = self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT grp, device FROM groups WHERE id = ?1")?;
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            Ok(statement.query_row([id.as_bytes()], row).optional()?)
        })?;
        let (key, device) = found.ok_or(StoreError::UnknownGroup(id))?;
        Ok(GroupSession::new(self, id, GroupKey(key), DeviceId::from_bytes(device)))
    }

    /// The group with this row number.
    pub(crate) fn group_by_key(
        self: &Arc<Self>,
        key: GroupKey,
    ) -> Result<GroupSession, StoreError> {
        let id: [u8; 32] = self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM groups WHERE grp = ?1")?;
            Ok(statement.query_row([key.0], |row| row.get(0))?)
        })?;
        self.group(GroupId::from_bytes(id))
    }

    /// Drops the cache and other memory that only makes the next call faster. Waits for nobody.
    pub(crate) fn release_memory(&self) -> Result<(), StoreError> {
        let dropped = self.cache().clear();
        // Dropped without the lock held: freeing a large ledger takes a while.
        drop(dropped);
        self.connections.shrink()
    }
}
