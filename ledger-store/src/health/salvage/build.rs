//! The new database, built of salvaged entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::engine::{DecodedEntry, VerifiedEntry};
use ledger_core::keys::{RootEntropy, SignedCard};
use ledger_core::{DeviceId, EntryId, GroupId, GroupState};
use rusqlite::{Connection, OptionalExtension as _};

use super::pages::Hints;
use super::report::{Cut, Salvaged, SalvagedGroup};
use super::saved::Saved;
use crate::StoreError;
use crate::database::{GroupKey, Location};
use crate::entries::index::stored_entry;
use crate::entries::{GroupTransaction, Ingested};
use crate::platform::progress::{Meter, OnProgress, Phase};
use crate::secrets::{SecretName, SecretStore};
use crate::session::Session;

/// Number of entries in one transaction.
const BATCH: u32 = 500;

/// Number of root keys that are tried if the index of a group's root key is lost.
const ROOT_KEYS: u32 = 10_000;

/// Number of root keys that are reserved as spent if rows are lost that would tell which ones are:
/// two groups must not have the same root key.
const RESERVE: u32 = 1_000;

/// Writes all salvaged entries into a new database.
pub(super) fn build(
    made: &Location,
    saved: &Saved,
    hints: &Hints,
    salvaged: &mut Salvaged,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    let mut meter = Meter::new(progress, Phase::Saving, saved.count()?)?;
    let session =
        Session::open_or_create(made.path(), made.shared_secrets(), made.settings().clone())?;
    let connection = made.connect()?;
    let groups: BTreeSet<GroupId> =
        saved.groups()?.into_iter().chain(hints.groups.keys().copied()).collect();
    for id in groups {
        let group = Build { connection: &connection, secrets: made.secrets(), saved, hints, id };
        let group = group.build(&session, &mut meter)?;
        salvaged.lost.extend(&group.missing);
        salvaged.groups.push(group);
    }
    let complete = salvaged.damaged_pages.is_empty();
    spend(&connection, hints, complete)?;
    connection.close().map_err(|(_, error)| error)?;
    drop(session);
    meter.end();
    Ok(())
}

/// Removes the key of a database that was not completed.
pub(super) fn forget_key(made: &Location) {
    let salt = std::fs::read(made.path()).ok().and_then(|file| file.first_chunk::<16>().copied());
    if let Some(salt) = salt {
        // A key that opens nothing does no harm if it stays.
        let _ = made.secrets().remove(&SecretName::database(&salt));
    }
}

/// Notes the root keys that no other group may have.
fn spend(connection: &Connection, hints: &Hints, complete: bool) -> Result<(), StoreError> {
    let mut spent = hints.spent.clone();
    if !complete {
        let known = connection.query_row("SELECT max(root_index) FROM groups", [], |row| {
            row.get::<_, Option<u32>>(0)
        })?;
        let last = spent.last().copied().max(known).unwrap_or(0);
        spent.insert(last.saturating_add(RESERVE));
    }
    let mut insert = connection.prepare(
        "INSERT OR IGNORE INTO spent (root_index) SELECT ?1
         WHERE NOT EXISTS (SELECT 1 FROM groups WHERE root_index = ?1)",
    )?;
    for index in spent {
        insert.execute([index])?;
    }
    Ok(())
}

/// One group of the new database.
struct Build<'a> {
    connection: &'a Connection,
    secrets: &'a dyn SecretStore,
    saved: &'a Saved,
    hints: &'a Hints,
    id: GroupId,
}

