//! Opening a group: the last checkpoint, and the entries after it.

use ledger_core::{Admission, Evaluation, GroupId, Ledger, VerifiedEntry, evaluate};
use rusqlite::Connection;

use super::GroupKey;
use super::index::{StoredIndex, stored_entry};
use crate::StoreError;
use crate::store::LoadedLedger;

/// How a ledger was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// How many entries the checkpoint covers; 0 if there was none to use.
    pub from_checkpoint: u64,
    /// How many entries were replayed after it.
    pub replayed: u64,
    /// How many checkpoints were dropped because they did not check out.
    pub dropped_checkpoints: u64,
}

/// Brings a ledger up to the last stored entry, from where it was last
/// replayed, else from the newest checkpoint that checks out, else from the
/// genesis entry.
pub(super) fn load(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    known: Option<LoadedLedger>,
) -> Result<LoadedLedger, StoreError> {
    let mut loaded = match known {
        Some(loaded) => loaded,
        None => match newest_checkpoint(connection, group, id)? {
            (Some(loaded), _) => loaded,
            (None, dropped) => from_genesis(connection, group, id, dropped)?,
        },
    };
    let mut statement = connection.prepare_cached(
        "SELECT entry, signature, n FROM entries WHERE grp = ?1 AND n > ?2 ORDER BY n",
    )?;
    let mut rows = statement.query((group.0, loaded.upto))?;
    while let Some(row) = rows.next()? {
        let entry = stored_entry(row)?;
        let n: i64 = row.get(2)?;
        let index = StoredIndex { connection, group, upto: loaded.upto };
        if !replay_stored(&mut loaded.ledger, entry, &index)? {
            let ledger = evaluate_stored(connection, group, id, Vec::new())?.ledger().clone();
            let upto = last_number(connection, group)?;
            let opening = Opening { replayed: ledger.frontier().entries(), ..loaded.opening };
            return Ok(LoadedLedger { ledger, upto, opening });
        }
        loaded.upto = n;
        loaded.opening.replayed = loaded.opening.replayed.saturating_add(1);
    }
    Ok(loaded)
}

/// Replays an entry that was admitted before; says whether the short way could.
fn replay_stored(
    ledger: &mut Ledger,
    entry: VerifiedEntry,
    index: &StoredIndex<'_>,
) -> Result<bool, StoreError> {
    let id = entry.id();
    match ledger.admit(entry, index)? {
        Admission::Admitted(entry) => Ok(ledger.replay(&entry, index)?.is_some()),
        Admission::Undecided(_) => Ok(false),
        Admission::Refused(refusal) => Err(StoreError::Refused(refusal)),
        Admission::Duplicate | Admission::Missing(_) => {
            Err(StoreError::Damaged(format!("entry {id} stands before its dependencies")))
        }
    }
}

/// Evaluates everything stored, and `more`, from scratch.
pub(super) fn evaluate_stored(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    more: Vec<VerifiedEntry>,
) -> Result<Evaluation, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT entry, signature FROM entries WHERE grp = ?1 ORDER BY n")?;
    let mut rows = statement.query([group.0])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(stored_entry(row)?);
    }
    entries.extend(more);
    evaluate(id, entries).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The number of the last stored entry.
pub(super) fn last_number(connection: &Connection, group: GroupKey) -> Result<i64, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT coalesce(max(n), 0) FROM entries WHERE grp = ?1")?;
    Ok(statement.query_row([group.0], |row| row.get(0))?)
}

fn newest_checkpoint(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
) -> Result<(Option<LoadedLedger>, u64), StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT upto, ledger FROM checkpoints WHERE grp = ?1 ORDER BY upto DESC")?;
    let mut rows = statement.query([group.0])?;
    let mut dropped: u64 = 0;
    while let Some(row) = rows.next()? {
        let upto: i64 = row.get(0)?;
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        // One that does not check out is never trusted; an older one, or the
        // entries themselves, do as well.
        if let Ok(ledger) = Ledger::from_checkpoint(id, bytes) {
            let opening = Opening {
                from_checkpoint: ledger.frontier().entries(),
                replayed: 0,
                dropped_checkpoints: dropped,
            };
            return Ok((Some(LoadedLedger { ledger, upto, opening }), dropped));
        }
        dropped = dropped.saturating_add(1);
    }
    Ok((None, dropped))
}

fn from_genesis(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    dropped_checkpoints: u64,
) -> Result<LoadedLedger, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT entry, signature, n FROM entries WHERE grp = ?1 AND id = ?2")?;
    let mut rows = statement.query((group.0, id.as_bytes()))?;
    let row = rows.next()?;
    let row = row.ok_or_else(|| StoreError::Damaged("the genesis entry is gone".to_owned()))?;
    let genesis = stored_entry(row)?;
    let ledger = Ledger::found(&genesis)?;
    let opening = Opening { from_checkpoint: 0, replayed: 1, dropped_checkpoints };
    Ok(LoadedLedger { ledger, upto: row.get(2)?, opening })
}
