//! Deleting a group from this device.

use ledger_core::{DeviceId, GroupId};
use rusqlite::{OptionalExtension as _, TransactionBehavior};

use super::Session;
use super::lifecycle::empty_log;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::projections::DELETE_TEXTS;

/// Deletes all rows of a group; rows that point at others come first.
const REMOVE: [&str; 23] = [
    DELETE_TEXTS,
    "DELETE FROM found_by WHERE term IN (SELECT term FROM terms WHERE grp = ?1)",
    "DELETE FROM terms WHERE grp = ?1",
    "DELETE FROM named WHERE original IN (SELECT n FROM entries WHERE grp = ?1)",
    "DELETE FROM expenses WHERE grp = ?1",
    "DELETE FROM origins WHERE grp = ?1",
    "DELETE FROM pending WHERE grp = ?1",
    "DELETE FROM requests WHERE inv IN (SELECT inv FROM invites WHERE grp = ?1)",
    "DELETE FROM invites WHERE grp = ?1",
    "DELETE FROM joins WHERE entered AND id = (SELECT id FROM groups WHERE grp = ?1)",
    "DELETE FROM shares WHERE grp = ?1",
    "DELETE FROM checkpoints WHERE grp = ?1",
    "DELETE FROM arrivals WHERE grp = ?1",
    "DELETE FROM leaving WHERE n IN (SELECT n FROM entries WHERE grp = ?1)",
    "DELETE FROM sealed WHERE n IN (SELECT n FROM entries WHERE grp = ?1)",
    "DELETE FROM left_out WHERE grp = ?1",
    "DELETE FROM came_under WHERE grp = ?1",
    "DELETE FROM quarantine WHERE grp = ?1",
    "DELETE FROM epochs WHERE grp = ?1",
    "DELETE FROM underived WHERE grp = ?1",
    "DELETE FROM imported WHERE imp IN (SELECT imp FROM imports WHERE grp = ?1)",
    "DELETE FROM imports WHERE grp = ?1",
    "DELETE FROM entries WHERE grp = ?1",
];

impl Session {
    /// Deletes a group in one transaction, and then the keys of its device. A crash leaves
    /// either the whole group, or at most the keys, which then open nothing.
    pub(crate) fn delete_group(&self, id: GroupId) -> Result<(), StoreError> {
        let device = self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let found: Option<(i64, [u8; 32])> = tx
                .query_row("SELECT grp, device FROM groups WHERE id = ?1", [id.as_bytes()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let (key, device) = found.ok_or(StoreError::UnknownGroup(id))?;
            for sql in REMOVE {
                tx.execute(sql, [key])?;
            }
            tx.execute(
                "INSERT OR IGNORE INTO spent (root_index) SELECT root_index FROM groups WHERE grp = ?1",
                [key],
            )?;
            tx.execute("DELETE FROM groups WHERE grp = ?1", [key])?;
            // Otherwise the word index would keep the words until it happens to merge its segments.
            tx.execute("INSERT INTO texts (texts) VALUES ('optimize')", [])?;
            tx.commit()?;
            self.cache().forget(GroupKey(key), id);
            // The log holds old versions of pages. If another process still reads them, they are
            // removed later.
            let _ = empty_log(connection);
            Ok(DeviceId::from_bytes(device))
        })?;
        self.forget_device(&device)
    }
}
