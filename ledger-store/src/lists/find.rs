//! Finding expenses: by date, and by conditions that combine.

use ledger_core::{EntryId, GroupState};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::conflict::is_conflicting;
use super::cursor::{ListId, ListKind, Position};
use super::filter::Filter;
use super::query::{Columns, Query, queries};
use super::{Cursor, Lists, Recorded};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::day::DayNumber;
use crate::entries::index::stored_entry;

/// The row of one slot.
pub(super) const ROW: &str = "SELECT c.entry, c.signature, o.id, x.cancelled
     FROM expenses x JOIN entries c ON c.n = x.content JOIN entries o ON o.n = x.n
     WHERE x.n = ?1";

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
    /// use ledger_store::{Condition, Filter};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
    /// # let group = store.create_group("Flat", "Anna")?;
    /// # let me = group.me()?.ok_or("nobody")?;
    /// let lists = group.lists();
    /// let filter = Filter {
    ///     from: Some("2026-01-01".parse()?),
    ///     conditions: vec![Condition::Text("dinner luigi".into()), Condition::Payer(me)],
    ///     ..Filter::default()
    /// };
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
        let mut statement = connection.prepare_cached(ROW)?;
        let row = |position: Position| {
            let mut rows = statement.query([position.minor])?;
            let gone = || StoreError::Damaged(format!("row {} is gone", position.minor));
            let row = rows.next()?.ok_or_else(gone)?;
            recorded(connection, row, loaded.ledger.state(), list, position)
        };
        slots.into_iter().map(row).collect()
    }
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

fn recorded(
    connection: &Connection,
    row: &rusqlite::Row<'_>,
    state: &GroupState,
    list: ListId,
    Position { major, minor }: Position,
) -> Result<Recorded, StoreError> {
    let shown = stored_entry(row)?;
    let nothing = || StoreError::Damaged(format!("entry {} shows nothing", shown.id()));
    Ok(Recorded {
        current_version: shown.id(),
        transaction: state.transaction_of(shown.decoded()).ok_or_else(nothing)?,
        original: EntryId::from_bytes(row.get(2)?),
        cancelled: row.get(3)?,
        conflicting: is_conflicting(
            connection,
            state,
            i64::try_from(minor).unwrap_or(0),
            shown.decoded().payload(),
        )?,
        cursor: list.cursor(major, minor),
    })
}
