//! The entries that change or endorse an original, void ones as well, and those that record it once
//! more under one origin. The history of an expense finds them by this index.

use ledger_core::engine::{DecodedEntry, Payload, RefIndex};
use ledger_core::{EntryId, Origin};
use rusqlite::Connection;

use super::index::origin_of;
use crate::StoreError;

/// A stored entry by its id, with its number.
pub(crate) type Fetch<'a> = dyn Fn(EntryId) -> Result<Option<(i64, DecodedEntry)>, StoreError> + 'a;

/// The number of the original that an entry changes or endorses, and whether it endorses it. If it
/// names a copy, that is the original of the copy, void or not, and what endorses a correction
/// endorses what that corrects. Of several originals with one origin it is the first that came, also
/// for the others of them. `fetch` finds stored entries, and `first` the first original with an origin.
pub(crate) fn original(
    entry: &DecodedEntry,
    fetch: &Fetch<'_>,
    first: &dyn Fn(Origin) -> Result<Option<EntryId>, StoreError>,
) -> Result<Option<(i64, bool)>, StoreError> {
    let slot_number = |n: i64, original: &DecodedEntry| match origin_of(original) {
        Some(origin) => match first(origin)? {
            Some(first) => Ok(fetch(first)?.map_or(n, |(n, _)| n)),
            None => Ok(n),
        },
        None => Ok::<_, StoreError>(n),
    };
    let (target, endorses) = match entry.payload() {
        Payload::Correction(correction) => (correction.target(), false),
        Payload::Cancellation(cancellation) => (cancellation.target(), false),
        Payload::Restoration(restoration) => (restoration.target(), false),
        Payload::Copy(copy) => (copy.original(), false),
        Payload::Endorsement(endorsement) => (endorsement.target(), true),
        Payload::Transaction(_) if origin_of(entry).is_some() => {
            let Some((n, _)) = fetch(entry.id())? else { return Ok(None) };
            let first = slot_number(n, entry)?;
            return Ok((first != n).then_some((first, false)));
        }
        _ => return Ok(None),
    };
    let Some(target) = at(entry, target) else { return Ok(None) };
    // A copy must name the original itself; an entry that changes a copy changes the original.
    let Some((n, found)) = fetch(target)? else { return Ok(None) };
    let named = match found.payload() {
        Payload::Transaction(_) => Some(slot_number(n, &found)?),
        Payload::Copy(copy) if !matches!(entry.payload(), Payload::Copy(_)) => {
            match at(&found, copy.original()) {
                Some(original) => match fetch(original)? {
                    Some((n, original)) => Some(slot_number(n, &original)?),
                    None => None,
                },
                None => None,
            }
        }
        Payload::Correction(_) if endorses => original(&found, fetch, first)?.map(|(n, _)| n),
        _ => None,
    };
    Ok(named.map(|original| (original, endorses)))
}

/// Notes that entry number `n` changes or endorses an original.
pub(crate) fn insert(
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
    entry.header().refs().get(index.as_usize()).copied()
}
