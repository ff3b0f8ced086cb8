//! Conflicts: originals with one origin whose contents differ.

use ledger_core::engine::Payload;
use ledger_core::{GroupState, Transaction};
use rusqlite::Connection;

use crate::StoreError;
use crate::entries::index::stored_entry;

/// Most originals of one slot that are compared. Who imports one file writes one, so a group with
/// more importers than this is rare; whoever writes hundreds with one origin must not make a page
/// slow.
const COMPARED: u32 = 64;

/// Applied originals of a slot: the one that names it, and the others.
pub(super) const ORIGINALS: &str = "SELECT entry, signature FROM entries WHERE n = ?1 AND slot = ?1
     UNION ALL SELECT entry, signature FROM entries
         WHERE slot = ?1 AND slot <> n AND kind IN (16, 17)
     LIMIT ?2";

/// Returns whether several applied originals of a slot have different contents, or are too many to
/// be compared. So the answer depends on what counts, and not on the order in which it came.
/// `original` is the payload of the one that names the slot.
pub(super) fn is_conflicting(
    connection: &Connection,
    state: &GroupState,
    slot: i64,
    original: &Payload,
) -> Result<bool, StoreError> {
    // Without an origin an original is alone in its slot.
    if let Payload::Transaction(transaction) = original
        && transaction.origin().is_none()
    {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached(ORIGINALS)?;
    let mut rows = statement.query((slot, COMPARED.saturating_add(1)))?;
    let mut first: Option<Transaction> = None;
    let mut read: u32 = 0;
    while let Some(row) = rows.next()? {
        read = read.saturating_add(1);
        if read > COMPARED {
            return Ok(true);
        }
        let entry = stored_entry(row)?;
        let Some(content) = state.transaction_of(entry.decoded()) else { continue };
        match &first {
            None => first = Some(content),
            Some(first) if first.differences(&content).is_empty() => {}
            Some(_) => return Ok(true),
        }
    }
    Ok(false)
}
