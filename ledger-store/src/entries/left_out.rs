//! Memory of the entries that were left out, or gave way while they waited (SPEC §5.3): they are
//! asked for again when they may count.

use std::collections::BTreeSet;

use ledger_core::engine::{DecodedEntry, Ledger, Payload};
use ledger_core::seal::Topic;
use ledger_core::{DeviceId, EntryId};
use rusqlite::Connection;

use crate::StoreError;
use crate::database::GroupKey;

/// Most of these entries that are asked for at once.
const MAX_WANTED: u32 = 1_000;

/// Remembered ids of one group. Bounded: the oldest are forgotten first.
#[derive(Clone, Copy)]
pub(crate) struct LeftOut<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) group: GroupKey,
}

impl LeftOut<'_> {
    /// Remembers an entry. `ledger` says whether it may count already.
    pub(super) fn remember(&self, entry: &DecodedEntry, ledger: &Ledger) -> Result<(), StoreError> {
        let topic = match entry.payload() {
            Payload::Epoch(epoch) => Some(*epoch.topic().as_bytes()),
            _ => None,
        };
        let (id, device) = (entry.id(), entry.header().device());
        let wanted = ledger.has_prospects(device);
        self.connection
            .prepare_cached(
                "INSERT INTO left_out (grp, id, device, topic, wanted) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((self.group.0, id.as_bytes(), device.as_bytes(), topic, wanted))?;
        Ok(())
    }

    /// Forgets an entry that is here now, or never will be.
    pub(super) fn forget(&self, id: &EntryId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM left_out WHERE grp = ?1 AND id = ?2")?
            .execute((self.group.0, id.as_bytes()))?;
        Ok(())
    }

    /// Whether nothing is remembered.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        let mut any = self.connection.prepare_cached("SELECT 1 FROM left_out WHERE grp = ?1")?;
        Ok(!any.exists([self.group.0])?)
    }

    /// Forgets the oldest entries beyond a limit.
    pub(super) fn limit(&self, most: usize) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "DELETE FROM left_out WHERE l IN (
                     SELECT l FROM left_out WHERE grp = ?1 ORDER BY l DESC LIMIT -1 OFFSET ?2)",
            )?
            .execute((self.group.0, i64::try_from(most).unwrap_or(i64::MAX)))?;
        Ok(())
    }

    /// Finds anew which entries may count: those of devices with prospects, after enrolments
    /// or their prospects changed.
    pub(super) fn review(&self, ledger: &Ledger) -> Result<(), StoreError> {
        let mut devices = self
            .connection
            .prepare_cached("SELECT DISTINCT device FROM left_out WHERE grp = ?1")?;
        let devices = devices
            .query_map([self.group.0], |row| row.get(0).map(DeviceId::from_bytes))?
            .collect::<Result<Vec<_>, _>>()?;
        let mut set = self.connection.prepare_cached(
            "UPDATE left_out SET wanted = ?3 WHERE grp = ?1 AND device = ?2 AND wanted <> ?3",
        )?;
        for device in devices {
            let wanted = ledger.has_prospects(device);
            set.execute((self.group.0, device.as_bytes(), wanted))?;
        }
        Ok(())
    }

    /// Whether an entry that is kept came under the key of a topic. Epoch entries do not count: they
    /// could keep each other. What waits does not count either: whoever was removed can have
    /// entries wait under one key after the other.
    pub(super) fn came_under(&self, topic: &Topic) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1 FROM epochs WHERE grp = ?1 AND topic = ?2 AND EXISTS (
                 SELECT 1 FROM sealed JOIN entries USING (n)
                 WHERE sealed.epoch = epochs.e AND entries.kind <> 23)",
        )?;
        Ok(statement.exists((self.group.0, topic.as_bytes()))?)
    }

    /// The entries to ask for: those that may count, and the epoch entries of keys under which
    /// others that are kept came.
    pub(crate) fn wanted(&self) -> Result<BTreeSet<EntryId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id FROM left_out WHERE grp = ?1 AND wanted = 1
             UNION
             SELECT id FROM left_out JOIN epochs ON epochs.grp = left_out.grp
                 AND epochs.topic = left_out.topic
             WHERE left_out.grp = ?1 AND left_out.topic IS NOT NULL AND EXISTS (
                 SELECT 1 FROM sealed JOIN entries USING (n)
                 WHERE sealed.epoch = epochs.e AND entries.kind <> 23)
             LIMIT ?2",
        )?;
        let rows = statement
            .query_map((self.group.0, MAX_WANTED), |row| row.get(0).map(EntryId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
