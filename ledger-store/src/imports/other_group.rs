//! Signs that a file of which a group knows no row is of another group.
//!
//! A group that began as a file is that group of the other program, so a later file has some of its
//! rows. Into a group that people began they may bring several files. Such a file names somebody here,
//! and the person here if an earlier one did.

use ledger_core::engine::{EntryIndex as _, Payload};
use ledger_core::{EntryId, GroupId};
use rusqlite::{Connection, params};

use super::here::RowHere;
use super::people::Column;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::index::StoredIndex;

/// Whether a file names nobody here, or leaves out the person here, whom an earlier file named.
/// `imported` has the rows of earlier files.
pub(super) fn names_others(
    loaded: &LoadedLedger,
    columns: &[Column],
    imported: &[RowHere],
) -> bool {
    let own = loaded.ledger.state().device_owner(loaded.device);
    let names_own = columns.iter().any(|column| Some(column.member) == own);
    let has_own = |row: &RowHere| own.is_some_and(|own| row.content.nets.contains_key(&own));
    let leaves_out_own = !names_own && imported.iter().any(has_own);
    leaves_out_own || !columns.iter().any(|column| column.known.is_member())
}

/// Whether a group began as a file: the founder's first entry introduces a person of a file, or is a
/// row of one.
pub(super) fn began_as_file(
    connection: &Connection,
    key: GroupKey,
    group: GroupId,
    index: &StoredIndex<'_>,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT e.id FROM entries e JOIN entries g ON g.chain = e.chain
         WHERE e.grp = ?1 AND g.id = ?2 AND e.seq = g.seq + 1",
    )?;
    let genesis = group.genesis();
    let ids = statement.query_map(params![key.0, genesis.as_bytes()], |row| row.get(0))?;
    for id in ids {
        let entry = index.entry(&EntryId::from_bytes(id?))?;
        let is_of_file = match entry.as_ref().map(|entry| entry.decoded().payload()) {
            Some(Payload::Placeholder(place)) => place.card().introducer().is_none(),
            Some(Payload::Transaction(row)) => row.hints().source().is_some(),
            _ => false,
        };
        if is_of_file {
            return Ok(true);
        }
    }
    Ok(false)
}
