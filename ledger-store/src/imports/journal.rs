//! Record of an import on this device: how far it is, and which entries it wrote.

use rusqlite::OptionalExtension as _;

use crate::StoreError;
use crate::entries::GroupTransaction;

/// Import that is under way.
pub(super) const UNDER_WAY: i64 = 0;

/// Import that went through all rows of its file.
pub(super) const FINISHED: i64 = 1;

/// Import that is being undone.
pub(super) const BEING_UNDONE: i64 = 2;

/// Record of one import.
pub(super) struct Journal {
    source: [u8; 8],
    /// The import, once it has written something.
    import: Option<i64>,
    /// The number of the last entry before the transaction that runs.
    before: i64,
}

impl Journal {
    /// Begins a record in the first transaction of an import, or goes on with that of an import of the
    /// same file that stopped half-way.
    pub(super) fn begin(
        transaction: &GroupTransaction<'_>,
        source: [u8; 8],
    ) -> Result<Self, StoreError> {
        let mut statement = transaction.connection().prepare_cached(
            "SELECT imp FROM imports WHERE grp = ?1 AND source = ?2 AND state = ?3
             ORDER BY imp LIMIT 1",
        )?;
        let key = (transaction.group().0, source, UNDER_WAY);
        let import = statement.query_row(key, |row| row.get(0)).optional()?;
        Ok(Self { source, import, before: transaction.last() })
    }

    /// Notes that a further transaction begins.
    pub(super) fn go_on(&mut self, transaction: &GroupTransaction<'_>) {
        self.before = transaction.last();
    }

    /// Notes in the same transaction what it wrote, and how far the import is. An import that writes
    /// nothing leaves no record.
    pub(super) fn note(
        &mut self,
        transaction: &GroupTransaction<'_>,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        let connection = transaction.connection();
        let (before, last) = (self.before, transaction.last());
        if self.import.is_none() && last == before {
            return Ok(());
        }
        let state = if done >= total { FINISHED } else { UNDER_WAY };
        let import = match self.import {
            Some(import) => {
                connection
                    .prepare_cached(
                        "UPDATE imports SET state = ?2, done = ?3, total = ?4 WHERE imp = ?1",
                    )?
                    .execute((import, state, done, total))?;
                import
            }
            None => {
                connection
                    .prepare_cached(
                        "INSERT INTO imports (grp, source, state, done, total)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute((transaction.group().0, self.source, state, done, total))?;
                connection.last_insert_rowid()
            }
        };
        self.import = Some(import);
        if last > before {
            connection
                .prepare_cached("INSERT INTO imported (imp, first, last) VALUES (?1, ?2, ?3)")?
                .execute((import, before.saturating_add(1), last))?;
        }
        Ok(())
    }
}
