//! New entries, in the order in which they came to this device, and how far a person has
//! read.

use ledger_core::EntryId;
use ledger_core::engine::{Kind, Ledger};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::activity::{Activity, activity};
use super::cursor::{ListId, ListKind, Position};
use super::{Cursor, Lists};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::session::GroupSession;

/// Entries in the order in which they came, after a number.
pub(super) const ARRIVED: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND n > ?2 ORDER BY n LIMIT ?3";

/// The same, with what decides whether an entry counts as unread.
pub(super) const UNREAD: &str = "SELECT chain, kind, verdict FROM entries
     WHERE grp = ?1 AND n > ?2 ORDER BY n LIMIT ?3";

/// The entry with a number.
pub(super) const NUMBERED: &str = "SELECT id FROM entries WHERE n = ?1 AND grp = ?2";

/// The number of the entry that came last.
pub(super) const NEWEST: &str = "SELECT n FROM entries WHERE grp = ?1 ORDER BY n DESC LIMIT 1";

const READ_UPTO: &str = "SELECT read_upto FROM groups WHERE grp = ?1";

/// Most entries after the read marker that are looked at to count the unread ones.
const MAX_COUNTED: u32 = 10_000;

/// Entries of other devices that came since somebody marked the group as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unread {
    /// Number of them: those that count, without the entries that only keep the group together
    /// (merges, and new keys of devices and groups), which no list of a person shows.
    pub entries: u64,
    /// Whether there may be more: only the first 10,000 entries since then are looked at.
    pub is_more: bool,
    /// The position up to which the group was read: [`Lists::arrived`] after it lists what came
    /// since. None if the group was never marked as read.
    pub read: Option<Cursor>,
}

impl Activity {
    /// Whether the entry is one of those that [`Unread`] counts, if it came after the read marker:
    /// another device signed it, it counts, and it does not only keep the group together.
    #[must_use]
    pub fn counts_as_unread(&self) -> bool {
        !self.signed_here && self.verdict.is_applied() && is_shown(self.kind().number())
    }
}

impl Lists<'_> {
    /// Entries in the order in which they came to this device or were recorded on it, oldest
    /// first, after a position: what is new since an app looked last. An entry that comes late is
    /// new, however old its date and clock are.
    ///
    /// The cursor of the last row is good for as long as the database is, so that an app can keep
    /// its text and go on from there after a restart. Only a salvage numbers entries anew; then the
    /// cursor is refused.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # let store = StoreOptions::new().in_memory()?;
    /// # let group = store.create_group("Flat", "Anna")?;
    /// let seen = group.lists().arrived(None, 50)?.last().map(|row| row.cursor);
    /// group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// let new = group.lists().arrived(seen, 50)?;
    /// assert_eq!((new.len(), new[0].signed_here), (1, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`] if the cursor is not of this list; [`StoreError`] if the
    /// database cannot be read.
    pub fn arrived(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Activity>, StoreError> {
        self.group.read(|connection, loaded| {
            let after = number_of(connection, self.group, after)?;
            let mut statement = connection.prepare_cached(ARRIVED)?;
            let mut rows = statement.query((self.group.key.0, after, limit))?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                let n = row.get(4)?;
                let cursor = |id: EntryId| cursor(self.group, n, id);
                page.push(activity(connection, self.group.key, row, loaded, cursor)?);
            }
            Ok(page)
        })
    }

    /// What is unread in this group.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn unread(&self) -> Result<Unread, StoreError> {
        self.group.read(|connection, loaded| unread(connection, self.group.key, loaded))
    }
}

