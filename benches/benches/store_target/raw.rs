//! The physical limit: the same rows by plain rusqlite with the same cipher.

use std::path::Path;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// The database key in a file of secrets, with the salt of the file.
fn connect(path: &Path, keys: &Path) -> Connection {
    let keys = std::fs::read_to_string(keys).unwrap();
    let line = keys.lines().find(|line| line.starts_with("database-")).unwrap();
    let (name, key) = line.split_once(' ').unwrap();
    let salt = name.trim_start_matches("database-");
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA key = \"x'{key}{salt}'\";
             PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
        ))
        .unwrap();
    connection
}

/// Opens the file, reads a checkpoint and the last 500 rows.
pub(crate) fn open_and_read(path: &Path, keys: &Path) -> f64 {
    let begin = Instant::now();
    let connection = connect(path, keys);
    let blob: Vec<u8> = connection
        .query_row("SELECT ledger FROM checkpoints ORDER BY upto DESC LIMIT 1", [], |r| r.get(0))
        .unwrap();
    let mut statement = connection
        .prepare("SELECT entry, signature FROM entries ORDER BY n DESC LIMIT 500")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut bytes = blob.len();
    while let Some(row) = rows.next().unwrap() {
        bytes += row.get::<_, Vec<u8>>(0).unwrap().len() + row.get::<_, [u8; 64]>(1).unwrap().len();
    }
    assert!(bytes > 0);
    begin.elapsed().as_secs_f64() * 1e3
}

/// Every entry in the order of ingest.
pub(crate) fn read_all(path: &Path, keys: &Path) -> Vec<(Vec<u8>, [u8; 64])> {
    let connection = connect(path, keys);
    let mut statement =
        connection.prepare("SELECT entry, signature FROM entries ORDER BY n").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// A copy of the database, to which the last rows are yet to be added.
pub(crate) struct Raw {
    connection: Connection,
    /// By table: its insertion, and the rows to come with the entry they are of.
    tables: Vec<(String, Vec<Vec<Value>>)>,
    at: usize,
}

impl Raw {
    /// Copies the rows of the first entries; keeps those of the rest at hand.
    pub(crate) fn copy_of(path: &Path, keys: &Path, to: &Path, first: usize) -> Self {
        let from = connect(path, keys);
        let connection = connect(to, keys);
        let mut schema = from
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
            .unwrap();
        let statements: Vec<String> =
            schema.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        for sql in statements.iter().filter(|sql| !sql.contains("sqlite_")) {
            connection.execute_batch(sql).unwrap();
        }
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let limit = first as i64 + 1;
        let mut tables = Vec::new();
        for table in ["groups", "entries", "expenses"] {
            let mut all = from.prepare(&format!("SELECT * FROM {table} ORDER BY rowid")).unwrap();
            let columns = all.column_count();
            let rows: Vec<Vec<Value>> = all
                .query_map([], |row| (0..columns).map(|n| row.get(n)).collect())
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let places: Vec<String> = (1..=columns).map(|n| format!("?{n}")).collect();
            let insert = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
            let old = |row: &Vec<Value>| matches!(row[0], Value::Integer(n) if n <= limit);
            let (known, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(old);
            let tx = connection.unchecked_transaction().unwrap();
            for row in &known {
                connection.prepare_cached(&insert).unwrap().execute(params_from_iter(row)).unwrap();
            }
            tx.commit().unwrap();
            if table != "groups" {
                tables.push((insert, new));
            }
        }
        Self { connection, tables, at: 0 }
    }

    /// Adds the rows of so many entries, in one transaction.
    pub(crate) fn insert(&mut self, entries: usize) -> f64 {
        let begin = Instant::now();
        let tx = self.connection.unchecked_transaction().unwrap();
        for n in self.at..self.at + entries {
            for (insert, rows) in &self.tables {
                if let Some(row) = rows.get(n) {
                    let mut statement = self.connection.prepare_cached(insert).unwrap();
                    statement.execute(params_from_iter(row)).unwrap();
                }
            }
        }
        tx.commit().unwrap();
        self.at += entries;
        begin.elapsed().as_secs_f64() * 1e3
    }
}
