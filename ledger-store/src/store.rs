//! One database file with its groups.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger_core::{
    DeviceId, DeviceKey, GroupId, Ledger, MemberId, NewGroup, Pending, RootEntropy, VerifiedEntry,
    View,
};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::database::{open_existing, open_or_create};
use crate::environment::random;
use crate::feed::Feed;
use crate::group::{GroupKey, Writer};
use crate::{Environment, Group, Secret, SecretName, SecretStore, StoreError, SystemEnvironment};

/// Never that of a group which was deleted: two groups with one root key could
/// be told to be of one person.
const NEXT_ROOT_INDEX: &str = "SELECT coalesce(max(root_index) + 1, 0) FROM
     (SELECT root_index FROM groups UNION ALL SELECT root_index FROM spent)";

/// An open database. A handle: clones are the same open database, which is
/// closed when the last clone and the last [`Group`] of it are dropped. May be
/// used from any thread; calls take turns.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    path: PathBuf,
    inner: Mutex<Inner>,
    secrets: Arc<dyn SecretStore>,
    environment: Arc<dyn Environment>,
}

/// What calls take turns for.
pub(crate) struct Inner {
    pub(crate) connection: Connection,
    /// Ledgers as far as they were last replayed. Only a shortcut: another
    /// process may have added entries, which are then replayed on top.
    pub(crate) ledgers: BTreeMap<GroupKey, LoadedLedger>,
    /// Entries that wait for others; a shortcut, too.
    pub(crate) pending: BTreeMap<GroupKey, Pending>,
    /// Who wants to know what changes.
    pub(crate) feed: Feed,
}

impl Inner {
    /// Lets go of a group that is gone.
    pub(crate) fn forget(&mut self, key: GroupKey, id: GroupId) {
        self.ledgers.remove(&key);
        self.pending.remove(&key);
        self.feed.deleted(key, id);
    }
}

/// A ledger in memory, and how it came there.
#[derive(Clone)]
pub(crate) struct LoadedLedger {
    pub(crate) ledger: Arc<Ledger>,
    /// The entry up to which it covers.
    pub(crate) upto: i64,
    /// The last entry that changed verdicts on others.
    pub(crate) flipped: i64,
    /// How many entries the last checkpoint covers that this process knows of.
    pub(crate) saved: u64,
    pub(crate) opening: crate::Opening,
}

/// A group in the list of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSummary {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// How many entries are kept.
    pub entries: u64,
}

