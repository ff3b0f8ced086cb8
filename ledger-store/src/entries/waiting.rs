//! Entries that wait for others, stored so that a restart loses none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::bundle::RecordId;
use ledger_core::engine::{EntryIndex as _, VerifiedEntry, WaitingEntries};
use ledger_core::limits::LedgerLimits;
use ledger_core::{DeviceId, EntryId, GroupState};
use rusqlite::Connection;

use super::index::{StoredIndex, stored_entry};
use crate::StoreError;
use crate::database::GroupKey;

/// Number of entries that wait for others that are not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingCount {
    /// All waiting entries of the group. They count for nothing until the others come.
    pub total: u64,
    /// Those that this device signed. While there are any, it signs nothing.
    pub own: u64,
}

impl WaitingCount {
    /// Counts the waiting entries of a group and of a device in it. Reads an index only.
    pub(crate) fn read(
        connection: &Connection,
        group: GroupKey,
        device: DeviceId,
    ) -> Result<Self, StoreError> {
        let mut all = connection.prepare_cached("SELECT count(*) FROM pending WHERE grp = ?1")?;
        let total = all.query_row([group.0], |row| row.get(0))?;
        Ok(Self { total, own: waiting_of(connection, group, device)? })
    }
}

/// Number of waiting entries that a device signed.
pub(super) fn waiting_of(
    connection: &Connection,
    group: GroupKey,
    device: DeviceId,
) -> Result<u64, StoreError> {
    // Byte 39 begins the device key in every header (SPEC §2); the index has it.
    let mut own = connection.prepare_cached(
        "SELECT count(*) FROM pending WHERE grp = ?1 AND substr(entry, 39, 32) = ?2",
    )?;
    Ok(own.query_row((group.0, device.as_bytes()), |row| row.get(0))?)
}

/// The imported rows that waiting entries of devices with standing record.
#[cfg(feature = "import")]
pub(super) fn waiting_origins(
    connection: &Connection,
    group: GroupKey,
    state: &GroupState,
) -> Result<BTreeSet<ledger_core::Origin>, StoreError> {
    let mut origins = BTreeSet::new();
    let mut statement =
        connection.prepare_cached("SELECT entry, signature FROM pending WHERE grp = ?1")?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let entry = stored_entry(row)?;
        let entry = entry.decoded();
        let origin = entry.payload().transaction().and_then(ledger_core::Transaction::origin);
        origins.extend(origin.filter(|_| state.may_write(entry.header().device())));
    }
    Ok(origins)
}

/// The waiting entries of one group, in memory and in the database.
pub(super) struct Waiting<'a> {
    connection: &'a Connection,
    group: GroupKey,
    pending: WaitingEntries,
}

impl<'a> Waiting<'a> {
    /// Opens them, from memory unless another process changed them. Also returns the entries for
    /// which nothing is missing any more.
    pub(super) fn open(
        connection: &'a Connection,
        group: GroupKey,
        known: Option<WaitingEntries>,
        limits: LedgerLimits,
    ) -> Result<(Self, Vec<VerifiedEntry>), StoreError> {
        if let Some(pending) = known
            && pending.entries().map(VerifiedEntry::id).eq(stored(connection, group)?)
        {
            return Ok((Self { connection, group, pending }, Vec::new()));
        }
        let mut waiting = Self { connection, group, pending: WaitingEntries::with_limits(limits) };
        let mut ready = Vec::new();
        let index = StoredIndex::whole(connection, group);
        let mut statement =
            connection.prepare("SELECT entry, signature FROM pending WHERE grp = ?1")?;
        let mut rows = statement.query([group.0])?;
        while let Some(row) = rows.next()? {
            let entry = stored_entry(row)?;
            let mut missing = BTreeSet::new();
            for id in entry.decoded().header().dependencies() {
                if index.link(id)?.is_none() {
                    missing.insert(*id);
                }
            }
            if missing.is_empty() {
                waiting.forget(&entry.id())?;
                ready.push(entry);
            } else {
                waiting.pending.hold(entry, missing);
            }
        }
        Ok((waiting, ready))
    }

