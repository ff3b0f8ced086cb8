//! Finding expenses: by date, and by conditions that combine.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

#[cfg(feature = "import")]
use super::by_id::SHOWN;
use super::cursor::{ListId, ListKind, Position};
use super::filter::Filter;
use super::query::{Columns, Query, queries};
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
            let slots = slots(connection, self.group.key, filter, after, limit)?;
            self.page(connection, loaded, slots)
        })
    }

    /// The rows at some positions.
    pub(super) fn page(
        &self,
        connection: &Connection,
        loaded: &LoadedLedger,
        slots: impl IntoIterator<Item = Position>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let list = ListId::of_group(ListKind::Expenses, self.group.id);
        let mut reader = RowReader::new(connection, self.group.key, loaded);
        let row = |Position { major, minor }| reader.read(minor, list.cursor(major, minor));
        slots.into_iter().map(row).collect()
    }
}

/// The rows of some slots, given by the numbers of their originals, in this order. All of them must
/// show something.
#[cfg(feature = "import")]
pub(crate) fn recorded_slots(
    connection: &Connection,
    group: GroupKey,
    loaded: &LoadedLedger,
    slots: &[i64],
) -> Result<Vec<Recorded>, StoreError> {
    let list = ListId::of_group(ListKind::Expenses, loaded.ledger.group());
    let mut reader = RowReader::new(connection, group, loaded);
    let mut statement = connection.prepare_cached(SHOWN)?;
    let mut row = |slot: &i64| {
        let mut rows = statement.query([slot])?;
        let gone = || StoreError::Damaged(format!("row {slot} is gone"));
        let Position { major, minor } = query_position(rows.next()?.ok_or_else(gone)?)?;
        reader.read(minor, list.cursor(major, minor))
    };
    slots.iter().map(&mut row).collect()
}

/// The positions of the slots on a page.
fn slots(
    connection: &Connection,
    group: GroupKey,
    filter: &Filter,
    after: Position,
    limit: u32,
) -> Result<Vec<Position>, StoreError> {
    let mut found: Vec<Position> = Vec::new();
    let queries = queries(connection, group, filter, Columns::Position)?;
    let several = queries.len() > 1;
    for query in queries {
        let Query { sql, mut values } = query.after(after);
        values.push(Value::from(i64::from(limit)));
        let mut statement = connection.prepare_cached(&format!("{sql} LIMIT ?"))?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            found.push(query_position(row)?);
        }
    }
    if several {
        // Each query has its rows in order, and no slot is in two of them.
        found.sort_by_key(|Position { major, minor }| core::cmp::Reverse((*major, *minor)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(found)
}

/// Reads columns 0 and 1 as a position in the list of expenses.
pub(super) fn query_position(row: &rusqlite::Row<'_>) -> Result<Position, StoreError> {
    let day = DayNumber::from_stored(row.get(0)?);
    Ok(Position { major: day.position(), minor: row.get(1)? })
}