impl Store {
    /// Opens a database that exists.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::WrongKey`],
    /// [`StoreError::Damaged`], [`StoreError::NoCipher`],
    /// [`StoreError::FromTheFuture`], or what the system says.
    pub fn open(path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Self, StoreError> {
        let connection = open_existing(path, &*secrets)?;
        Ok(Self::new(path, connection, secrets, Arc::new(SystemEnvironment)))
    }

    /// Opens a database, or makes one with a fresh random key.
    ///
    /// # Errors
    /// As [`Store::open`], except that a missing file is made.
    pub fn open_or_create(path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Self, StoreError> {
        Self::open_or_create_in(path, secrets, Arc::new(SystemEnvironment))
    }

    /// Like [`Store::open_or_create`], with another clock and randomness.
    ///
    /// # Errors
    /// As [`Store::open_or_create`].
    pub fn open_or_create_in(
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, StoreError> {
        let connection = open_or_create(path, &*secrets, &*environment)?;
        Ok(Self::new(path, connection, secrets, environment))
    }

    fn new(
        path: &Path,
        connection: Connection,
        secrets: Arc<dyn SecretStore>,
        environment: Arc<dyn Environment>,
    ) -> Self {
        let (ledgers, pending) = (BTreeMap::new(), BTreeMap::new());
        let inner = Mutex::new(Inner { connection, ledgers, pending, feed: Feed::default() });
        Self(Arc::new(Shared { path: path.to_owned(), inner, secrets, environment }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves at most a rolled-back transaction.
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn secrets(&self) -> &dyn SecretStore {
        &*self.0.secrets
    }

    pub(crate) fn environment(&self) -> &dyn Environment {
        &*self.0.environment
    }

    /// The ids of the groups in this database, oldest first. Reads no entry,
    /// so it works on a ledger that is damaged.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn group_ids(&self) -> Result<Vec<GroupId>, StoreError> {
        let inner = self.lock();
        let mut statement = inner.connection.prepare("SELECT id FROM groups ORDER BY grp")?;
        let rows = statement.query_map([], |row| row.get(0).map(GroupId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The groups in this database, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn groups(&self) -> Result<Vec<GroupSummary>, StoreError> {
        self.group_ids()?
            .into_iter()
            .map(|id| {
                let ledger = self.group(id)?.ledger()?;
                let name = ledger.state().name().to_owned();
                Ok(GroupSummary { id, name, entries: ledger.frontier().entries() })
            })
            .collect()
    }

    /// One group.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it is not in this database.
    pub fn group(&self, id: GroupId) -> Result<Group, StoreError> {
        let inner = self.lock();
        let found = inner
            .connection
            .query_row("SELECT grp, device FROM groups WHERE id = ?1", [id.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (key, device) = found.ok_or(StoreError::UnknownGroup(id))?;
        Ok(Group::new(self.clone(), id, GroupKey(key), DeviceId::from_bytes(device)))
    }

    /// Founds a group with this device's person as its owner.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if a name is empty or too long.
    pub fn found_group(&self, name: &str, founder: &str) -> Result<Group, StoreError> {
        self.found(name, founder, None)
    }

    /// Founds a group, perhaps one that goes on from another, with the founder's
    /// place there.
    pub(crate) fn found(
        &self,
        name: &str,
        founder: &str,
        successor_of: Option<(&View, MemberId)>,
    ) -> Result<Group, StoreError> {
        let entropy = self.entropy()?;
        let device = self.new_device()?;
        let salt = *random(&*self.0.environment)?;
        let now_ms = self.0.environment.now_ms();
        let mut guard = self.lock();
        let inner = &mut *guard;
        let tx = inner.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let index: u32 = tx.query_row(NEXT_ROOT_INDEX, [], |row| row.get(0))?;
        let group = NewGroup { name, founder, entropy: &entropy, index, salt, successor_of };
        let genesis: VerifiedEntry = group.found(&device, now_ms)?;
        let id = GroupId::from(genesis.id());
        tx.execute(
            "INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)",
            (id.as_bytes(), device.id().as_bytes(), index),
        )?;
        let group = Group::new(self.clone(), id, GroupKey(tx.last_insert_rowid()), device.id());
        let mut writer = Writer::new(&tx, group.key, Writer::found(&tx, group.key, &genesis)?)?;
        group.carry_over(&mut writer, &device, &genesis)?;
        let loaded = writer.finish()?;
        tx.commit()?;
        inner.feed.observe(group.key, &loaded);
        inner.ledgers.insert(group.key, loaded);
        drop(guard);
        Ok(group)
    }

    /// Gives back memory: drops what only makes the next call faster. For when
    /// the system says that memory is low.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used.
    pub fn release_memory(&self) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.ledgers.clear();
        inner.pending.clear();
        inner.connection.flush_prepared_statement_cache();
        Ok(inner.connection.execute_batch("PRAGMA shrink_memory")?)
    }

    /// The person's entropy, made on first use.
    fn entropy(&self) -> Result<RootEntropy, StoreError> {
        if let Some(entropy) = self.known_entropy()? {
            return Ok(entropy);
        }
        let fresh = random::<32>(&*self.0.environment)?;
        self.0.secrets.set(&SecretName::entropy(), &Secret::new(fresh.to_vec()))?;
        Ok(RootEntropy::from_bytes(*fresh))
    }

    /// The person's entropy, if this device holds it.
    pub(crate) fn known_entropy(&self) -> Result<Option<RootEntropy>, StoreError> {
        let name = SecretName::entropy();
        let Some(secret) = self.0.secrets.get(&name)? else { return Ok(None) };
        let bytes: [u8; 32] = secret.expose().try_into().map_err(|_| unusable(&name))?;
        Ok(Some(RootEntropy::from_bytes(bytes)))
    }

    fn new_device(&self) -> Result<DeviceKey, StoreError> {
        let bytes = random::<64>(&*self.0.environment)?;
        let device = DeviceKey::from_bytes(&bytes);
        // Durable before anything is signed with it.
        self.0.secrets.set(&SecretName::device(&device.id()), &Secret::new(bytes.to_vec()))?;
        Ok(device)
    }

    pub(crate) fn device(&self, id: &DeviceId) -> Result<DeviceKey, StoreError> {
        let name = SecretName::device(id);
        let secret = self.0.secrets.get(&name)?.ok_or_else(|| unusable(&name))?;
        let bytes: &[u8; 64] = secret.expose().try_into().map_err(|_| unusable(&name))?;
        let device = DeviceKey::from_bytes(bytes);
        if device.id() != *id {
            return Err(unusable(&name));
        }
        Ok(device)
    }
}

fn unusable(name: &SecretName) -> StoreError {
    let reason = "it is missing or damaged; use the secrets that were made with this database";
    StoreError::Secrets(crate::SecretError::new(format!("secret {}", name.as_str()), reason))
}
