//! Suspending an open database and resuming it, for apps that go to the background.

use std::time::Duration;

use ledger_core::GroupId;
use rusqlite::Connection;

use super::{GroupSession, Session};
use crate::StoreError;
use crate::database::GroupKey;
use crate::platform::environment::CallContext;

/// Time that running calls get to end by themselves when the store is suspended. iOS gives an app a
/// few seconds for everything.
const GENTLE: Duration = Duration::from_millis(500);

/// Time that running calls get to end after that, once they are stopped.
const HARD: Duration = Duration::from_secs(1);

impl Session {
    /// Releases all locks and closes all files. `Store::suspend` documents it.
    pub(crate) fn suspend(&self) -> Result<(), StoreError> {
        self.suspend_within(GENTLE, HARD)
    }

    pub(crate) fn suspend_within(
        &self,
        gentle: Duration,
        hard: Duration,
    ) -> Result<(), StoreError> {
        let context = self.call_context();
        self.connections().suspend(gentle, hard, |writer| {
            let Ok(context) = context else { return };
            let known: Vec<(GroupKey, GroupId)> = {
                let cache = self.cache();
                let ids = cache.ledgers.iter();
                ids.map(|(key, loaded)| (*key, loaded.ledger.group())).collect()
            };
            for (key, id) in known {
                // Without the checkpoint, the next opening takes longer; nothing is lost.
                let _ = self.save(writer, &context, (key, id));
            }
        })
    }

    /// Opens the file again after [`Session::suspend`]; does nothing if it is open.
    pub(crate) fn resume(&self) -> Result<(), StoreError> {
        self.connections().resume()
    }

    /// Encrypts the file with a fresh key. `Maintenance::rekey` documents it.
    pub(crate) fn rekey(&self) -> Result<(), StoreError> {
        self.connections().check_running()?;
        if self.connections().is_read_only() {
            return Err(StoreError::ReadOnly);
        }
        let changed = match self.suspend() {
            Ok(()) => self.connections().location().rekey(),
            Err(StoreError::StillInUse) => Err(StoreError::Busy),
            Err(error) => Err(error),
        };
        self.resume()?;
        changed
    }

    /// Saves a checkpoint of each group that has entries since its last one, and empties SQLite's
    /// log into the database.
    pub(crate) fn checkpoint_all(&self) -> Result<(), StoreError> {
        let due: Vec<(GroupKey, GroupId)> = self.snapshot(|snapshot| {
            let mut due = Vec::new();
            for (key, id) in snapshot.groups()? {
                if snapshot.ledger(key, id)?.is_unsaved() {
                    due.push((key, id));
                }
            }
            Ok(due)
        })?;
        let context = self.call_context()?;
        self.write(|connection| {
            for (key, id) in due {
                match self.save(connection, &context, (key, id)) {
                    // Deleted in the meantime.
                    Ok(()) | Err(StoreError::UnknownGroup(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            empty_log(connection)
        })
    }

    /// Saves a checkpoint of a group if entries came since the last one.
    fn save(
        &self,
        connection: &mut Connection,
        context: &CallContext,
        (key, id): (GroupKey, GroupId),
    ) -> Result<(), StoreError> {
        let known = self.cache().ledgers.get(&key).cloned();
        if known.is_some_and(|known| !known.is_unsaved()) {
            return Ok(());
        }
        self.write_group(connection, (key, id), context, |transaction| {
            transaction.save_checkpoint()
        })
    }
}

impl GroupSession {
    /// Saves a checkpoint of this group if it has entries since the last one.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        self.write(|transaction| transaction.save_checkpoint())
    }
}

/// Moves the content of the log into the database, and truncates the log. Leaves it for later if
/// another process is in the way.
pub(crate) fn empty_log(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}
