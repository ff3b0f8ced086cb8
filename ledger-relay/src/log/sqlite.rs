//! The log in SQLite: rowid tables, write-ahead log, `synchronous=FULL`. One writer, many readers.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger_core::bundle::RecordId;
use ledger_core::relay::{Lane, lane_of, next_link};
use ledger_core::seal::Topic;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::allowance::{Allowances, until_tomorrow};
use super::{Batch, Found, Heads, Log, LogError, Put};
use crate::frame::{Code, Cursor, PutResult};
use crate::limits::{Limits, MAX_FRAME_RECORD_BYTES, MAX_FRAME_RECORDS};

/// Version of the tables, kept in `user_version`.
const SCHEMA_VERSION: u32 = 1;

const SCHEMA: &str = "
CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 0), secret BLOB NOT NULL);
CREATE TABLE topics (
    id INTEGER PRIMARY KEY, topic BLOB NOT NULL UNIQUE,
    head INTEGER NOT NULL, link BLOB NOT NULL, bytes INTEGER NOT NULL,
    key_head INTEGER NOT NULL, key_link BLOB NOT NULL,
    key_count INTEGER NOT NULL, key_bytes INTEGER NOT NULL);
CREATE TABLE records (
    id INTEGER PRIMARY KEY, topic INTEGER NOT NULL REFERENCES topics(id), lane INTEGER NOT NULL,
    seq INTEGER NOT NULL, record_id BLOB NOT NULL, link BLOB NOT NULL, record BLOB NOT NULL);
CREATE UNIQUE INDEX records_by_seq ON records (topic, lane, seq);
CREATE UNIQUE INDEX records_by_id ON records (topic, record_id);
";

/// Idle reading connections that are kept.
const MAX_READERS: usize = 8;

/// Logs in one SQLite file.
pub struct SqliteLog {
    path: PathBuf,
    limits: Limits,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
}

struct Writer {
    connection: Connection,
    allowances: Allowances,
}

/// What a store holds in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Topics with a log.
    pub topics: u64,
    /// Records in both lanes.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl SqliteLog {
    /// Opens the store of a folder, or makes it. `random` becomes the secret of a new store.
    ///
    /// # Errors
    /// [`LogError`] if the file cannot be opened, or a newer version of the relay wrote it.
    pub fn open(folder: &Path, limits: Limits, random: [u8; 32]) -> Result<Self, LogError> {
        std::fs::create_dir_all(folder)
            .map_err(|error| LogError(format!("{}: {error}", folder.display())))?;
        let path = folder.join("relay.db");
        let mut connection = connect(&path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > SCHEMA_VERSION {
            return Err(LogError(format!("the store is of version {found}; update the relay")));
        }
        if found == 0 {
            let transaction = connection.transaction()?;
            transaction.execute_batch(SCHEMA)?;
            transaction.execute("INSERT INTO secret VALUES (0, ?1)", [random])?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            transaction.commit()?;
        }
        let writer = Mutex::new(Writer { connection, allowances: Allowances::default() });
        Ok(Self { path, limits, writer, readers: Mutex::default() })
    }

    /// The store's secret.
    ///
    /// # Errors
    /// [`LogError`] if it cannot be read.
    pub fn secret(&self) -> Result<[u8; 32], LogError> {
        self.read(|db| db.query_row("SELECT secret FROM secret", [], |row| row.get(0)))
    }

    /// What the store holds.
    ///
    /// # Errors
    /// [`LogError`] if it cannot be read.
    pub fn totals(&self) -> Result<Totals, LogError> {
        self.read(|db| {
            db.query_row(
                "SELECT count(*), ifnull(sum(head), 0) + ifnull(sum(key_count), 0),
                 ifnull(sum(bytes), 0) + ifnull(sum(key_bytes), 0) FROM topics",
                [],
                |row| Ok(Totals { topics: row.get(0)?, records: row.get(1)?, bytes: row.get(2)? }),
            )
        })
    }

    /// Whether the file is whole, by SQLite's own check.
    ///
    /// # Errors
    /// [`LogError`] if it is not, or cannot be read.
    pub fn check(&self) -> Result<(), LogError> {
        let result: String =
            self.read(|db| db.pragma_query_value(None, "integrity_check", |row| row.get(0)))?;
        if result == "ok" { Ok(()) } else { Err(LogError(result)) }
    }

    /// Writes a copy of the store, as of now, to a file that is not there yet.
    ///
    /// # Errors
    /// [`LogError`] if the copy cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), LogError> {
        let to = to.to_str().ok_or_else(|| LogError("the path is not UTF-8".to_owned()))?;
        self.read(|db| db.execute("VACUUM INTO ?1", [to]).map(|_| ()))
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, LogError> {
        let idle = lock(&self.readers).pop();
        let connection = idle.map_or_else(|| connect(&self.path), Ok)?;
        let result = work(&connection)?;
        let mut readers = lock(&self.readers);
        if readers.len() < MAX_READERS {
            readers.push(connection);
        }
        Ok(result)
    }
}

