//! One database file with its groups.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger_core::engine::{Ledger, NewGroup, Pending, VerifiedEntry, View};
use ledger_core::keys::{DeviceKey, RootEntropy};
use ledger_core::{DeviceId, GroupId, MemberId};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior};

use crate::database::{Connections, Location};
use crate::enter::next_root_index;
use crate::environment::{CallContext, random};
use crate::feed::Feed;
use crate::group::{GroupKey, GroupTransaction};
use crate::snapshot::groups;
use crate::{Environment, Group, Secret, SecretName, SecretStore, StoreError, StoreOptions};

/// An open database. A handle: clones are the same open database, which is
/// closed when the last clone and the last [`Group`] of it are dropped. May be
/// used from any thread: queries run beside each other and beside a writer;
/// writers take turns.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    connections: Connections,
    memory: Mutex<Memory>,
}

/// What is known beside the database. Locked for moments, never while SQL runs
/// or somebody is called.
#[derive(Default)]
pub(crate) struct Memory {
    /// Ledgers as far as they were last committed or read. Only a shortcut:
    /// another process may have added entries, which are then replayed on top.
    pub(crate) ledgers: BTreeMap<GroupKey, LoadedLedger>,
    /// Entries that wait for others; a shortcut, too. Used by whoever has the
    /// turn to write.
    pub(crate) pending: BTreeMap<GroupKey, Pending>,
    /// Who wants to know what changes.
    pub(crate) feed: Feed,
    /// Groups that are not behind what this device handed out.
    pub(crate) not_behind: BTreeSet<GroupKey>,
    /// Groups that were deleted: what somebody still reads of them is not kept.
    gone: BTreeSet<GroupKey>,
}

impl Memory {
    /// Lets go of a group that is gone.
    pub(crate) fn forget(&mut self, key: GroupKey, id: GroupId) {
        if self.gone.insert(key) {
            self.ledgers.remove(&key);
            self.pending.remove(&key);
            self.feed.deleted(key, id);
        }
    }

    /// Keeps a ledger that was committed or read, and tells subscribers. What
    /// somebody else has brought further meanwhile stays.
    pub(crate) fn learn(&mut self, key: GroupKey, loaded: LoadedLedger) {
        if self.gone.contains(&key) {
            return;
        }
        self.feed.observe(key, &loaded);
        if self.ledgers.get(&key).is_none_or(|known| known.upto <= loaded.upto) {
            self.ledgers.insert(key, loaded);
        }
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

impl LoadedLedger {
    /// Whether it has entries that no checkpoint covers.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.ledger.frontier().entries() > self.saved
    }
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
    /// Opens a database that exists. [`StoreOptions`] can do it otherwise.
    ///
    /// # Errors
    /// As [`StoreOptions::open`].
    pub fn open(path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Self, StoreError> {
        StoreOptions::new().open(path, secrets)
    }

    /// Opens a database, or makes one with a fresh random key.
    ///
    /// # Errors
    /// As [`StoreOptions::open`], except that a missing file is made.
    pub fn open_or_create(path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Self, StoreError> {
        StoreOptions::new().open_or_create(path, secrets)
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
        StoreOptions::new().environment(environment).open_or_create(path, secrets)
    }

    pub(crate) fn new(location: Location, first: Connection) -> Result<Self, StoreError> {
        let connections = Connections::new(location, first)?;
        Ok(Self(Arc::new(Shared { connections, memory: Mutex::default() })))
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing is left half-done between two lines there.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn path(&self) -> &Path {
        self.location().path()
    }

    pub(crate) fn secrets(&self) -> &dyn SecretStore {
        self.location().secrets()
    }

    pub(crate) fn environment(&self) -> &dyn Environment {
        &*self.location().options().environment
    }

    fn location(&self) -> &Location {
        self.connections().location()
    }

    /// Runs queries on one snapshot.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections().read(work)
    }

    /// Has the turn to write; `work` makes its own transactions.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections().write(work)
    }

    /// The ids of the groups in this database, oldest first. Reads no entry,
    /// so it works on a ledger that is damaged.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn group_ids(&self) -> Result<Vec<GroupId>, StoreError> {
        let all = self.read(groups)?;
        Ok(all.into_iter().map(|(_, id)| id).collect())
    }

    /// The groups in this database, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn groups(&self) -> Result<Vec<GroupSummary>, StoreError> {
        self.snapshot(|snapshot| {
            let groups = snapshot.groups()?.into_iter();
            groups
                .map(|(key, id)| {
                    let ledger = snapshot.ledger(key, id)?.ledger;
                    let name = ledger.state().name().to_owned();
                    Ok(GroupSummary { id, name, entries: ledger.frontier().entries() })
                })
                .collect()
        })
    }

