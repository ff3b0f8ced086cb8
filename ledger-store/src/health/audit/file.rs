//! Checks of the file itself: its pages, and rows of no group.

use ledger_core::GroupId;
use rusqlite::Connection;

use crate::StoreError;
use crate::health::{Problem, Table};

/// Rows that belong to no group, so that no group's check finds them.
const STRAYS: [(Table, &str); 14] = [
    (Table::FoundBy, "SELECT count(*) FROM found_by WHERE term NOT IN (SELECT term FROM terms)"),
    (Table::FoundBy, "SELECT count(*) FROM terms WHERE grp NOT IN (SELECT grp FROM groups)"),
    (Table::Expenses, "SELECT count(*) FROM expenses WHERE grp NOT IN (SELECT grp FROM groups)"),
    (Table::Origins, "SELECT count(*) FROM origins WHERE grp NOT IN (SELECT grp FROM groups)"),
    (
        Table::Checkpoints,
        "SELECT count(*) FROM checkpoints WHERE grp NOT IN (SELECT grp FROM groups)",
    ),
    (Table::Pending, "SELECT count(*) FROM pending WHERE grp NOT IN (SELECT grp FROM groups)"),
    (Table::Entries, "SELECT count(*) FROM entries WHERE grp NOT IN (SELECT grp FROM groups)"),
    (Table::Epochs, "SELECT count(*) FROM epochs WHERE grp NOT IN (SELECT grp FROM groups)"),
    (
        Table::Sealed,
        "SELECT count(*) FROM sealed
         WHERE n NOT IN (SELECT n FROM entries) OR epoch NOT IN (SELECT e FROM epochs)",
    ),
    (
        Table::Sealed,
        "SELECT count(*) FROM leaving
         WHERE n NOT IN (SELECT n FROM entries) OR before NOT IN (SELECT e FROM epochs)",
    ),
    (Table::Sealed, "SELECT count(*) FROM came_under WHERE epoch NOT IN (SELECT e FROM epochs)"),
    (Table::Arrivals, "SELECT count(*) FROM arrivals WHERE n NOT IN (SELECT n FROM entries)"),
    (Table::LeftOut, "SELECT count(*) FROM left_out WHERE grp NOT IN (SELECT grp FROM groups)"),
    (
        Table::Quarantine,
        "SELECT count(*) FROM quarantine WHERE grp NOT IN (SELECT grp FROM groups)",
    ),
];

/// Checks that every page of the file is as it was written, free ones as well, that every SQLite
/// index agrees with its table, and that every row belongs to a group.
pub(crate) fn check_file(connection: &Connection) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    for sql in ["PRAGMA integrity_check", "PRAGMA cipher_integrity_check"] {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let found: Vec<String> = rows.collect::<Result<_, _>>()?;
        problems.extend(found.into_iter().filter(|line| line != "ok").map(Problem::file));
    }
    for (table, sql) in STRAYS {
        let count: u64 = connection.query_row(sql, [], |row| row.get(0))?;
        if count > 0 {
            let found = format!("{count} rows belong to nothing");
            problems.push(match table {
                // Entries without a group are still signed entries, so they are not derived data.
                Table::Entries
                | Table::Pending
                | Table::Epochs
                | Table::Sealed
                | Table::Quarantine => Problem { table: Some(table), ..Problem::file(found) },
                _ => Problem::derived(table, None, found),
            });
        }
    }
    let sql = "SELECT id FROM groups
         WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.grp = groups.grp) ORDER BY grp";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0).map(GroupId::from_bytes))?;
    for group in rows {
        let found = "it waits for its genesis entry, which another device has";
        let problem = Problem { table: Some(Table::Groups), ..Problem::file(found) };
        problems.push(Problem { group: Some(group?), ..problem });
    }
    Ok(problems)
}
