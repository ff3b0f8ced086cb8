//! Small group with entries of all kinds, and raw access to its database.

use ledger_core::EntryId;
use ledger_store::{Group, NewEntry, Problem, Store, StoreError};
use rusqlite::Connection;

use super::{Folder, Rng, details, found, only, record, verify};

/// A group of 12 entries of all kinds, and a way past the library: 1 genesis,
/// 2 and 3 people, 4 to 9 expenses, 10 corrects 5, 11 cancels 6, 12 an expense.
pub struct Subject {
    pub folder: Folder,
    pub store: Store,
    pub raw: Connection,
}

impl Subject {
    pub fn new(seed: u64) -> Self {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 2);
        let mut rng = Rng::new(seed);
        let originals = record(&group, 6, 3, &mut rng);
        let details = details(&group.state().unwrap(), &mut rng);
        let changes = vec![
            NewEntry::Correction { original: originals[1], transaction: details },
            NewEntry::Cancellation { original: originals[2], reason: None },
        ];
        group.entries().append(changes).unwrap();
        record(&group, 1, 1, &mut rng);
        let raw = folder.raw();
        Self { folder, store, raw }
    }

    pub fn group(&self) -> Group {
        only(&self.store)
    }

    pub fn id(&self, n: i64) -> EntryId {
        let sql = "SELECT id FROM entries WHERE n = ?1";
        EntryId::from_bytes(self.raw.query_row(sql, [n], |row| row.get(0)).unwrap())
    }

    pub fn blob(&self, n: i64, column: &str) -> Vec<u8> {
        let sql = format!("SELECT {column} FROM entries WHERE n = {n}");
        self.raw.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    pub fn set_blob(&self, n: i64, column: &str, bytes: &[u8]) {
        let sql = format!("UPDATE entries SET {column} = ?1 WHERE n = {n}");
        assert_eq!(self.raw.execute(&sql, [bytes]).unwrap(), 1);
    }

    /// A copy of the database that was changed by SQL.
    pub fn changed(&self, sql: &str) -> Folder {
        let copy = Folder::new(0);
        std::fs::copy(self.folder.keys(), copy.keys()).unwrap();
        self.raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        std::fs::copy(self.folder.db(), copy.db()).unwrap();
        let raw = copy.raw();
        raw.execute_batch(sql).unwrap();
        assert!(raw.total_changes() > 0, "{sql}");
        copy
    }

    /// Problems that verification finds in such a copy after a fresh start.
    pub fn after(&self, sql: &str) -> Result<Vec<Problem>, StoreError> {
        let copy = self.changed(sql);
        let store = copy.open()?;
        let group = store.group(self.group().id())?;
        Ok(verify(&group)?.problems)
    }
}
