//! A snapshot of an open database.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger_core::GroupId;
use rusqlite::Connection;

use super::Session;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::load::load;
use crate::platform::progress::{OnProgress, Progress};

/// The database at one moment, whatever others write meanwhile.
pub(crate) struct Snapshot<'a> {
    session: &'a Session,
    connection: &'a Connection,
    /// Ledgers that were in memory before the snapshot, so that none is newer than it.
    known: BTreeMap<GroupKey, LoadedLedger>,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// The ledger of a group in this snapshot.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it was deleted before.
    pub(crate) fn ledger(&self, key: GroupKey, id: GroupId) -> Result<LoadedLedger, StoreError> {
        self.ledger_with_progress(key, id, None)
    }

    /// The ledger of a group in this snapshot, with progress, as loading may take long.
    pub(crate) fn ledger_with_progress(
        &self,
        key: GroupKey,
        id: GroupId,
        progress: Option<OnProgress<'_>>,
    ) -> Result<LoadedLedger, StoreError> {
        let known = self.known.get(&key).cloned();
        let loaded = load(self.connection, key, id, known, progress)?;
        self.session.cache().keep(key, loaded.clone());
        Ok(loaded)
    }

    /// The groups in this snapshot, oldest first.
    pub(crate) fn groups(&self) -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
        groups(self.connection)
    }
}

/// All groups, oldest first.
pub(crate) fn groups(connection: &Connection) -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
    let mut statement = connection.prepare_cached(
        // A group that waits for its genesis entry, after a salvage, is not listed.
        "SELECT grp, id FROM groups
         WHERE EXISTS (SELECT 1 FROM entries e WHERE e.grp = groups.grp) ORDER BY grp",
    )?;
    let rows = statement
        .query_map([], |row| Ok((GroupKey(row.get(0)?), GroupId::from_bytes(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Session {
    /// Runs queries on one snapshot.
    pub(crate) fn snapshot<T>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections().read(|connection| work(&self.moment(connection)))
    }

    /// Runs long work on one snapshot, on a connection of its own, so that no other reader waits.
    /// Its progress must go through [`Session::stopped_by`].
    pub(crate) fn snapshot_apart<T>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections().apart(|apart| apart.read(|connection| work(&self.moment(connection))))
    }

    /// A progress callback that also stops when the store is suspended, or when another thread
    /// cancels what runs.
    pub(crate) fn stopped_by<'a>(
        &'a self,
        progress: OnProgress<'a>,
    ) -> impl FnMut(Progress) -> ControlFlow<()> + 'a {
        let call = self.cancellations().begin();
        move |step| match self.connections().check_running().and_then(|()| call.check()) {
            Ok(()) => progress(step),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// The connection has not read yet in its transaction: the moment of the snapshot is its first
    /// query, so the ledgers that are taken here are never newer.
    fn moment<'a>(&'a self, connection: &'a Connection) -> Snapshot<'a> {
        Snapshot { session: self, connection, known: self.cache().ledgers.clone() }
    }
}