impl Log for SqliteLog {
    fn heads(&self, topic: Topic) -> Result<Heads, LogError> {
        self.read(|db| Ok(find_log(db, topic)?.map(|log| log.heads()).unwrap_or_default()))
    }

    fn holds(&self, topic: Topic, lane: Lane, cursor: Cursor) -> Result<bool, LogError> {
        if cursor.seq == 0 {
            return Ok(cursor == Cursor::default());
        }
        self.read(|db| {
            let Some(log) = find_log(db, topic)? else { return Ok(false) };
            let link: Option<[u8; 8]> = db
                .prepare_cached(
                    "SELECT link FROM records WHERE topic = ?1 AND lane = ?2 AND seq = ?3",
                )?
                .query_row(params![log.id, lane_number(lane), cursor.seq], |row| row.get(0))
                .optional()?;
            // Only the oldest key envelopes go, so a place before the head that has none went.
            let went = lane == Lane::Keys && cursor.seq <= log.key_head;
            Ok(link.map_or(went, |link| link == cursor.link))
        })
    }

    fn records(
        &self,
        topic: Topic,
        lane: Lane,
        after: u64,
        max_bytes: u64,
    ) -> Result<Batch, LogError> {
        self.read(|db| {
            let mut batch = Batch::default();
            let mut bytes = 0_u64;
            let mut statement = db.prepare_cached(
                "SELECT r.seq, r.link, r.record FROM topics t JOIN records r ON r.topic = t.id
                 WHERE t.topic = ?1 AND r.lane = ?2 AND r.seq > ?3 ORDER BY r.seq",
            )?;
            let mut rows = statement.query(params![topic.as_bytes(), lane_number(lane), after])?;
            while let Some(row) = rows.next()? {
                let record = row.get_ref(2)?.as_blob()?;
                bytes = bytes.saturating_add(size(record));
                if bytes > max_bytes || batch.records.len() >= MAX_FRAME_RECORDS {
                    batch.more = true;
                    break;
                }
                batch.last = Cursor { seq: row.get(0)?, link: row.get(1)? };
                if batch.records.is_empty() {
                    batch.first = batch.last.seq;
                }
                batch.records.push(record.to_vec());
            }
            Ok(batch)
        })
    }

    fn find(&self, topic: Topic, ids: &[RecordId]) -> Result<Found, LogError> {
        self.read(|db| {
            let mut found = Found::default();
            let mut left = MAX_FRAME_RECORD_BYTES.saturating_sub(ids.len().saturating_mul(34));
            let mut statement = db.prepare_cached(
                "SELECT r.record FROM topics t JOIN records r ON r.topic = t.id
                 WHERE t.topic = ?1 AND r.record_id = ?2",
            )?;
            for id in ids {
                let record: Option<Vec<u8>> = statement
                    .query_row(params![topic.as_bytes(), id.as_bytes()], |row| row.get(0))
                    .optional()?;
                match record {
                    None => found.missing.push(*id),
                    Some(record) => {
                        // The first one that does not fit ends the answer: what is in neither
                        // list is asked for again.
                        let Some(rest) = left.checked_sub(record.len()) else { break };
                        left = rest;
                        found.records.push(record);
                    }
                }
            }
            Ok(found)
        })
    }

    fn put(&self, puts: &[Put]) -> Result<Vec<Vec<PutResult>>, LogError> {
        let mut writer = lock(&self.writer);
        let Writer { connection, allowances } = &mut *writer;
        let transaction = connection.transaction()?;
        let mut results = Vec::with_capacity(puts.len());
        for put in puts {
            results.push(put_records(&transaction, allowances, &self.limits, put)?);
        }
        transaction.commit()?;
        Ok(results)
    }
}

/// Row of a log's topic.
struct TopicRow {
    id: i64,
    head: u64,
    link: [u8; 32],
    bytes: u64,
    key_head: u64,
    key_link: [u8; 32],
    key_count: u64,
    key_bytes: u64,
}

impl TopicRow {
    fn heads(&self) -> Heads {
        Heads {
            entries: Cursor { seq: self.head, link: first(&self.link) },
            keys: Cursor { seq: self.key_head, link: first(&self.key_link) },
        }
    }

    /// The place behind the last record of a lane.
    fn next(&self, lane: Lane, id: &RecordId) -> (u64, [u8; 32]) {
        let (seq, link) = match lane {
            Lane::Entries => (self.head, &self.link),
            Lane::Keys => (self.key_head, &self.key_link),
        };
        (seq.saturating_add(1), next_link(link, id))
    }
}

fn find_log(db: &Connection, topic: Topic) -> Result<Option<TopicRow>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT id, head, link, bytes, key_head, key_link, key_count, key_bytes
         FROM topics WHERE topic = ?1",
    )?
    .query_row([topic.as_bytes()], |row| {
        Ok(TopicRow {
            id: row.get(0)?,
            head: row.get(1)?,
            link: row.get(2)?,
            bytes: row.get(3)?,
            key_head: row.get(4)?,
            key_link: row.get(5)?,
            key_count: row.get(6)?,
            key_bytes: row.get(7)?,
        })
    })
    .optional()
}

