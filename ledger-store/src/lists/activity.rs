//! Entries with their verdicts: all of them, or the void ones.

use ledger_core::engine::{Kind, Payload, VerifiedEntry};
use ledger_core::{DeviceId, EntryId, MemberId, Transaction, Verdict};
use rusqlite::{Connection, Row};

use super::cursor::{ListId, ListKind};
use super::{Cursor, Lists};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::index::{stored_entry, verdict};
use crate::entries::shown::{changed, content_before, slot_of};

pub(super) const ACTIVITY: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND (lamport, n) < (?2, ?3)
     ORDER BY lamport DESC, n DESC LIMIT ?4";

pub(super) const VOID: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND verdict > 1 AND (lamport, n) < (?2, ?3)
     ORDER BY lamport DESC, n DESC LIMIT ?4";

pub(super) const ENTRY: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND id = ?2";

const BY_NUMBER: &str = "SELECT id FROM entries WHERE n = ?1";

/// One entry with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The content before a correction, cancellation or restoration: that of the last correction
    /// before it in the total order that counts, or else what the slot shows without corrections:
    /// the first original that counts in this order, else the first copy. None if none counts.
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
            activity(connection, self.group.key, row, loaded, |_| cursor).map(Some)
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
                page.push(activity(connection, self.group.key, row, loaded, |_| cursor)?);
            }
            Ok(page)
        })
    }
}

/// Reads a row of one of the lists of entries. `cursor` is the position after it, by its id.
pub(super) fn activity(
    connection: &Connection,
    group: GroupKey,
    row: &Row<'_>,
    loaded: &LoadedLedger,
    cursor: impl FnOnce(EntryId) -> Cursor,
) -> Result<Activity, StoreError> {
    let entry = stored_entry(row)?;
    let (state, device) = (loaded.ledger.state(), entry.decoded().header().device());
    let slot = match entry.decoded().payload() {
        // It names its slot itself, as nearly all do.
        Payload::Transaction(transaction) if transaction.origin().is_none() => None,
        _ => slot_of(connection, group, entry.decoded())?.map(|(slot, _)| slot),
    };
    Ok(Activity {
        device,
        signed_here: device == loaded.device,
        author: state.device_owner(device),
        original: original(connection, &entry, slot)?,
        before: slot
            .map_or(Ok(None), |slot| content_before(connection, group, &entry, slot, state))?,
        verdict: verdict(row.get(2)?)?,
        cursor: cursor(entry.id()),
        entry,
    })
}

/// The original of what an entry is about: the one that names its slot. `None` if the entry is of
/// another kind.
fn original(
    connection: &Connection,
    entry: &VerifiedEntry,
    slot: Option<i64>,
) -> Result<Option<EntryId>, StoreError> {
    if let Some(slot) = slot {
        let mut name = connection.prepare_cached(BY_NUMBER)?;
        return Ok(Some(EntryId::from_bytes(name.query_row([slot], |row| row.get(0))?)));
    }
    let target = match entry.decoded().payload() {
        Payload::Transaction(_) => return Ok(Some(entry.id())),
        Payload::Copy(copy) => copy.original(),
        Payload::Endorsement(endorsement) => endorsement.target(),
        payload => match changed(payload) {
            Some(target) => target,
            None => return Ok(None),
        },
    };
    // It names what is no expense or transfer, and is void.
    Ok(entry.decoded().header().refs().get(target.as_usize()).copied())
}
