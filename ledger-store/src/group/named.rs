//! Which entries change or endorse an original, void ones as well: an expense's
//! history needs them by index.

use ledger_core::{DecodedEntry, EntryId, Payload, RefIndex};
use rusqlite::{Connection, OptionalExtension as _};

use super::GroupKey;
use crate::StoreError;

/// Notes the original that a stored entry names, if it names one. An entry that
/// names anything else is void for good, and noted nowhere.
pub(super) fn note(
    connection: &Connection,
    group: GroupKey,
    n: i64,
    entry: &DecodedEntry,
) -> Result<(), StoreError> {
    match original(entry, |id| payload_of(connection, group, id))? {
        Some((original, endorses)) => insert(connection, original, endorses, n, entry),
        None => Ok(()),
    }
}

/// The number of the original that an entry changes or endorses, and whether it
/// endorses it. `fetch` finds stored entries.
pub(super) fn original(
    entry: &DecodedEntry,
    fetch: impl Fn(EntryId) -> Result<Option<(i64, DecodedEntry)>, StoreError>,
) -> Result<Option<(i64, bool)>, StoreError> {
    let (target, endorses) = match entry.payload() {
        Payload::Correction(correction) => (correction.target(), false),
        Payload::Cancellation(cancellation) => (cancellation.target(), false),
        Payload::Copy(copy) => (copy.original(), false),
        Payload::Endorsement(endorsement) => (endorsement.target(), true),
        _ => return Ok(None),
    };
    let Some(target) = at(entry, target) else { return Ok(None) };
    // A copy must name the original itself; what changes a copy changes that.
    let mut original = fetch(target)?;
    if let Some((_, copied)) = &original
        && let Payload::Copy(copy) = copied.payload()
    {
        let by_copy = matches!(entry.payload(), Payload::Copy(_));
        original = match at(copied, copy.original()).filter(|_| !by_copy) {
            Some(target) => fetch(target)?,
            None => None,
        };
    }
    let content = |found: &(i64, DecodedEntry)| matches!(found.1.payload(), Payload::Content(_));
    Ok(original.filter(content).map(|(original, _)| (original, endorses)))
}

/// Notes that entry number `n` changes or endorses an original.
pub(super) fn insert(
    connection: &Connection,
    original: i64,
    endorses: bool,
    n: i64,
    entry: &DecodedEntry,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO named (original, endorses, lamport, id, n) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((original, endorses, entry.header().lamport(), entry.id().as_bytes(), n))?;
    Ok(())
}

fn at(entry: &DecodedEntry, index: RefIndex) -> Option<EntryId> {
    entry.header().refs().get(index.place()).copied()
}

fn payload_of(
    connection: &Connection,
    group: GroupKey,
    id: EntryId,
) -> Result<Option<(i64, DecodedEntry)>, StoreError> {
    let found: Option<(i64, Vec<u8>, [u8; 64])> = connection
        .prepare_cached("SELECT n, entry, signature FROM entries WHERE id = ?1 AND grp = ?2")?
        .query_row((id.as_bytes(), group.0), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((n, bytes, signature)) = found else { return Ok(None) };
    Ok(Some((n, DecodedEntry::decode(&bytes, &signature)?)))
}
