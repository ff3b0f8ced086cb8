//! The slot that a stored entry belongs to, and what a slot shows.

use ledger_core::EntryId;
use ledger_core::engine::{DecodedEntry, EntryIndex as _, Payload, Slot, SlotEntry};
use rusqlite::Connection;

use super::index::{StoredIndex, find_number, role, slot_number};
use super::named;
use crate::StoreError;
use crate::database::GroupKey;

/// The applied entries of a slot that decide what it shows: its first originals and copy, its last
/// correction, cancellation and restoration. Each is found by index, however many others there are.
/// Only applied entries have a slot.
pub(crate) const DECISIVE: &str = "
    SELECT id, lamport, kind FROM entries WHERE n = ?1 AND slot = ?1 AND n <= ?2
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 16 AND n <= ?2 ORDER BY lamport, id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 17 AND n <= ?2 ORDER BY lamport, id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 20 AND n <= ?2 ORDER BY lamport, id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 18 AND n <= ?2
        ORDER BY lamport DESC, id DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 19 AND n <= ?2
        ORDER BY lamport DESC, id DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 24 AND n <= ?2
        ORDER BY lamport DESC, id DESC LIMIT 1)";

/// What a slot shows, given by the number of its original, of the entries up to a number.
pub(crate) fn slot_shown(
    connection: &Connection,
    slot: i64,
    upto: i64,
) -> Result<Slot, StoreError> {
    let mut statement = connection.prepare_cached(DECISIVE)?;
    let rows = statement.query_map((slot, upto), |row| {
        let id = EntryId::from_bytes(row.get(0)?);
        Ok(SlotEntry { id, lamport: row.get(1)?, role: role(row.get(2)?) })
    })?;
    rows.collect::<Result<Vec<_>, _>>().map(Slot::of).map_err(StoreError::from)
}

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
        _ => named::original(entry, fetch, |origin| index.first_with_origin(&origin)),
    }
}
