//! Finding expenses: by date, and by conditions that combine.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::cursor::{ListId, ListKind, Position};
use super::filter::Filter;
use super::query::{Columns, OpenQuery, Query, queries};
use super::recorded::RowReader;
use super::{Cursor, Lists, Recorded};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::day::DayNumber;

impl Lists<'_> {
    /// Expenses and transfers by date, newest first. Of those on one day, the one ingested last
    /// comes first.
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`]; [`StoreError`] if the database cannot be read.
    pub fn expenses(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        self.find(&Filter::default(), after, limit)
    }

    /// The expenses and transfers that a filter lets through, in the order of [`Lists::expenses`].
    /// Cancelled ones are among them, and marked. A cursor may be used with another filter: it is a
    /// position in the list of all.
    ///
    /// A page goes through the rows of the condition with the fewest, or of the words, if there are
    /// some, from where the page before ended, and leaves out what the other conditions refuse. So
    /// it takes longer if two conditions have many rows each and few in common.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ledger_store::{MemorySecrets, Store};
    /// use ledger_core::Date;
    /// use ledger_store::{Condition, Filter};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
    /// # let group = store.create_group("Flat", "Anna")?;
    /// # let me = group.me()?.ok_or("nobody")?;
    /// let lists = group.lists();
    /// let filter = Filter::default()
    ///     .since(Date::from_ymd(2026, 1, 1)?)
    ///     .condition(Condition::Text("dinner luigi".into()))
    ///     .condition(Condition::Payer(me));
    /// let mut page = lists.find(&filter, None, 50)?;
    /// while let Some(last) = page.last() {
    ///     page = lists.find(&filter, Some(last.cursor), 50)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`]; [`StoreError`] if the database cannot be read.
    pub fn find(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let list = ListId::of_group(ListKind::Expenses, self.group.id);
        let after = list.before(after)?;
        self.group.read(|connection, loaded| {
            let mut reader = RowReader::new(connection, self.group.key, loaded);
            let queries = queries(connection, self.group.key, filter)?;
            if let [query] = queries.as_slice() {
                let mut page = Vec::new();
                each(connection, query.after(after, Columns::Row), limit, |row| {
                    page.push(reader.read(row, list)?);
                    Ok(())
                })?;
                return Ok(page);
            }
            let slots = slots(connection, &queries, after, limit)?;
            slots.into_iter().map(|slot| reader.read_slot(slot.minor, list)).collect()
        })
    }
}

/// The rows of some slots, given by the numbers of their originals, in this order. All of them must
/// show something.
pub(crate) fn recorded_slots(
    connection: &Connection,
    group: GroupKey,
    loaded: &LoadedLedger,
    slots: &[i64],
) -> Result<Vec<Recorded>, StoreError> {
    let list = ListId::of_group(ListKind::Expenses, loaded.ledger.group());
    let mut reader = RowReader::new(connection, group, loaded);
    let number = |slot: &i64| u64::try_from(*slot).unwrap_or(0);
    slots.iter().map(|slot| reader.read_slot(number(slot), list)).collect()
}

/// The positions of the slots on a page of several queries.
fn slots(
    connection: &Connection,
    queries: &[OpenQuery],
    after: Position,
    limit: u32,
) -> Result<Vec<Position>, StoreError> {
    let mut found: Vec<Position> = Vec::new();
    for query in queries {
        each(connection, query.after(after, Columns::Position), limit, |row| {
            let day = DayNumber::from_stored(row.get(0)?);
            found.push(Position { major: day.position(), minor: row.get(1)? });
            Ok(())
        })?;
    }
    // Each query has its rows in order, and no slot is in two of them.
    found.sort_by_key(|Position { major, minor }| core::cmp::Reverse((*major, *minor)));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// The first rows of a query.
fn each(
    connection: &Connection,
    Query { sql, mut values }: Query,
    limit: u32,
    mut work: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    values.push(Value::from(i64::from(limit)));
    let mut statement = connection.prepare_cached(&format!("{sql} LIMIT ?"))?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        work(row)?;
    }
    Ok(())
}
