//! Checking what is derived from the entries against them.

use std::collections::BTreeSet;

use ledger_core::{Content, DecodedEntry, EntryId, EntryIndex as _, Slot};
use rusqlite::{Connection, Row};

use super::index::StoredIndex;
use super::{GroupKey, Problem};
use crate::StoreError;

fn problem(entry: Option<EntryId>, found: impl Into<String>) -> Problem {
    Problem { entry, rule: None, found: found.into() }
}

/// The list of expenses agrees with the slots.
pub(super) fn expenses(
    connection: &Connection,
    group: GroupKey,
) -> Result<Vec<Problem>, StoreError> {
    let index = StoredIndex { connection, group, upto: i64::MAX };
    let mut problems = Vec::new();
    let mut statement = connection.prepare(
        "SELECT o.id, c.id, x.cancelled, x.date, c.entry, c.signature
         FROM entries o LEFT JOIN expenses x ON x.n = o.n AND x.grp = o.grp
         LEFT JOIN entries c ON c.n = x.content
         WHERE o.grp = ?1 AND o.slot = o.n ORDER BY o.n",
    )?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let original = EntryId::from_bytes(row.get(0)?);
        let shown: Option<[u8; 32]> = row.get(1)?;
        let cancelled: Option<bool> = row.get(2)?;
        let date: Option<u32> = row.get(3)?;
        let slot = Slot::of(index.slot(&original)?);
        let listed = (shown.map(EntryId::from_bytes), cancelled, date);
        if listed != (slot.content(), Some(slot.is_cancelled()), content_date(row)?) {
            problems.push(problem(Some(original), "the list of expenses shows it wrongly"));
        }
    }
    let mut statement = connection.prepare(
        "SELECT x.n, o.id FROM expenses x LEFT JOIN entries o ON o.n = x.n
         WHERE x.grp = ?1 AND (o.grp = x.grp AND o.slot = o.n) IS NOT TRUE",
    )?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let (n, entry): (i64, Option<[u8; 32]>) = (row.get(0)?, row.get(1)?);
        let found = format!("the list of expenses has number {n}, which is none");
        problems.push(problem(entry.map(EntryId::from_bytes), found));
    }
    Ok(problems)
}

/// The date that the entry in columns 4 and 5 says.
fn content_date(row: &Row<'_>) -> Result<Option<u32>, rusqlite::Error> {
    let (bytes, signature): (Option<Vec<u8>>, Option<[u8; 64]>) = (row.get(4)?, row.get(5)?);
    // One that does not decode was reported with the rule it breaks.
    let entry = bytes
        .zip(signature)
        .and_then(|(bytes, signature)| DecodedEntry::decode(&bytes, &signature).ok());
    Ok(entry.and_then(|entry| entry.payload().content().map(Content::date)).map(|d| d.yyyymmdd()))
}

/// The memory of imported rows agrees with what the entries say.
pub(super) fn origins(
    connection: &Connection,
    group: GroupKey,
    expected: &BTreeSet<[u8; 16]>,
) -> Result<Vec<Problem>, StoreError> {
    let mut statement = connection.prepare("SELECT origin FROM origins WHERE grp = ?1")?;
    let rows = statement.query_map([group.0], |row| row.get(0))?;
    let stored: BTreeSet<Vec<u8>> = rows.collect::<Result<_, _>>()?;
    let same = stored.iter().map(Vec::as_slice).eq(expected.iter().map(<[u8; 16]>::as_slice));
    let found = "the list of imported rows is not that of the entries";
    Ok((!same).then(|| problem(None, found)).into_iter().collect())
}

/// Every page of the file can be read, and every index agrees with its table.
pub(super) fn pages(connection: &Connection) -> Result<Vec<Problem>, StoreError> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let found: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").map(|line| problem(None, line)).collect())
}
