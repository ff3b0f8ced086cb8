//! Physical limit of the store: the same rows, written and read by plain rusqlite with the same
//! cipher.

use std::hint::black_box;
use std::path::Path;

use ed25519_zebra::SigningKey;
use ledger_core::engine::VerifiedEntry;
use ledger_core::{GroupState, Transaction};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::time_ms;

/// Opens a database of the store with the key from its key file and the settings of the store.
#[must_use]
pub fn connect(path: &Path, keys: &Path) -> Connection {
    connect_with(path, keys, "")
}

/// As [`connect`], with further settings that are made before anything is read.
#[must_use]
pub fn connect_with(path: &Path, keys: &Path, settings: &str) -> Connection {
    let keys = std::fs::read_to_string(keys).unwrap();
    let line = keys.lines().find(|line| line.starts_with("database-")).unwrap();
    let (name, key) = line.split_once(' ').unwrap();
    let salt = name.trim_start_matches("database-");
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA key = \"x'{key}{salt}'\"; {settings};
             PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
        ))
        .unwrap();
    connection
}

/// Opens the file, reads a checkpoint and the last 500 rows.
pub fn open_and_read(path: &Path, keys: &Path) {
    read_last(&connect(path, keys));
}

/// Reads a checkpoint and the last 500 rows.
pub fn read_last(connection: &Connection) {
    let blob: Vec<u8> = connection
        .query_row("SELECT ledger FROM checkpoints ORDER BY upto DESC LIMIT 1", [], |r| r.get(0))
        .unwrap_or_default();
    let mut statement = connection
        .prepare("SELECT entry, signature FROM entries ORDER BY n DESC LIMIT 500")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut bytes = blob.len();
    while let Some(row) = rows.next().unwrap() {
        bytes += row.get::<_, Vec<u8>>(0).unwrap().len() + row.get::<_, [u8; 64]>(1).unwrap().len();
    }
    assert!(bytes > 0);
}

/// Reads every entry in the order of ingest.
pub fn read_all(path: &Path, keys: &Path) {
    let connection = connect(path, keys);
    let mut statement =
        connection.prepare("SELECT entry, signature FROM entries ORDER BY n").unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut bytes = 0;
    while let Some(row) = rows.next().unwrap() {
        bytes += row.get_ref(0).unwrap().as_blob().unwrap().len();
        bytes += row.get_ref(1).unwrap().as_blob().unwrap().len();
    }
    assert!(bytes > 0);
}

/// The tables that a plain entry adds to in the order of entries, each with its column of entry numbers.
const TABLES: [(&str, &str); 5] =
    [("entries", "n"), ("expenses", "content"), ("named", "n"), ("origins", "n"), ("sealed", "n")];

/// The rows of some entries, in the order of the entries: by table, by place in `TABLES`; the words of
/// the expenses; and the conditions by which they are found, as number, day and condition.
pub struct Rows {
    tables: Vec<(usize, Vec<Value>)>,
    words: Vec<(i64, String)>,
    found: Vec<(i64, i64, i64)>,
}

impl Rows {
    /// The same rows in so many parts, one for each transaction.
    #[must_use]
    pub fn parts(&self, count: usize) -> Vec<Rows> {
        let part = |rows: usize, n: usize| rows * n / count..rows * (n + 1) / count;
        (0..count)
            .map(|n| Rows {
                tables: self.tables[part(self.tables.len(), n)].to_vec(),
                words: self.words[part(self.words.len(), n)].to_vec(),
                found: self.found[part(self.found.len(), n)].to_vec(),
            })
            .collect()
    }

    /// The rows of `found_by` in the order of that table, where many go to one page.
    fn found_by(&self) -> Vec<(i64, i64, i64)> {
        let mut found: Vec<_> =
            self.found.iter().map(|(n, date, term)| (*term, *date, *n)).collect();
        found.sort_unstable();
        found
    }
}

/// A copy of a database, to which rows are added.
pub struct Raw {
    connection: Connection,
    inserts: Vec<String>,
}

impl Raw {
    /// Opens a copy.
    #[must_use]
    pub fn open(path: &Path, keys: &Path) -> Self {
        Self::new(connect(path, keys))
    }

