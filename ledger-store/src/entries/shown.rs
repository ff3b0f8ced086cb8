//! The slot that a stored entry belongs to, what it shows, and what it showed before an entry.

use ledger_core::engine::{DecodedEntry, EntryIndex as _, Payload, RefIndex, VerifiedEntry};
use ledger_core::{EntryId, GroupState, Transaction};
use rusqlite::{Connection, OptionalExtension as _};

use super::index::{StoredIndex, find_number, slot_number, stored_entry};
use super::named;
use super::slot::slot_shown;
use crate::StoreError;
use crate::database::GroupKey;

/// The last correction of a slot that counts, of those before a position in the total order. Only
/// applied entries have a slot.
pub(crate) const CORRECTED: &str = "SELECT entry, signature FROM entries
     WHERE slot = ?1 AND slot <> n AND kind = 18 AND (lamport, id) < (?2, ?3)
     ORDER BY lamport DESC, id DESC LIMIT 1";

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

/// The target of an entry that changes a slot.
pub(crate) fn changed(payload: &Payload) -> Option<RefIndex> {
    Some(match payload {
        Payload::Correction(correction) => correction.target(),
        Payload::Cancellation(cancellation) => cancellation.target(),
        Payload::Restoration(restoration) => restoration.target(),
        _ => return None,
    })
}

/// The content before a correction, cancellation or restoration of a slot.
pub(crate) fn content_before(
    connection: &Connection,
    group: GroupKey,
    entry: &VerifiedEntry,
    slot: i64,
    state: &GroupState,
) -> Result<Option<Transaction>, StoreError> {
    if changed(entry.decoded().payload()).is_none() {
        return Ok(None);
    }
    let (lamport, id) = (entry.decoded().header().lamport(), entry.id());
    let mut corrected = connection.prepare_cached(CORRECTED)?;
    let mut rows = corrected.query((slot, lamport, id.as_bytes()))?;
    if let Some(row) = rows.next()? {
        return Ok(state.transaction_of(stored_entry(row)?.decoded()));
    }
    // Not the original that names the slot: another one may sort before it.
    let Some(shown) = slot_shown(connection, slot, i64::MAX)?.shown() else { return Ok(None) };
    let shown = StoredIndex::whole(connection, group).entry(&shown)?;
    Ok(shown.and_then(|shown| state.transaction_of(shown.decoded())))
}
