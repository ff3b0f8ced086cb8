//! The slot that a stored entry belongs to.

use ledger_core::EntryId;
use ledger_core::engine::{DecodedEntry, EntryIndex as _, Payload};
use rusqlite::{Connection, OptionalExtension as _};

use super::index::{StoredIndex, find_number, slot_number};
use super::named;
use crate::StoreError;
use crate::database::GroupKey;

const SHOWN: &str = "SELECT c.id FROM expenses e JOIN entries c ON c.n = e.content WHERE e.n = ?1";

/// The number of the slot that an entry records, changes, copies or endorses, whatever the verdict
/// on it; and whether it endorses it. `None` if it is about no expense or transfer.
pub(crate) fn slot_of(
    connection: &Connection,
    group: GroupKey,
    entry: &DecodedEntry,
) -> Result<Option<(i64, bool)>, StoreError> {
    let index = StoredIndex::whole(connection, group);
    let fetch = |id: EntryId| {
        let Some(entry) = index.entry(&id)? else { return Ok(None) };
        Ok(find_number(connection, id)?.map(|n| (n, entry.decoded().clone())))
    };
    match entry.payload() {
        Payload::Transaction(_) => {
            let Some(n) = find_number(connection, entry.id())? else { return Ok(None) };
            Ok(Some((slot_number(connection, group, entry, n)?, false)))
        }
        _ => named::original(entry, &fetch, &|origin| index.first_with_origin(&origin)),
    }
}

/// The entry whose content a slot shows: an original, a copy or a correction. `None` if it shows
/// nothing.
pub(crate) fn version_shown(
    connection: &Connection,
    slot: i64,
) -> Result<Option<EntryId>, StoreError> {
    let mut statement = connection.prepare_cached(SHOWN)?;
    let shown = statement.query_row([slot], |row| row.get(0)).optional()?;
    Ok(shown.map(EntryId::from_bytes))
}