/// Counts what is unread in a group.
pub(super) fn unread(
    connection: &Connection,
    group: GroupKey,
    loaded: &LoadedLedger,
) -> Result<Unread, StoreError> {
    let read: i64 = connection.prepare_cached(READ_UPTO)?.query_row([group.0], |row| row.get(0))?;
    let own = own_chain(connection, loaded)?;
    let mut statement = connection.prepare_cached(UNREAD)?;
    let mut rows = statement.query((group.0, read, MAX_COUNTED))?;
    let (mut entries, mut seen) = (0_u64, 0_u32);
    while let Some(row) = rows.next()? {
        let (chain, kind, verdict): (u32, u16, u8) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let unread = Some(chain) != own && verdict == 0 && is_shown(kind);
        entries = entries.saturating_add(u64::from(unread));
        seen = seen.saturating_add(1);
    }
    let id = connection
        .prepare_cached(NUMBERED)?
        .query_row((read, group.0), |row| Ok(EntryId::from_bytes(row.get(0)?)))
        .optional()?;
    let list = ListId::of_group(ListKind::Arrived, loaded.ledger.group());
    let read = id.map(|id| list.cursor(u64::try_from(read).unwrap_or(0), check(id)));
    Ok(Unread { entries, is_more: seen == MAX_COUNTED, read })
}

/// Marks a group as read, up to a position in [`Lists::arrived`] or up to what is here now. A
/// position before the marker changes nothing.
pub(crate) fn mark_read(group: &GroupSession, upto: Option<Cursor>) -> Result<(), StoreError> {
    group.session.write(|connection| {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let upto = match upto {
            Some(cursor) => number_of(&tx, group, Some(cursor))?,
            None => tx
                .prepare_cached(NEWEST)?
                .query_row([group.key.0], |row| row.get(0))
                .optional()?
                .unwrap_or(0),
        };
        let marked = tx
            .prepare_cached("UPDATE groups SET read_upto = max(read_upto, ?2) WHERE grp = ?1")?
            .execute((group.key.0, upto))?;
        if marked == 0 {
            return Err(StoreError::UnknownGroup(group.id));
        }
        Ok(tx.commit()?)
    })
}

/// The number of the entry at a position; 0 for the beginning. A position whose number another
/// entry has is of another database.
fn number_of(
    connection: &Connection,
    group: &GroupSession,
    after: Option<Cursor>,
) -> Result<i64, StoreError> {
    let list = ListId::of_group(ListKind::Arrived, group.id);
    let Some(Position { major, minor }) = list.position(after)? else { return Ok(0) };
    let n = i64::try_from(major).map_err(|_| StoreError::CursorOfAnotherList)?;
    let found = connection
        .prepare_cached(NUMBERED)?
        .query_row((n, group.key.0), |row| Ok(EntryId::from_bytes(row.get(0)?)))
        .optional()?;
    match found {
        Some(id) if check(id) == minor => Ok(n),
        _ => Err(StoreError::CursorOfAnotherList),
    }
}

fn cursor(group: &GroupSession, n: i64, id: EntryId) -> Cursor {
    let list = ListId::of_group(ListKind::Arrived, group.id);
    list.cursor(u64::try_from(n).unwrap_or(0), check(id))
}

/// The beginning of an entry's id, as a number that SQLite and a cursor can hold.
fn check(id: EntryId) -> u64 {
    u64::from_be_bytes(id.as_bytes().first_chunk().copied().unwrap_or_default()) >> 1
}

/// Whether a person sees entries of a kind. Others keep the group together.
fn is_shown(kind: u16) -> bool {
    ![Kind::MERGE, Kind::ROTATION, Kind::EPOCH].iter().any(|hidden| hidden.number() == kind)
}

/// The chain of this device; none if it has signed nothing.
fn own_chain(connection: &Connection, loaded: &LoadedLedger) -> Result<Option<u32>, StoreError> {
    let Some(tip) = own_tip(&loaded.ledger, loaded) else { return Ok(None) };
    let mut statement = connection.prepare_cached("SELECT chain FROM entries WHERE id = ?1")?;
    Ok(statement.query_row([tip.as_bytes()], |row| row.get(0)).optional()?)
}

fn own_tip(ledger: &Ledger, loaded: &LoadedLedger) -> Option<EntryId> {
    let mut tips = ledger.frontier().tips();
    tips.find(|(_, device, _, _)| *device == loaded.device).map(|(_, _, _, id)| id)
}