    /// One group.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it is not in this database.
    pub fn group(&self, id: GroupId) -> Result<Group, StoreError> {
        let found = self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT grp, device FROM groups WHERE id = ?1")?;
            let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            Ok(statement.query_row([id.as_bytes()], row).optional()?)
        })?;
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
        let salt = *random(self.environment())?;
        let drawn = CallContext::from(self.environment())?;
        let now_ms = drawn.now_ms();
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let index = next_root_index(&tx)?;
            let group = NewGroup { name, founder, entropy: &entropy, index, salt, successor_of };
            let genesis: VerifiedEntry = group.found(&device, now_ms)?;
            let id = GroupId::from(genesis.id());
            tx.execute(
                "INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)",
                (id.as_bytes(), device.id().as_bytes(), index),
            )?;
            let key = GroupKey(tx.last_insert_rowid());
            let group = Group::new(self.clone(), id, key, device.id());
            let mut writer = GroupTransaction::new(
                &tx,
                key,
                GroupTransaction::found(&tx, key, &genesis)?,
                &drawn,
            )?;
            group.carry_over(&mut writer, &device, &genesis)?;
            let loaded = writer.finish()?;
            tx.commit()?;
            self.memory().learn(key, loaded);
            Ok(group)
        })
    }

    /// Gives back memory: drops what only makes the next call faster. For when
    /// the system says that memory is low. Waits for nobody.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used.
    pub fn release_memory(&self) -> Result<(), StoreError> {
        let mut memory = self.memory();
        let known = (std::mem::take(&mut memory.ledgers), std::mem::take(&mut memory.pending));
        drop(memory);
        drop(known);
        self.connections().shrink()
    }

    /// The person's entropy, made on first use.
    pub(crate) fn entropy(&self) -> Result<RootEntropy, StoreError> {
        if let Some(entropy) = self.known_entropy()? {
            return Ok(entropy);
        }
        let fresh = Secret::new(random::<32>(self.environment())?.to_vec());
        // Another process may make it at the same time.
        let name = SecretName::entropy();
        let there = self.secrets().add(&name, &fresh)?;
        let bytes: [u8; 32] = there.expose().try_into().map_err(|_| unusable(&name))?;
        Ok(RootEntropy::from_bytes(bytes))
    }

    /// The person's entropy, if this device holds it.
    pub(crate) fn known_entropy(&self) -> Result<Option<RootEntropy>, StoreError> {
        let name = SecretName::entropy();
        let Some(secret) = self.secrets().get(&name)? else { return Ok(None) };
        let bytes: [u8; 32] = secret.expose().try_into().map_err(|_| unusable(&name))?;
        Ok(Some(RootEntropy::from_bytes(bytes)))
    }

    pub(crate) fn new_device(&self) -> Result<DeviceKey, StoreError> {
        let bytes = random::<64>(self.environment())?;
        let device = DeviceKey::from_bytes(&bytes);
        // Durable before anything is signed with it.
        self.secrets().set(&SecretName::device(&device.id()), &Secret::new(bytes.to_vec()))?;
        Ok(device)
    }

    /// Forgets everything secret about a device that is in no group any more.
    pub(crate) fn forget_device(&self, id: &DeviceId) -> Result<(), StoreError> {
        let names = [SecretName::exchange(id), SecretName::handed_out(id), SecretName::device(id)];
        names.iter().try_for_each(|name| Ok(self.secrets().remove(name)?))
    }

    pub(crate) fn device(&self, id: &DeviceId) -> Result<DeviceKey, StoreError> {
        let name = SecretName::device(id);
        let secret = self.secrets().get(&name)?.ok_or_else(|| unusable(&name))?;
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