/// Stores the records of one put and updates the row of its topic, all in the caller's transaction.
fn put_records(
    db: &Transaction<'_>,
    allowances: &mut Allowances,
    limits: &Limits,
    put: &Put,
) -> Result<Vec<PutResult>, rusqlite::Error> {
    let refused = |code| PutResult::Refused(code, 0);
    let tomorrow = PutResult::Refused(Code::Rate, until_tomorrow(put.now_ms));
    let found = match find_log(db, put.topic)? {
        Some(log) => Some(log),
        // No log begins for records that it would not take.
        None if !put.records.iter().any(|record| lane_of(record, put.topic).is_ok()) => {
            return Ok(vec![refused(Code::Record); put.records.len()]);
        }
        None if !allowances.take(put.address, None, limits.topics_per_address, put.now_ms) => {
            return Ok(vec![tomorrow; put.records.len()]);
        }
        None => {
            db.execute(
                "INSERT INTO topics (topic, head, link, bytes, key_head, key_link, key_count,
                 key_bytes) VALUES (?1, 0, ?2, 0, 0, ?2, 0, 0)",
                params![put.topic.as_bytes(), [0_u8; 32]],
            )?;
            find_log(db, put.topic)?
        }
    };
    let Some(mut log) = found else { return Ok(vec![refused(Code::Failed); put.records.len()]) };
    let mut results = Vec::with_capacity(put.records.len());
    for record in &put.records {
        let Ok(lane) = lane_of(record, put.topic) else {
            results.push(refused(Code::Record));
            continue;
        };
        let id = RecordId::compute(record);
        if let Some(known) = known(db, &log, &id)? {
            results.push(known);
            continue;
        }
        let is_full = log.head >= limits.records_per_topic
            || log.bytes.saturating_add(size(record)) > limits.bytes_per_topic;
        if lane == Lane::Entries && is_full {
            results.push(refused(Code::Full));
            continue;
        }
        let most = limits.keys_per_address;
        if lane == Lane::Keys && !allowances.take(put.address, Some(put.topic), most, put.now_ms) {
            results.push(tomorrow);
            continue;
        }
        let (seq, link) = log.next(lane, &id);
        db.prepare_cached(
            "INSERT INTO records (topic, lane, seq, record_id, link, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            log.id,
            lane_number(lane),
            seq,
            id.as_bytes(),
            first(&link),
            record
        ])?;
        match lane {
            Lane::Entries => {
                (log.head, log.link) = (seq, link);
                log.bytes = log.bytes.saturating_add(size(record));
            }
            Lane::Keys => {
                (log.key_head, log.key_link) = (seq, link);
                log.key_count = log.key_count.saturating_add(1);
                log.key_bytes = log.key_bytes.saturating_add(size(record));
                drop_oldest_keys(db, &mut log, limits)?;
            }
        }
        results.push(PutResult::Stored(lane, Cursor { seq, link: first(&link) }));
    }
    db.prepare_cached(
        "UPDATE topics SET head = ?2, link = ?3, bytes = ?4, key_head = ?5, key_link = ?6,
         key_count = ?7, key_bytes = ?8 WHERE id = ?1",
    )?
    .execute(params![
        log.id,
        log.head,
        log.link,
        log.bytes,
        log.key_head,
        log.key_link,
        log.key_count,
        log.key_bytes
    ])?;
    Ok(results)
}

/// The place of a record that the log holds.
fn known(
    db: &Connection,
    log: &TopicRow,
    id: &RecordId,
) -> Result<Option<PutResult>, rusqlite::Error> {
    db.prepare_cached("SELECT lane, seq, link FROM records WHERE topic = ?1 AND record_id = ?2")?
        .query_row(params![log.id, id.as_bytes()], |row| {
            let lane = if row.get::<_, i64>(0)? == 0 { Lane::Entries } else { Lane::Keys };
            Ok(PutResult::Known(lane, Cursor { seq: row.get(1)?, link: row.get(2)? }))
        })
        .optional()
}

/// Drops the oldest key envelopes until the lane is within its limits (rule L4).
fn drop_oldest_keys(
    db: &Connection,
    log: &mut TopicRow,
    limits: &Limits,
) -> Result<(), rusqlite::Error> {
    while log.key_count > limits.keys_per_topic || log.key_bytes > limits.key_bytes_per_topic {
        let (row, bytes): (i64, u64) = db
            .prepare_cached(
                "SELECT id, length(record) FROM records WHERE topic = ?1 AND lane = 1
                 ORDER BY seq LIMIT 1",
            )?
            .query_row([log.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        db.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([row])?;
        log.key_count = log.key_count.saturating_sub(1);
        log.key_bytes = log.key_bytes.saturating_sub(bytes);
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, LogError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

fn lane_number(lane: Lane) -> i64 {
    match lane {
        Lane::Entries => 0,
        Lane::Keys => 1,
    }
}

fn first(link: &[u8; 32]) -> [u8; 8] {
    link.first_chunk().copied().unwrap_or_default()
}

fn size(record: &[u8]) -> u64 {
    u64::try_from(record.len()).unwrap_or(u64::MAX)
}

/// A panic elsewhere cannot leave a transaction half done: it was rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<rusqlite::Error> for LogError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}
