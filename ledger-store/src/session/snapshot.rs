//! One moment of a store, to read from.

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

/// What the database is at one moment, whatever others write meanwhile.
pub(crate) struct Snapshot<'a> {
    session: &'a Session,
    connection: &'a Connection,
    /// Ledgers that were in memory before the moment, so that none is newer.
    known: BTreeMap<GroupKey, LoadedLedger>,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// The ledger of a group at this moment.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it was deleted before.
    pub(crate) fn ledger(&self, key: GroupKey, id: GroupId) -> Result<LoadedLedger, StoreError> {
        self.ledger_telling(key, id, None)
    }

    /// The same, which may take long.
    pub(crate) fn ledger_telling(
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

    /// The groups there are, oldest first.
    pub(crate) fn groups(&self) -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
        groups(self.connection)
    }
}

/// The groups there are, oldest first.
pub(crate) fn groups(connection: &Connection) -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
    let mut statement = connection.prepare_cached(
        // Not those that wait for their genesis entry, after a repair.
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

    /// As [`Session::snapshot`], for long work, which keeps nobody else from
    /// reading; what it tells of progress goes through [`Session::stopped_by`].
    pub(crate) fn snapshot_apart<T>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connections().read_apart(|connection| work(&self.moment(connection)))
    }

    /// Progress that also ends when the store is suspended.
    pub(crate) fn stopped_by<'a>(
        &'a self,
        progress: OnProgress<'a>,
    ) -> impl FnMut(Progress) -> ControlFlow<()> + 'a {
        move |step| match self.connections().go_on() {
            Ok(()) => progress(step),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// The connection has not read yet in its transaction: the moment comes
    /// with its first query.
    fn moment<'a>(&'a self, connection: &'a Connection) -> Snapshot<'a> {
        Snapshot { session: self, connection, known: self.cache().ledgers.clone() }
    }
}
