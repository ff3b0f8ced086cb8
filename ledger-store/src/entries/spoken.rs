//! Announcements of devices of the versions that they read (SPEC §4.17).

use std::collections::BTreeMap;

use ledger_core::engine::{Draft, Payload, SpeaksInForce};
use ledger_core::keys::DeviceKey;
use ledger_core::{DeviceId, GroupState, Speaks};
use rusqlite::Connection;

use super::GroupTransaction;
use super::index::stored_entry;
use crate::StoreError;
use crate::database::GroupKey;

/// Applied entries by which devices say what they read, newest first.
pub(crate) const SPOKEN: &str = "SELECT entry, signature FROM entries
     WHERE grp = ?1 AND kind = 27 AND verdict = 0
     ORDER BY lamport DESC, id DESC";

/// What each device that may write reads, as it said last. Takes time in proportion to the number of
/// entries by which devices ever said so.
pub(crate) fn spoken(
    connection: &Connection,
    group: GroupKey,
    state: &GroupState,
) -> Result<BTreeMap<DeviceId, Speaks>, StoreError> {
    let mut found = SpeaksInForce::new(state);
    let mut statement = connection.prepare_cached(SPOKEN)?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let entry = stored_entry(row)?;
        if let Payload::Speaks(speaks) = entry.decoded().payload() {
            found.add(entry.decoded().header().device(), speaks);
        }
    }
    Ok(found.finish())
}

impl GroupTransaction<'_> {
    /// Says what this device reads, if the app asked for it and the last word of the device in this
    /// group is another. Only in front of an entry that a person records: otherwise a group that is
    /// opened would grow by itself, on every device.
    ///
    /// The database is asked once for each time that the ledger is loaded, however much is recorded.
    pub(super) fn speak(&mut self, device: &DeviceKey) -> Result<(), StoreError> {
        let Some(speaks) = self.speaks().cloned() else { return Ok(()) };
        if self.has_spoken(device.id()) {
            return Ok(());
        }
        let said = spoken(self.connection(), self.group(), self.ledger().state())?;
        if said.get(&device.id()) != Some(&speaks) {
            self.sign_and_append(device, Draft::speaks(speaks))?;
        }
        self.set_spoken(device.id());
        Ok(())
    }
}
