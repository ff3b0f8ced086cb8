//! Rows of files that are recorded here.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::{DeviceId, EntryId, GroupState, Origin};
use rusqlite::Connection;

use super::content::Content;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::believed_entry;

/// A recorded row of some file.
pub(super) struct RowHere {
    /// The number of its slot.
    pub(super) slot: i64,
    pub(super) original: EntryId,
    pub(super) origin: Origin,
    pub(super) cancelled: bool,
    /// The group of the other program, if the row says so.
    pub(super) source: Option<[u8; 8]>,
    /// The call that recorded it: all entries of one call have one device and one time. A call imports
    /// one file.
    pub(super) call: (DeviceId, u64),
    /// The content as it was imported, whatever corrections made of it.
    pub(super) content: Content,
}

/// The slots that show something and have an origin, by the original that names each.
const ROWS: &str = "SELECT e.entry, e.signature, e.id, o.origin, x.n, x.cancelled
     FROM (SELECT origin, min(n) AS n FROM origins WHERE grp = ?1 GROUP BY origin) o
     JOIN expenses x ON x.n = o.n JOIN entries e ON e.n = o.n";

/// Reads all of them, one after another, as a group can have many.
pub(super) fn rows_here(
    connection: &Connection,
    group: GroupKey,
    state: &GroupState,
    mut each: impl FnMut(RowHere),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(ROWS)?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let entry = believed_entry(row, EntryId::from_bytes(row.get(2)?))?;
        let header = entry.decoded().header();
        let Some(transaction) = state.transaction_of(entry.decoded()) else { continue };
        each(RowHere {
            slot: row.get(4)?,
            original: entry.id(),
            origin: Origin::from_bytes(row.get(3)?),
            cancelled: row.get(5)?,
            source: transaction.hints().source(),
            call: (header.device(), header.timestamp_ms()),
            content: Content::of(&transaction),
        });
    }
    Ok(())
}

/// The slots that count, by what they show.
const COUNTED: &str = "SELECT c.entry, c.signature, c.id, x.n
     FROM expenses x JOIN entries c ON c.n = x.content WHERE x.grp = ?1 AND x.cancelled = 0";

/// Finds slots of no file that have the date and amounts of new rows: somebody recorded them by hand,
/// in whatever words. Each is the slot of one row, given by its place.
pub(super) fn recorded_by_hand<'a>(
    connection: &Connection,
    group: GroupKey,
    state: &GroupState,
    new: impl Iterator<Item = (usize, &'a Content)>,
    of_files: &BTreeSet<i64>,
) -> Result<Vec<(usize, i64)>, StoreError> {
    let mut open: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, content) in new {
        open.entry(content.without_words()).or_default().push(place);
    }
    let mut found = Vec::new();
    if open.is_empty() {
        return Ok(found);
    }
    let mut statement = connection.prepare_cached(COUNTED)?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let slot = row.get(3)?;
        if of_files.contains(&slot) {
            continue;
        }
        let entry = believed_entry(row, EntryId::from_bytes(row.get(2)?))?;
        let Some(transaction) = state.transaction_of(entry.decoded()) else { continue };
        let content = Content::of(&transaction);
        if let Some(place) = open.get_mut(&content.without_words()).and_then(Vec::pop) {
            found.push((place, slot));
        }
    }
    Ok(found)
}
