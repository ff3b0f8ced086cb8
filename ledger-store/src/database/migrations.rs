//! Migration of a database to the newest schema version.

use std::cmp::Ordering;

use rusqlite::{Connection, TransactionBehavior};

use super::schema::MIGRATIONS;
use crate::StoreError;

/// Migrates the database to the newest version, with one transaction for each migration.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_by(connection, MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version(connection)? == known {
        return Ok(());
    }
    loop {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read again inside the transaction: another process may have migrated in the meantime.
        let found = version(&tx)?;
        if found > known || found < 0 {
            return Err(StoreError::FromTheFuture { found, known });
        }
        let place = usize::try_from(found).unwrap_or(usize::MAX);
        let Some(migration) = migrations.get(place) else { return Ok(()) };
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "user_version", found.saturating_add(1))?;
        tx.commit()?;
    }
}

/// Refuses a database of another version, where nothing can be migrated.
pub(super) fn refuse_other_versions(connection: &Connection) -> Result<(), StoreError> {
    let (found, known) =
        (version(connection)?, i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX));
    match found.cmp(&known) {
        Ordering::Equal => Ok(()),
        Ordering::Less => Err(StoreError::ReadOnlyOlder),
        Ordering::Greater => Err(StoreError::FromTheFuture { found, known }),
    }
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions to come, as they might be.
    const NEXT: &str = "
        ALTER TABLE groups ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE notes (n INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;
        INSERT INTO notes SELECT root_index, id FROM groups;";
    const AFTER: &str = "DROP TABLE notes; UPDATE groups SET muted = 1;";
    const BROKEN: &str = "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);";

    fn with_a_group() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let row = "INSERT INTO groups (id, device, root_index) VALUES (x'01', x'02', 7)";
        connection.execute(row, []).unwrap();
        connection
    }

    fn number(connection: &Connection, sql: &str) -> i64 {
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn newer(more: &[&'static str]) -> Vec<&'static str> {
        MIGRATIONS.iter().chain(more).copied().collect()
    }

    #[test]
    fn an_older_database_goes_through_every_version_between() {
        let known = i64::try_from(MIGRATIONS.len()).unwrap();
        let mut connection = with_a_group();
        migrate_by(&mut connection, &newer(&[NEXT])).unwrap();
        assert_eq!(number(&connection, "SELECT n FROM notes"), 7, "what was there is carried on");
        assert_eq!(version(&connection).unwrap(), known + 1);
        migrate_by(&mut connection, &newer(&[NEXT, AFTER])).unwrap();
        assert_eq!(number(&connection, "SELECT muted FROM groups"), 1);
        let mut straight = with_a_group();
        migrate_by(&mut straight, &newer(&[NEXT, AFTER])).unwrap();
        let schema = "SELECT group_concat(sql) FROM sqlite_schema";
        let of = |connection: &Connection| -> String {
            connection.query_row(schema, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(of(&straight), of(&connection));
        // Nothing is done twice.
        migrate_by(&mut straight, &newer(&[NEXT, AFTER])).unwrap();
        assert_eq!(version(&straight).unwrap(), known + 2);
        let error = migrate(&mut straight).unwrap_err();
        let future = matches!(error, StoreError::FromTheFuture { found, known: k }
            if found == known + 2 && k == known);
        assert!(future, "{error:?}");
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let known = i64::try_from(MIGRATIONS.len()).unwrap();
        let mut connection = with_a_group();
        migrate_by(&mut connection, &newer(&[NEXT, BROKEN])).unwrap_err();
        assert_eq!(version(&connection).unwrap(), known + 1, "what succeeded before it stays");
        let half = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'";
        assert_eq!(number(&connection, half), 0);
        migrate_by(&mut connection, &newer(&[NEXT, AFTER])).unwrap();
        assert_eq!(version(&connection).unwrap(), known + 2);
    }
}
