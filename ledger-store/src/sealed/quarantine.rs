//! Quarantine: records whose key is not here. They wait, within bounds, and the next export asks
//! for the keys.

use ledger_core::seal::Topic;
use rusqlite::Connection;

use crate::StoreError;
use crate::database::GroupKey;

/// Most records that wait in one group.
const MAX_RECORDS: u64 = 2_000;

/// Most bytes of the records that wait in one group.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The nonce of an envelope, behind its kind and topic.
const NONCE_AT: std::ops::Range<usize> = 33..57;

/// The quarantined records of one group: the rows of the table `quarantine`.
pub(super) struct Quarantine<'a> {
    pub(super) connection: &'a Connection,
    pub(super) group: GroupKey,
}

/// Number and bytes of the records that wait, counted along as a transaction adds to them.
pub(super) struct Held {
    records: u64,
    bytes: u64,
}

impl Quarantine<'_> {
    /// Number and bytes of the records that wait now.
    pub(super) fn held(&self) -> Result<Held, StoreError> {
        let mut held = self.connection.prepare_cached(
            "SELECT count(*), coalesce(sum(length(record)), 0) FROM quarantine WHERE grp = ?1",
        )?;
        let held = held.query_row([self.group.0], |row| {
            Ok(Held { records: row.get(0)?, bytes: row.get(1)? })
        })?;
        Ok(held)
    }

    /// Adds a record. Returns whether there was room.
    pub(super) fn hold(
        &self,
        held: &mut Held,
        topic: &Topic,
        record: &[u8],
    ) -> Result<bool, StoreError> {
        let more = u64::try_from(record.len()).unwrap_or(u64::MAX);
        let bytes = held.bytes.saturating_add(more);
        if held.records >= MAX_RECORDS || bytes > MAX_BYTES {
            return Ok(false);
        }
        let nonce = record.get(NONCE_AT).unwrap_or_default();
        let mut insert = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO quarantine (grp, topic, nonce, record) VALUES (?1, ?2, ?3, ?4)",
        )?;
        if insert.execute((self.group.0, topic.as_bytes(), nonce, record))? > 0 {
            *held = Held { records: held.records.saturating_add(1), bytes };
        }
        Ok(true)
    }

    /// Takes out the records that waited for the key of a topic.
    pub(super) fn release(&self, topic: &Topic) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut take = self.connection.prepare_cached(
            "DELETE FROM quarantine WHERE grp = ?1 AND topic = ?2 RETURNING record",
        )?;
        let rows = take.query_map((self.group.0, topic.as_bytes()), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Number of records that wait.
    pub(super) fn len(&self) -> Result<u64, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*) FROM quarantine WHERE grp = ?1")?;
        Ok(statement.query_row([self.group.0], |row| row.get(0))?)
    }

    /// The topics that records wait for.
    pub(super) fn topics(&self) -> Result<Vec<Topic>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT topic FROM quarantine WHERE grp = ?1 ORDER BY topic LIMIT 256",
        )?;
        let rows = statement.query_map([self.group.0], |row| row.get(0).map(Topic::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
