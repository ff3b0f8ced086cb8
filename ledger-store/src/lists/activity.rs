//! Entries with their verdicts: all of them, or the void ones.

use ledger_core::engine::{Kind, Payload, VerifiedEntry};
use ledger_core::{DeviceId, EntryId, GroupState, MemberId, Transaction, Verdict};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::cursor::{ListId, ListKind};
use super::{Cursor, Lists};
use crate::StoreError;
use crate::entries::LoadedLedger;
use crate::entries::index::{stored_entry, verdict};

pub(super) const ACTIVITY: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND (lamport, n) < (?2, ?3)
     ORDER BY lamport DESC, n DESC LIMIT ?4";

pub(super) const VOID: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND verdict > 1 AND (lamport, n) < (?2, ?3)
     ORDER BY lamport DESC, n DESC LIMIT ?4";

pub(super) const ENTRY: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND id = ?2";

/// The last correction that counts, of those before a position in the total order.
pub(super) const CORRECTED: &str = "SELECT e.entry, e.signature
     FROM named m JOIN entries e ON e.n = m.n
     WHERE m.original = (SELECT slot FROM entries WHERE id = ?1) AND m.endorses = 0
       AND (m.lamport, m.id) < (?2, ?3) AND e.kind = ?4 AND e.verdict = 0
     ORDER BY m.lamport DESC, m.id DESC LIMIT 1";

/// The original of the slot that an entry belongs to.
pub(super) const SLOT: &str =
    "SELECT o.id FROM entries e JOIN entries o ON o.n = e.slot WHERE e.id = ?1";

pub(super) const ORIGINAL: &str = "SELECT entry, signature FROM entries
     WHERE n = (SELECT slot FROM entries WHERE id = ?1) AND verdict = 0";

/// One entry with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The entry.
    pub entry: VerifiedEntry,
    /// The device that signed it.
    pub device: DeviceId,
    /// Whether that is this device, with the keys that it has now.
    pub signed_here: bool,
    /// The member whose device signed it.
    pub author: Option<MemberId>,
    /// Whether it counts.
    pub verdict: Verdict,
    /// The entry that first recorded the expense or transfer which this entry records, changes,
    /// copies or reviews, if it does one of these.
    pub original: Option<EntryId>,
    /// The content before a correction or cancellation: that of the last correction before it in
    /// the total order that counts, or else of the original. None if the original is void.
    pub before: Option<Transaction>,
    /// The position after this row, where the next page begins.
    pub cursor: Cursor,
}

impl Activity {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.entry.decoded().header().kind()
    }
}

impl Lists<'_> {
    /// All entries with their verdicts, newest clock first. Of entries with the same clock, the one
    /// ingested last comes first.
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`]; [`StoreError`] if the database cannot be read.
    pub fn activity(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Activity>, StoreError> {
        self.entries(ACTIVITY, ListKind::Activity, after, limit)
    }

    /// The void entries, each with its reason in [`Activity::verdict`], in the order of
    /// [`Lists::activity`]. They stay stored, and some count again after a later entry.
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`]; [`StoreError`] if the database cannot be read.
    pub fn void_entries(
        &self,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        self.entries(VOID, ListKind::Void, after, limit)
    }

    /// One entry with its verdict, if it is here.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn entry(&self, id: EntryId) -> Result<Option<Activity>, StoreError> {
        self.group.read(|connection, loaded| {
            let mut statement = connection.prepare_cached(ENTRY)?;
            let mut rows = statement.query((self.group.key.0, id.as_bytes()))?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let list = ListId::of_group(ListKind::Activity, self.group.id);
            let cursor = list.cursor(row.get(3)?, row.get(4)?);
            activity(connection, row, loaded, |_| cursor).map(Some)
        })
    }

    fn entries(
        &self,
        sql: &str,
        kind: ListKind,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let list = ListId::of_group(kind, self.group.id);
        let after = list.before(after)?;
        self.group.read(|connection, loaded| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((self.group.key.0, after.major, after.minor, limit))?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                let cursor = list.cursor(row.get(3)?, row.get(4)?);
                page.push(activity(connection, row, loaded, |_| cursor)?);
            }
            Ok(page)
        })
    }
}

/// Reads a row of one of the lists of entries. `cursor` is the position after it, by its id.
pub(super) fn activity(
    connection: &Connection,
    row: &Row<'_>,
    loaded: &LoadedLedger,
    cursor: impl FnOnce(EntryId) -> Cursor,
) -> Result<Activity, StoreError> {
    let entry = stored_entry(row)?;
    let (state, device) = (loaded.ledger.state(), entry.decoded().header().device());
    Ok(Activity {
        device,
        signed_here: device == loaded.device,
        author: state.device_owner(device),
        original: original(connection, &entry)?,
        before: before(connection, &entry, state)?,
        verdict: verdict(row.get(2)?)?,
        cursor: cursor(entry.id()),
        entry,
    })
}

/// The original of what an entry is about. A change or review may name a copy; the original of
/// that is its slot's.
fn original(connection: &Connection, entry: &VerifiedEntry) -> Result<Option<EntryId>, StoreError> {
    let target = match entry.decoded().payload() {
        Payload::Transaction(transaction) if transaction.origin().is_none() => {
            return Ok(Some(entry.id()));
        }
        // Another original with its origin may name the slot.
        Payload::Transaction(_) => {
            let mut slot = connection.prepare_cached(SLOT)?;
            let id = slot.query_row([entry.id().as_bytes()], |row| row.get(0)).optional()?;
            return Ok(Some(id.map_or(entry.id(), EntryId::from_bytes)));
        }
        Payload::Correction(correction) => correction.target(),
        Payload::Cancellation(cancellation) => cancellation.target(),
        Payload::Restoration(restoration) => restoration.target(),
        Payload::Endorsement(endorsement) => endorsement.target(),
        Payload::Copy(copy) => copy.original(),
        _ => return Ok(None),
    };
    let Some(target) = entry.decoded().header().refs().get(target.as_usize()) else {
        return Ok(None);
    };
    let mut slot = connection.prepare_cached(SLOT)?;
    let id: Option<[u8; 32]> = slot.query_row([target.as_bytes()], |row| row.get(0)).optional()?;
    Ok(Some(id.map_or(*target, EntryId::from_bytes)))
}

/// The content before a correction, cancellation or restoration.
fn before(
    connection: &Connection,
    entry: &VerifiedEntry,
    state: &GroupState,
) -> Result<Option<Transaction>, StoreError> {
    let header = entry.decoded().header();
    let target = match entry.decoded().payload() {
        Payload::Correction(correction) => correction.target(),
        Payload::Cancellation(cancellation) => cancellation.target(),
        Payload::Restoration(restoration) => restoration.target(),
        _ => return Ok(None),
    };
    let Some(target) = header.refs().get(target.as_usize()) else { return Ok(None) };
    let kind = Kind::CORRECTION.number();
    let id = entry.id();
    let mut corrected = connection.prepare_cached(CORRECTED)?;
    let mut rows = corrected.query((target.as_bytes(), header.lamport(), id.as_bytes(), kind))?;
    if let Some(row) = rows.next()? {
        return Ok(state.transaction_of(stored_entry(row)?.decoded()));
    }
    let mut first = connection.prepare_cached(ORIGINAL)?;
    let mut rows = first.query([target.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(state.transaction_of(stored_entry(row)?.decoded()))
}