    /// Adds an entry that waits. Entries that have to give way are removed.
    pub(super) fn hold(
        &mut self,
        entry: VerifiedEntry,
        missing: BTreeSet<EntryId>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO pending (grp, id, entry, signature) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let decoded = entry.decoded();
        statement.execute((
            self.group.0,
            decoded.id().as_bytes(),
            decoded.as_bytes(),
            decoded.signature(),
        ))?;
        for id in self.pending.hold(entry, missing) {
            self.forget(&id)?;
        }
        Ok(())
    }

    /// Takes out the entries that wait for nothing more, now that one was admitted.
    pub(super) fn release(&mut self, admitted: &EntryId) -> Result<Vec<VerifiedEntry>, StoreError> {
        let ready = self.pending.release(admitted);
        for entry in &ready {
            self.forget(&entry.id())?;
        }
        Ok(ready)
    }

    /// Takes out of `left_out` the entries that are needed: those on which waiting entries of a
    /// device that may write depend, directly or not. Adds all dependencies to `needed`.
    pub(super) fn needed(
        &self,
        state: &GroupState,
        left_out: &mut BTreeMap<EntryId, Arc<VerifiedEntry>>,
        needed: &mut BTreeSet<EntryId>,
    ) -> Vec<Arc<VerifiedEntry>> {
        if left_out.is_empty() {
            return Vec::new();
        }
        let waiting: BTreeMap<EntryId, &VerifiedEntry> =
            self.pending.entries().map(|entry| (entry.id(), entry)).collect();
        let standing = |entry: &&&VerifiedEntry| state.may_write(entry.decoded().header().device());
        let mut open: Vec<EntryId> =
            waiting.values().filter(standing).flat_map(|entry| dependencies(entry)).collect();
        let mut taken = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(entry) = left_out.remove(&id) {
                open.extend(dependencies(&entry));
                taken.push(entry);
            } else if let Some(entry) = waiting.get(&id) {
                open.extend(dependencies(entry));
            }
        }
        needed.extend(seen);
        taken
    }

    /// The entries to ask for.
    pub(super) fn missing(&self) -> BTreeSet<EntryId> {
        self.pending.missing().collect()
    }

    pub(super) fn into_pending(self) -> WaitingEntries {
        self.pending
    }

    fn forget(&self, id: &EntryId) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached("DELETE FROM pending WHERE id = ?1")?;
        statement.execute([id.as_bytes()])?;
        Ok(())
    }
}

/// The entries that waiting ones depend on and that are neither here nor waiting. Those that
/// entries of devices that may write wait for come first; the rest of the order is another one for
/// each `shuffle`, so that no flood of entries keeps the others out of a summary for good.
pub(crate) fn missing_entries(
    connection: &Connection,
    group: GroupKey,
    state: &GroupState,
    shuffle: &[u8],
) -> Result<Vec<EntryId>, StoreError> {
    let index = StoredIndex::whole(connection, group);
    let waiting = stored(connection, group)?;
    let mut statement =
        connection.prepare("SELECT entry, signature FROM pending WHERE grp = ?1")?;
    let mut rows = statement.query([group.0])?;
    let mut missing: BTreeMap<EntryId, bool> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let entry = stored_entry(row)?;
        let header = entry.decoded().header();
        let may_write = state.may_write(header.device());
        for id in header.dependencies() {
            if let Some(first) = missing.get_mut(id) {
                *first |= may_write;
            } else if !waiting.contains(id) && index.link(id)?.is_none() {
                missing.insert(*id, may_write);
            }
        }
    }
    let mut missing: Vec<(EntryId, bool)> = missing.into_iter().collect();
    missing.sort_by_cached_key(|(id, first)| {
        (!first, RecordId::of(&[shuffle, id.as_bytes()].concat()))
    });
    Ok(missing.into_iter().map(|(id, _)| id).collect())
}

/// The ids of the stored waiting entries, in their order.
fn stored(connection: &Connection, group: GroupKey) -> Result<BTreeSet<EntryId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM pending WHERE grp = ?1")?;
    let rows = statement.query_map([group.0], |row| row.get(0).map(EntryId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn dependencies(entry: &VerifiedEntry) -> impl Iterator<Item = EntryId> {
    entry.decoded().header().dependencies().copied()
}
