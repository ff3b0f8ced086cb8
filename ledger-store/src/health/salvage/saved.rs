//! Salvaged entries, in a file of their own that is deleted in the end, as they may not fit into
//! memory.

use std::path::Path;

use ledger_core::engine::VerifiedEntry;
use ledger_core::{EntryId, GroupId};
use rusqlite::Connection;

use crate::StoreError;
use crate::database::FileKey;
use crate::entries::index::stored_entry;
use crate::platform::Environment;

/// Verified entries of all groups.
pub(super) struct Saved(Connection);

impl Saved {
    /// A new file, with a key that is kept nowhere.
    pub(super) fn new(path: &Path, environment: &dyn Environment) -> Result<Self, StoreError> {
        let connection = FileKey::fresh(environment)?.unlock(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             CREATE TABLE saved (
                 grp BLOB NOT NULL, lamport INTEGER NOT NULL, id BLOB NOT NULL,
                 entry BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (grp, lamport, id)
             ) STRICT, WITHOUT ROWID;
             CREATE UNIQUE INDEX saved_by_id ON saved (id);",
        )?;
        Ok(Self(connection))
    }

    /// Adds entries, each once.
    pub(super) fn keep(&self, entries: &[VerifiedEntry]) -> Result<(), StoreError> {
        let tx = self.0.unchecked_transaction()?;
        let mut insert = tx.prepare_cached(
            "INSERT OR IGNORE INTO saved (grp, lamport, id, entry, signature)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for entry in entries {
            let decoded = entry.decoded();
            let group = decoded.header().group().unwrap_or_else(|| GroupId::from(entry.id()));
            insert.execute((
                group.as_bytes(),
                decoded.header().lamport(),
                entry.id().as_bytes(),
                decoded.as_bytes(),
                decoded.signature(),
            ))?;
        }
        drop(insert);
        Ok(tx.commit()?)
    }

    /// The groups of which an entry was saved.
    pub(super) fn groups(&self) -> Result<Vec<GroupId>, StoreError> {
        let mut statement = self.0.prepare("SELECT DISTINCT grp FROM saved ORDER BY grp")?;
        let rows = statement.query_map([], |row| row.get(0).map(GroupId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn count(&self) -> Result<u64, StoreError> {
        Ok(self.0.query_row("SELECT count(*) FROM saved", [], |row| row.get(0))?)
    }

    /// Entries of a group after one of them, smallest clock first.
    pub(super) fn after(
        &self,
        group: GroupId,
        last: Option<&VerifiedEntry>,
        limit: u32,
    ) -> Result<Vec<VerifiedEntry>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT entry, signature FROM saved
             WHERE grp = ?1 AND (lamport, id) > (?2, ?3) ORDER BY lamport, id LIMIT ?4",
        )?;
        let lamport = last.map_or(0, |last| last.decoded().header().lamport());
        let id = last.map(VerifiedEntry::id);
        // The genesis entry has clock 0, and an id after this one.
        let id: &[u8] = id.as_ref().map_or(&[], |id| id.as_bytes());
        let mut rows = statement.query((group.as_bytes(), lamport, id, limit))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(stored_entry(row)?);
        }
        Ok(entries)
    }

    pub(super) fn has(&self, id: &EntryId) -> Result<bool, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT 1 FROM saved WHERE id = ?1")?;
        Ok(statement.exists([id.as_bytes()])?)
    }
}