    /// The copy behind a connection.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        let inserts = TABLES.map(|(table, _)| {
            let all = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let places: Vec<String> = (1..=all.column_count()).map(|n| format!("?{n}")).collect();
            format!("INSERT INTO {table} VALUES ({})", places.join(", "))
        });
        let inserts = inserts.to_vec();
        Self { connection, inserts }
    }

    /// Sets the size of the page cache.
    pub fn cache_kilobytes(&self, size: i64) {
        self.connection.pragma_update(None, "cache_size", -size).unwrap();
    }

    /// Adds rows in one durable transaction. Returns the milliseconds.
    pub fn insert(&mut self, rows: &Rows) -> f64 {
        let found = rows.found_by();
        time_ms(|| self.write(rows, &found))
    }

    /// Makes one signature and adds rows. Returns the milliseconds.
    pub fn sign_and_insert(&mut self, key: &SigningKey, rows: &Rows) -> f64 {
        let found = rows.found_by();
        time_ms(|| {
            black_box(key.sign(&[7; 46]));
            self.write(rows, &found);
        })
    }

    /// Writes table by table, as far as that is faster: first what goes to the ends of tables, then what
    /// is sorted. The store does the same.
    fn write(&mut self, rows: &Rows, found: &[(i64, i64, i64)]) {
        let tx = self.connection.transaction().unwrap();
        let mut statements: Vec<_> =
            self.inserts.iter().map(|sql| tx.prepare_cached(sql).unwrap()).collect();
        let mut text =
            tx.prepare_cached("INSERT INTO texts (rowid, words) VALUES (?1, ?2)").unwrap();
        let mut find =
            tx.prepare_cached("INSERT INTO found_by (term, date, n) VALUES (?1, ?2, ?3)").unwrap();
        for (table, row) in &rows.tables {
            statements[*table].execute(params_from_iter(row)).unwrap();
        }
        for (row, words) in &rows.words {
            text.execute((row, words)).unwrap();
        }
        for row in found {
            find.execute(*row).unwrap();
        }
        drop((statements, text, find));
        tx.commit().unwrap();
    }
}

/// Reader of the rows that the store wrote for its last entries.
pub struct Reader(Connection);

impl Reader {
    /// Opens a database that a store may have open.
    #[must_use]
    pub fn open(path: &Path, keys: &Path) -> Self {
        Self(connect(path, keys))
    }

    /// The number of the last entry.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.0.query_row("SELECT max(n) FROM entries", [], |row| row.get(0)).unwrap()
    }

    /// The statements that create the tables.
    #[must_use]
    pub fn schema(&self) -> String {
        let sql = "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL
                   AND name NOT LIKE 'texts\\_%' ESCAPE '\\'
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
        let mut statement = self.0.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// The rows that the store wrote for the given entries, which follow an entry number. The words of
    /// the search index cannot be read back, so they are taken from the entries.
    #[must_use]
    pub fn after(&self, n: i64, entries: &[VerifiedEntry], state: &GroupState) -> Rows {
        let until = n + entries.len() as i64;
        let mut tables = Vec::new();
        for (place, (table, column)) in TABLES.into_iter().enumerate() {
            let sql = format!(
                "SELECT * FROM {table} WHERE {column} > ?1 AND {column} <= ?2 ORDER BY {column}"
            );
            let mut all = self.0.prepare(&sql).unwrap();
            let (columns, key) = (all.column_count(), all.column_index(column).unwrap());
            let mut rows = all.query([n, until]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values = (0..columns).map(|place| row.get(place).unwrap()).collect();
                tables.push((row.get::<_, i64>(key).unwrap(), place, values));
            }
        }
        // Entry by entry, as they come.
        tables.sort_by_key(|(n, place, _)| (*n, *place));
        let tables = tables.into_iter().map(|(_, place, values)| (place, values)).collect();
        let words = entries.iter().zip(n + 1..).filter_map(|(entry, n)| {
            let Transaction::Expense(expense) = state.transaction_of(entry.decoded())? else {
                return None;
            };
            let category = expense.category.unwrap_or_default();
            // As the store numbers days: 372 for each year, 31 for each month.
            let date = i64::from(expense.date.yyyymmdd());
            let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
            let row = (((year * 12 + month - 1) * 31 + day - 1) << 36) | n;
            Some((row, format!("{}\n{category}", expense.description)))
        });
        let found = "SELECT n, date, term FROM found_by WHERE n > ?1 AND n <= ?2 ORDER BY n";
        let mut found = self.0.prepare(found).unwrap();
        let found = found
            .query_map([n, until], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        Rows { tables, words: words.collect(), found }
    }
}
