//! What an app does when it goes to the background and comes back.

#[cfg(test)]
#[cfg(all(feature = "sqlcipher", target_os = "linux"))]
mod tests;

use std::time::Duration;

use ledger_core::GroupId;
use rusqlite::Connection;

use crate::environment::CallContext;
use crate::group::GroupKey;
use crate::{Group, Store, StoreError};

/// How long running calls may take to end when the store is suspended, by
/// themselves and then stopped. iOS gives an app a few seconds.
const GENTLE: Duration = Duration::from_millis(500);
const HARD: Duration = Duration::from_secs(1);

impl Store {
    /// Lets go of the file: when this returns, no lock is held and no file is
    /// open. An app on iOS calls it before it is suspended, if the database lies
    /// in a container that it shares with an extension: iOS kills an app that
    /// sleeps with a lock there.
    ///
    /// Calls that run get half a second to finish. What has not finished by then
    /// is stopped, and what comes later is refused: both fail with
    /// [`StoreError::Suspended`] and change nothing. Checkpoints of what was
    /// written are saved, so that the next opening is quick. Subscriptions stay.
    ///
    /// [`Store::resume`] goes on; handles stay good.
    ///
    /// # Errors
    /// [`StoreError::StillInUse`] if a call did not end within one and a half
    /// seconds, as one whose progress callback does not return. The store is
    /// suspended all the same, and the file is let go when that call ends.
    pub fn suspend(&self) -> Result<(), StoreError> {
        self.suspend_within(GENTLE, HARD)
    }

    pub(crate) fn suspend_within(
        &self,
        gentle: Duration,
        hard: Duration,
    ) -> Result<(), StoreError> {
        let drawn = CallContext::from(self.environment());
        self.connections().suspend(gentle, hard, |writer| {
            let Ok(drawn) = drawn else { return };
            let known: Vec<(GroupKey, GroupId)> = {
                let memory = self.memory();
                let ids = memory.ledgers.iter();
                ids.map(|(key, loaded)| (*key, loaded.ledger.group())).collect()
            };
            for (key, id) in known {
                // Without it, the next opening takes longer, no more.
                let _ = self.save(writer, &drawn, (key, id));
            }
        })
    }

    /// Opens the file again after [`Store::suspend`]; does nothing if it is open.
    /// The key is looked up in the secret store again.
    ///
    /// # Errors
    /// As [`StoreOptions::open`](crate::StoreOptions::open); then the store stays
    /// suspended.
    pub fn resume(&self) -> Result<(), StoreError> {
        self.connections().resume()
    }

    /// Encrypts the file anew with a fresh key, for when somebody may know the old
    /// one. Takes as long as writing the whole file twice; the store is suspended
    /// meanwhile, as by [`Store::suspend`].
    ///
    /// If the process ends meanwhile, the file opens again with what the secret
    /// store holds, with the old key or the new one; after a loss of power that
    /// rests on SQLite's journal, and is not tested. In the end the old key is
    /// forgotten: backups from before do not open with these secrets any
    /// more, so make a new one. A database in memory has no key, and stays as it is.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let secrets = Arc::new(MemorySecrets::new());
    /// # let store = Store::open_or_create(&path, secrets.clone())?;
    /// # store.found_group("Flat", "Anna")?;
    /// let stolen = folder.path().join("stolen.db");
    /// std::fs::copy(&path, &stolen)?;
    /// store.rekey()?;
    /// assert_eq!(store.groups()?.len(), 1);
    /// assert!(Store::open(&stolen, secrets).is_err(), "under the old key");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has the file open, or a call of
    /// this one does not end in time; [`StoreError::Suspended`] if the store is;
    /// [`StoreError`] if file or secrets cannot be written. The store goes on in
    /// each case.
    pub fn rekey(&self) -> Result<(), StoreError> {
        self.connections().go_on()?;
        let changed = match self.suspend() {
            Ok(()) => self.connections().location().rekey(),
            Err(StoreError::StillInUse) => Err(StoreError::Busy),
            Err(error) => Err(error),
        };
        self.resume()?;
        changed
    }

    /// Saves a checkpoint of each group that has entries since its last one, and
    /// empties SQLite's log into the database. For when the app goes to the
    /// background: the next opening reads little, even if the system ends the
    /// app. [`Store::suspend`] does so by itself.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; what was saved stays.
    pub fn checkpoint_all(&self) -> Result<(), StoreError> {
        let due: Vec<(GroupKey, GroupId)> = self.snapshot(|snapshot| {
            let mut due = Vec::new();
            for (key, id) in snapshot.groups()? {
                if snapshot.ledger(key, id)?.is_unsaved() {
                    due.push((key, id));
                }
            }
            Ok(due)
        })?;
        let drawn = CallContext::from(self.environment())?;
        self.write(|connection| {
            for (key, id) in due {
                match self.save(connection, &drawn, (key, id)) {
                    // Deleted meanwhile.
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
        drawn: &CallContext,
        (key, id): (GroupKey, GroupId),
    ) -> Result<(), StoreError> {
        let known = self.memory().ledgers.get(&key).cloned();
        if known.is_some_and(|known| !known.is_unsaved()) {
            return Ok(());
        }
        self.write_group(connection, (key, id), drawn, |writer| writer.save())
    }
}

impl Group {
    /// Saves a checkpoint of this group if it has entries since the last one. By
    /// itself the library saves one every 500 entries.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.write(|writer| writer.save())
    }
}

/// Moves what the log holds into the database and cuts the log to nothing; not
/// now if another process is in the way.
pub(crate) fn empty_log(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}
