//! Imports that stopped half-way.

use rusqlite::{Connection, OptionalExtension as _};

use super::Lists;
use crate::StoreError;
use crate::database::GroupKey;

pub(super) const UNFINISHED: &str =
    "SELECT done, total, state FROM imports WHERE grp = ?1 AND state <> 1 ORDER BY imp LIMIT 1";

/// Import of a file that is under way or stopped half-way: what lists and balances show is not all
/// that the file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedImport {
    /// Number of rows of the file that were gone through, or of entries that were undone.
    pub done: u64,
    /// Number of rows of the file, or of entries that the import wrote.
    pub total: u64,
    /// Whether the import is being undone.
    pub is_undone: bool,
}

impl Lists<'_> {
    /// The import of a file that stopped half-way, if there is one: the first of several. It lasts until
    /// the file is imported again as a whole, or the import is undone (`Imports::undo`). Other devices
    /// do not know of it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn unfinished_import(&self) -> Result<Option<UnfinishedImport>, StoreError> {
        let group = self.group;
        group.session.read(|connection| unfinished_import(connection, group.key))
    }
}

pub(super) fn unfinished_import(
    connection: &Connection,
    group: GroupKey,
) -> Result<Option<UnfinishedImport>, StoreError> {
    let mut statement = connection.prepare_cached(UNFINISHED)?;
    let found = statement.query_row([group.0], |row| {
        let state: i64 = row.get(2)?;
        Ok(UnfinishedImport { done: row.get(0)?, total: row.get(1)?, is_undone: state == 2 })
    });
    Ok(found.optional()?)
}
