//! The physical limit: the same rows by plain rusqlite with the same cipher.

use std::collections::BTreeMap;
use std::ops::Range;
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

/// The tables that are copied. Not the words of the expenses: a contentless index
/// cannot be read back.
const TABLES: [&str; 3] = ["entries", "expenses", "found_by"];

/// The rows of a table, by the entry that they are of.
type Rows = BTreeMap<i64, Vec<Vec<Value>>>;

/// A copy of the database, to which the last rows are yet to be added.
pub(crate) struct Raw {
    connection: Connection,
    /// By table: its insertion, and by entry the rows to come.
    tables: Vec<(String, Rows)>,
    next: i64,
}

impl Raw {
    /// Copies the rows of the first entries; keeps those of the rest at hand.
    pub(crate) fn copy_of(path: &Path, keys: &Path, to: &Path, first: usize) -> Self {
        let (from, connection) = (connect(path, keys), connect(to, keys));
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let mut raw = Self { connection, tables: Vec::new(), next: first as i64 + 2 };
        for table in TABLES {
            let sql = "SELECT sql FROM sqlite_schema
                       WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY rowid";
            let mut schema = from.prepare(sql).unwrap();
            let rows = schema.query_map([table], |row| row.get::<_, String>(0)).unwrap();
            rows.for_each(|sql| raw.connection.execute_batch(&sql.unwrap()).unwrap());
            let mut all = from.prepare(&format!("SELECT * FROM {table} ORDER BY n")).unwrap();
            let (columns, n) = (all.column_count(), all.column_index("n").unwrap());
            let mut rows = all.query([]).unwrap();
            let mut by_entry = Rows::new();
            while let Some(row) = rows.next().unwrap() {
                let values = (0..columns).map(|place| row.get(place).unwrap()).collect();
                by_entry.entry(row.get(n).unwrap()).or_default().push(values);
            }
            let places: Vec<String> = (1..=columns).map(|place| format!("?{place}")).collect();
            let insert = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
            raw.tables.push((insert, by_entry));
        }
        raw.rows(1..raw.next);
        raw
    }

    /// Adds the rows of so many entries, in one transaction.
    pub(crate) fn insert(&mut self, entries: usize) -> f64 {
        let until = self.next + entries as i64;
        let begin = Instant::now();
        self.rows(self.next..until);
        self.next = until;
        begin.elapsed().as_secs_f64() * 1e3
    }

    fn rows(&self, entries: Range<i64>) {
        let tx = self.connection.unchecked_transaction().unwrap();
        for n in entries {
            for (insert, by_entry) in &self.tables {
                for row in by_entry.get(&n).into_iter().flatten() {
                    let mut statement = self.connection.prepare_cached(insert).unwrap();
                    statement.execute(params_from_iter(row)).unwrap();
                }
            }
        }
        tx.commit().unwrap();
    }
}