impl Build<'_> {
    fn build(
        &self,
        session: &Arc<Session>,
        meter: &mut Meter<'_>,
    ) -> Result<SalvagedGroup, StoreError> {
        let call = session.cancellations().begin();
        let first = self.saved.after(self.id, None, 1)?.pop();
        let genesis = first.filter(|first| first.id() == self.id.genesis());
        let key = self.insert(genesis.as_ref())?;
        let mut missing = BTreeSet::new();
        let mut last = genesis.clone();
        if genesis.is_some() {
            let group = session.group(self.id)?;
            loop {
                let batch = self.saved.after(self.id, last.as_ref(), BATCH)?;
                let Some(end) = batch.last() else { break };
                last = Some(end.clone());
                for _ in &batch {
                    meter.step()?;
                }
                group.admit_batch(batch, Ingested::default(), &call, |_, _| Ok(()))?;
            }
            self.identify(key, group.ledger()?.state())?;
        }
        let lost = self.keep_the_rest(key)?;
        if genesis.is_some() {
            // An entry of a later batch can need one that was left out of an earlier one.
            let group = session.group(self.id)?;
            missing =
                group.admit_batch(Vec::new(), Ingested::default(), &call, |_, _| Ok(()))?.missing;
        }
        missing.extend(lost);
        // What was saved was here before, and is not new.
        self.connection.execute(
            "UPDATE groups SET read_upto = coalesce((SELECT max(n) FROM entries WHERE grp = ?1), 0)
             WHERE grp = ?1",
            [key.0],
        )?;
        let device = self.device(key)?;
        Ok(SalvagedGroup {
            id: self.id,
            entries: self.count("SELECT count(*) FROM entries WHERE grp = ?1", key)?,
            waiting: self.count("SELECT count(*) FROM pending WHERE grp = ?1", key)?,
            missing,
            cut: self.cuts(key)?,
            has_key: self.secrets.get(&SecretName::device(&device))?.is_some(),
        })
    }

    /// Inserts the row of the group, and its genesis entry. Device and root key in it are not
    /// signed, so they are corrected later.
    fn insert(&self, genesis: Option<&VerifiedEntry>) -> Result<GroupKey, StoreError> {
        let founder = genesis.map(|genesis| genesis.decoded().header().device());
        let (device, index) = match self.hints.groups.get(&self.id) {
            Some((device, index)) => (*device, Some(*index)),
            None => (founder.map_or_else(|| self.own_device(), Ok)?, None),
        };
        let tx = self.connection.unchecked_transaction()?;
        let free: u32 =
            tx.query_row("SELECT coalesce(max(root_index) + 1, 0) FROM groups", [], |row| {
                row.get(0)
            })?;
        let known = self.hints.groups.values().map(|(_, index)| index.saturating_add(1)).max();
        let taken = |index: &u32| {
            tx.query_row("SELECT 1 FROM groups WHERE root_index = ?1", [index], |_| Ok(()))
                .optional()
        };
        let index = match index {
            Some(index) if taken(&index)?.is_none() => index,
            _ => free.max(known.unwrap_or(0)),
        };
        tx.execute(
            "INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)",
            (self.id.as_bytes(), device.as_bytes(), index),
        )?;
        let key = GroupKey(tx.last_insert_rowid());
        if let Some(genesis) = genesis {
            GroupTransaction::insert_genesis(&tx, key, genesis, device)?;
        }
        tx.commit()?;
        Ok(key)
    }

    /// The device of this database, if neither the row of the group nor its genesis entry was saved:
    /// the one whose keys are here, of those that signed what was saved.
    fn own_device(&self) -> Result<DeviceId, StoreError> {
        let (mut met, mut last) = (BTreeSet::new(), None);
        loop {
            let batch = self.saved.after(self.id, last.as_ref(), BATCH)?;
            for entry in &batch {
                let device = entry.decoded().header().device();
                let known =
                    met.insert(device) && self.secrets.get(&SecretName::device(&device))?.is_some();
                if known {
                    return Ok(device);
                }
            }
            let Some(end) = batch.last() else { return Ok(DeviceId::from_bytes([0; 32])) };
            last = Some(end.clone());
        }
    }

    fn device(&self, key: GroupKey) -> Result<DeviceId, StoreError> {
        let sql = "SELECT device FROM groups WHERE grp = ?1";
        let device = self.connection.query_row(sql, [key.0], |row| row.get(0))?;
        Ok(DeviceId::from_bytes(device))
    }

    /// Finds this device and the person's root key by the secrets, if the row of the group is lost.
    fn identify(&self, key: GroupKey, state: &GroupState) -> Result<(), StoreError> {
        if self.hints.groups.contains_key(&self.id) {
            return Ok(());
        }
        let mut mine = None;
        for (_, device, _) in state.devices() {
            if mine.is_none() {
                let secret = self.secrets.get(&SecretName::device(&device))?;
                mine = secret.map(|secret| (device, secret));
            }
        }
        let Some((device, secret)) = mine else { return Ok(()) };
        let sql = "UPDATE groups SET device = ?2 WHERE grp = ?1";
        self.connection.execute(sql, (key.0, device.as_bytes()))?;
        let entropy = self.secrets.get(&SecretName::entropy())?;
        let entropy = entropy.and_then(|bytes| <[u8; 32]>::try_from(bytes.expose()).ok());
        let bytes = <&[u8; 64]>::try_from(secret.expose()).ok();
        let (Some(entropy), Some(bytes)) = (entropy, bytes) else { return Ok(()) };
        let (entropy, keys) =
            (RootEntropy::from_bytes(entropy), ledger_core::keys::DeviceKey::from_bytes(bytes));
        let me = state.device_owner(device);
        let index = (0..ROOT_KEYS).find(|index| {
            let card = SignedCard::new(self.id, "?", &entropy, *index, &keys);
            me.is_some() && card.ok().map(|card| card.card().member()) == me
        });
        if let Some(index) = index {
            let sql = "UPDATE OR IGNORE groups SET root_index = ?2 WHERE grp = ?1";
            self.connection.execute(sql, (key.0, index))?;
        }
        Ok(())
    }

    /// Stores all entries as waiting that are not in the ledger: more, perhaps, than an ingest
    /// would accept, and all if there is no genesis entry. Those that were left out are among
    /// them, as others can need them. Returns the entries that they wait for.
    fn keep_the_rest(&self, key: GroupKey) -> Result<BTreeSet<EntryId>, StoreError> {
        let tx = self.connection.unchecked_transaction()?;
        let mut known = tx.prepare("SELECT 1 FROM entries WHERE id = ?1")?;
        let mut keep = tx.prepare(
            "INSERT OR IGNORE INTO pending (grp, id, entry, signature) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let (mut last, mut missing) = (None, BTreeSet::new());
        loop {
            let batch = self.saved.after(self.id, last.as_ref(), BATCH)?;
            for entry in &batch {
                let decoded = entry.decoded();
                if known.exists([entry.id().as_bytes()])? {
                    continue;
                }
                for id in decoded.header().dependencies() {
                    if !known.exists([id.as_bytes()])? && !self.saved.has(id)? {
                        missing.insert(*id);
                    }
                }
                let id = entry.id();
                let row = (key.0, id.as_bytes(), decoded.as_bytes(), decoded.signature());
                keep.execute(row)?;
            }
            let Some(end) = batch.last() else { break };
            last = Some(end.clone());
        }
        drop((known, keep));
        tx.commit()?;
        Ok(missing)
    }

    fn count(&self, sql: &str, key: GroupKey) -> Result<u64, StoreError> {
        Ok(self.connection.query_row(sql, [key.0], |row| row.get(0))?)
    }

    /// Devices of which an entry waits.
    fn cuts(&self, key: GroupKey) -> Result<Vec<Cut>, StoreError> {
        let mut waiting: BTreeMap<DeviceId, u64> = BTreeMap::new();
        self.headers("SELECT entry, signature FROM pending WHERE grp = ?1", key, |entry| {
            let header = entry.header();
            let first = waiting.entry(header.device()).or_insert(u64::MAX);
            *first = header.seq().min(*first);
        })?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let mut kept: BTreeMap<DeviceId, u64> = BTreeMap::new();
        self.headers("SELECT entry, signature FROM entries WHERE grp = ?1", key, |entry| {
            let count = kept.entry(entry.header().device()).or_default();
            *count = count.saturating_add(1);
        })?;
        let cut = |(device, waiting_from)| {
            let kept = kept.get(&device).copied().unwrap_or(0);
            Cut { device, kept, waiting_from }
        };
        Ok(waiting.into_iter().map(cut).collect())
    }

    fn headers(
        &self,
        sql: &str,
        key: GroupKey,
        mut each: impl FnMut(&DecodedEntry),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([key.0])?;
        while let Some(row) = rows.next()? {
            each(stored_entry(row)?.decoded());
        }
        Ok(())
    }
}
