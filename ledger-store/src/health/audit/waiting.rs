//! Check of waiting entries: sound, of this group, and waiting for something.

use ledger_core::engine::{DecodedEntry, EntryIndex as _, verify_batch};
use ledger_core::{EntryId, GroupId};
use rusqlite::Connection;

use super::compact::CompactIndex;
use crate::StoreError;
use crate::database::GroupKey;
use crate::health::{Problem, Table};
use crate::platform::Environment;
use crate::platform::environment::random;

/// Number of entries that are read together.
const BATCH: usize = 256;

/// A row that should not exist, and why.
pub(super) struct Wrong {
    pub(super) row: i64,
    pub(super) problem: Problem,
    /// Whether the entry may be admitted, or waits under another id.
    pub(super) sound: bool,
}

/// Corrects the id of a sound waiting entry. Returns whether the row stays.
pub(super) fn correct_id(
    connection: &Connection,
    row: i64,
    index: &CompactIndex<'_>,
) -> Result<bool, StoreError> {
    let (bytes, signature): (Vec<u8>, [u8; 64]) = connection
        .prepare_cached("SELECT entry, signature FROM pending WHERE p = ?1")?
        .query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let id = DecodedEntry::decode(&bytes, &signature)?.id();
    if index.number(&id).is_some() {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached(
        "UPDATE pending SET id = ?2 WHERE p = ?1
         AND NOT EXISTS (SELECT 1 FROM pending WHERE id = ?2 AND p <> ?1)",
    )?;
    Ok(statement.execute((row, id.as_bytes()))? > 0)
}

/// The rows that should not exist.
pub(super) fn wrong(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    index: &CompactIndex<'_>,
    environment: &dyn Environment,
) -> Result<Vec<Wrong>, StoreError> {
    let numbers: Vec<i64> = {
        let mut statement =
            connection.prepare("SELECT p FROM pending WHERE grp = ?1 ORDER BY p")?;
        let rows = statement.query_map([group.0], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    let mut wrong = Vec::new();
    let mut statement =
        connection.prepare_cached("SELECT id, entry, signature FROM pending WHERE p = ?1")?;
    for batch in numbers.chunks(BATCH) {
        let (mut rows, mut decoded) = (Vec::new(), Vec::new());
        for p in batch {
            let (stored, bytes, signature): ([u8; 32], Vec<u8>, [u8; 64]) =
                statement.query_row([p], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let stored = EntryId::from_bytes(stored);
            match DecodedEntry::decode(&bytes, &signature) {
                Ok(entry) => {
                    decoded.push(entry);
                    rows.push((*p, stored));
                }
                Err(refusal) => {
                    let problem = Problem::refused(Some(stored), &refusal);
                    wrong.push(Wrong { row: *p, problem, sound: false });
                }
            }
        }
        let seed = random(environment)?;
        for ((row, stored), verified) in rows.into_iter().zip(verify_batch(decoded, &seed)) {
            let entry = match verified {
                Ok(entry) => entry,
                Err(refusal) => {
                    let problem = Problem::refused(Some(stored), &refusal);
                    wrong.push(Wrong { row, problem, sound: false });
                    continue;
                }
            };
            let header = entry.decoded().header();
            let mut missing = false;
            for id in header.dependencies() {
                missing |= index.link(id)?.is_none();
            }
            let found = if header.group() != Some(id) {
                "it waits in a group that is not its own"
            } else if index.number(&entry.id()).is_some() {
                "it waits although it is in the ledger"
            } else if entry.id() != stored {
                "it waits under another id"
            } else if !missing {
                "it waits for nothing"
            } else {
                continue;
            };
            let sound = header.group() == Some(id);
            let problem = Problem::derived(Table::Pending, Some(stored), found);
            wrong.push(Wrong { row, problem, sound });
        }
    }
    for wrong in &mut wrong {
        let problem = wrong.problem.clone();
        wrong.problem = Problem {
            table: Some(Table::Pending),
            remedy: crate::health::Remedy::RebuildIndexes,
            ..problem
        };
    }
    Ok(wrong)
}
