//! Entries that wait for others, stored so that a restart loses none.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::bundle::RecordId;
use ledger_core::engine::{
    DecodedEntry, EntryIndex as _, Ledger, VerifiedEntry, WaitingAccount, WaitingEntries,
};
use ledger_core::limits::LedgerLimits;
use ledger_core::{DeviceId, EntryId, GroupState};
use rusqlite::Connection;

use super::index::{StoredIndex, stored_entry};
use super::left_out::LeftOut;
use crate::StoreError;
use crate::database::GroupKey;

/// Most missing entries that are told at once.
const MAX_MISSING: usize = 10_000;

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

/// The imported rows that waiting entries of devices that may write record.
pub(crate) fn waiting_origins(
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
        let origin = super::index::origin_of(entry);
        origins.extend(origin.filter(|_| state.may_write(entry.header().device())));
    }
    Ok(origins)
}

/// The waiting entries of one group as of the last batch, with the version that the database then
/// had for the writer.
pub(crate) struct KnownWaiting {
    entries: WaitingEntries,
    version: i64,
}

/// The waiting entries of one group, in memory and in the database.
pub(super) struct Waiting<'a> {
    connection: &'a Connection,
    group: GroupKey,
    /// Another number once another connection has committed something.
    version: i64,
    /// This device.
    own: DeviceId,
    pending: WaitingEntries,
    /// Waiting entries on which, as far as it was asked, none depends that may count.
    unneeded: BTreeSet<EntryId>,
}

impl<'a> Waiting<'a> {
    /// Opens them, from memory unless another process wrote meanwhile: it may have admitted what they
    /// wait for. What is stored stays, also beyond the limits: a salvage stores more on purpose. Also
    /// returns the entries for which nothing is missing any more.
    pub(super) fn open(
        connection: &'a Connection,
        group: GroupKey,
        known: Option<KnownWaiting>,
        (ledger, limits): (&Ledger, LedgerLimits),
    ) -> Result<(Self, Vec<VerifiedEntry>), StoreError> {
        let own = connection
            .prepare_cached("SELECT device FROM groups WHERE grp = ?1")?
            .query_row([group.0], |row| row.get(0).map(DeviceId::from_bytes))?;
        let version = connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get::<_, i64>(0))?;
        let known = known.filter(|known| known.version == version).map(|known| known.entries);
        let is_known = known.is_some();
        let pending = known.unwrap_or_else(|| WaitingEntries::with_limits(limits));
        let unneeded = BTreeSet::new();
        let mut waiting = Self { connection, group, version, own, pending, unneeded };
        if is_known {
            return Ok((waiting, Vec::new()));
        }
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
                let account = account_of(ledger, own, entry.decoded());
                waiting.pending.restore(account, entry, missing);
            }
        }
        Ok((waiting, ready))
    }

    /// Adds an entry that waits. `must_stay` says whether it must not be left out once what it
    /// waits for is here. Entries that have to give way are removed, and returned.
    pub(super) fn hold(
        &mut self,
        entry: VerifiedEntry,
        missing: BTreeSet<EntryId>,
        must_stay: bool,
        ledger: &Ledger,
    ) -> Result<Vec<VerifiedEntry>, StoreError> {
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
        let account = account_of(ledger, self.own, entry.decoded());
        if must_stay || self.pending.is_awaited(&entry.id()) {
            self.unneeded.clear();
        }
        let mut gave_way = Vec::new();
        for (id, _) in self.pending.hold_for(account, entry, missing) {
            let sql = "DELETE FROM pending WHERE id = ?1 RETURNING entry, signature";
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query([id.as_bytes()])?;
            while let Some(row) = rows.next()? {
                gave_way.push(stored_entry(row)?);
            }
        }
        Ok(gave_way)
    }

    /// Says anew who accounts for each entry, after enrolments or their prospects changed.
    pub(super) fn review(&mut self, ledger: &Ledger) {
        let own = self.own;
        self.pending.set_accounts(|entry| account_of(ledger, own, entry));
        self.unneeded.clear();
    }

    /// Takes out the entries that wait for nothing more, now that one was admitted.
    pub(super) fn release(&mut self, admitted: &EntryId) -> Result<Vec<VerifiedEntry>, StoreError> {
        let ready = self.pending.release(admitted);
        for entry in &ready {
            self.forget(&entry.id())?;
        }
        Ok(ready)
    }

    /// Returns whether a waiting entry that must stay (SPEC §5.3) depends on this one, directly or
    /// not: then it must not be left out either.
    ///
    /// Remembers the waiting entries on which none such depends, so that many questions together
    /// look at each of them once.
    pub(super) fn needs(
        &mut self,
        id: &EntryId,
        mut must_stay: impl FnMut(&VerifiedEntry) -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        let (mut open, mut seen) = (vec![*id], BTreeSet::from([*id]));
        while let Some(id) = open.pop() {
            for entry in self.pending.waiting_for(&id) {
                if must_stay(entry)? {
                    return Ok(true);
                }
                if !self.unneeded.contains(&entry.id()) && seen.insert(entry.id()) {
                    open.push(entry.id());
                }
            }
        }
        seen.remove(id);
        self.unneeded.append(&mut seen);
        Ok(false)
    }

    /// The entries to ask for.
    pub(super) fn missing(&self) -> BTreeSet<EntryId> {
        self.pending.missing_first(MAX_MISSING)
    }

    pub(super) fn into_known(self) -> KnownWaiting {
        KnownWaiting { entries: self.pending, version: self.version }
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
    // What was left out and may count now, too.
    let wanted = LeftOut { connection, group }.wanted()?;
    missing.extend(wanted.into_iter().map(|id| (id, true)));
    let mut missing: Vec<(EntryId, bool)> = missing.into_iter().collect();
    missing.sort_by_cached_key(|(id, first)| {
        (!first, RecordId::compute(&[shuffle, id.as_bytes()].concat()))
    });
    Ok(missing.into_iter().map(|(id, _)| id).collect())
}

/// The ids of the stored waiting entries, in their order.
fn stored(connection: &Connection, group: GroupKey) -> Result<BTreeSet<EntryId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM pending WHERE grp = ?1")?;
    let rows = statement.query_map([group.0], |row| row.get(0).map(EntryId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns who accounts for a waiting entry.
fn account_of(ledger: &Ledger, own: DeviceId, entry: &DecodedEntry) -> WaitingAccount {
    match entry.header().device() == own {
        true => WaitingAccount::Own,
        false => ledger.waiting_account(entry),
    }
}

/// Returns whether a waiting entry may count when it is admitted: its device has prospects, or it
/// carries a statement of which a carrier must be kept and none is here.
pub(super) fn may_count(ledger: &Ledger, entry: &VerifiedEntry) -> bool {
    ledger.has_prospects(entry.decoded().header().device())
        || ledger.carries_needed_statement(entry.decoded())
}
