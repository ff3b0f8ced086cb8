//! Entering a group that another device created.

use std::collections::BTreeSet;
use std::sync::Arc;

use ledger_core::engine::VerifiedEntry;
use ledger_core::{DeviceId, GroupId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::{GroupSession, Session};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::{GroupTransaction, LoadedLedger};

/// Number of root keys of a person (SPEC §16.1).
pub(crate) const ROOT_KEYS: u32 = 1_024;

/// First root key that a device may number which is not the person's first one. A person has
/// seldom more groups than that, so such a device seldom meets the first one's numbers.
const FIRST_OF_OTHERS: u32 = 64;

/// The number from which a restored or paired device numbers root keys: any of 64 to 1,023. Two
/// such devices with a group each meet once in 960 times.
pub(super) fn first_index(random: u32) -> u32 {
    let numbers = ROOT_KEYS.saturating_sub(FIRST_OF_OTHERS);
    random.checked_rem(numbers).unwrap_or(0).saturating_add(FIRST_OF_OTHERS)
}

/// The index of a root key that no group here has, had or may get. Two groups with the same
/// root key would show that they have a member in common.
pub(crate) fn next_root_index(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT root_index FROM groups UNION SELECT root_index FROM spent
         UNION SELECT root_index FROM joins",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    let known: BTreeSet<u32> = rows.collect::<Result<_, _>>()?;
    let after_all = known.last().map_or(0, |last| last.saturating_add(1));
    let first: Option<u32> =
        connection.query_row("SELECT max(first_index) FROM person", [], |row| row.get(0))?;
    // The person's first device counts from 0 on. Another one counts from its own number on, and
    // leaves out the numbers of groups that it knows from others.
    let Some(first) = first else { return Ok(after_all) };
    let mut numbers = (first..ROOT_KEYS).chain(FIRST_OF_OTHERS..first);
    Ok(numbers.find(|index| !known.contains(index)).unwrap_or(after_all))
}

/// Membership of this device in a group: a row of the table `groups`.
pub(crate) struct MembershipRow<'a> {
    pub(crate) genesis: &'a VerifiedEntry,
    pub(crate) device: DeviceId,
    pub(crate) root_index: u32,
}

/// Result of entering one group.
struct Entered {
    key: GroupKey,
    /// The ledger of a group that is new here.
    loaded: Option<LoadedLedger>,
    /// The device id that this one had in the group before.
    replaced: Option<DeviceId>,
}

impl MembershipRow<'_> {
    pub(crate) fn group(&self) -> GroupId {
        GroupId::from(self.genesis.id())
    }

    /// Makes the group's row, or gives it this device and root key.
    fn enter(&self, tx: &Transaction<'_>) -> Result<Entered, StoreError> {
        let id = self.group();
        let known: Option<(i64, [u8; 32])> = tx
            .query_row("SELECT grp, device FROM groups WHERE id = ?1", [id.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let row = (id.as_bytes(), self.device.as_bytes(), self.root_index);
        let Some((key, before)) = known else {
            tx.execute("INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)", row)?;
            let key = GroupKey(tx.last_insert_rowid());
            let loaded = GroupTransaction::insert_genesis(tx, key, self.genesis, self.device)?;
            let loaded = Some(loaded);
            return Ok(Entered { key, loaded, replaced: None });
        };
        tx.execute(
            "INSERT OR IGNORE INTO spent (root_index)
             SELECT root_index FROM groups WHERE grp = ?1 AND root_index <> ?2",
            (key, self.root_index),
        )?;
        tx.execute("UPDATE groups SET device = ?2, root_index = ?3 WHERE id = ?1", row)?;
        let before = DeviceId::from_bytes(before);
        let replaced = (before != self.device).then_some(before);
        Ok(Entered { key: GroupKey(key), loaded: None, replaced })
    }
}

impl Session {
    /// Enters groups in one transaction, after `before` has done its part in it.
    /// Returns their handles, and the devices that this one was in them before.
    pub(crate) fn enter(
        self: &Arc<Self>,
        memberships: &[MembershipRow<'_>],
        before: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(Vec<GroupSession>, Vec<DeviceId>), StoreError> {
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            before(&tx)?;
            let entered: Vec<Entered> =
                memberships.iter().map(|row| row.enter(&tx)).collect::<Result<_, _>>()?;
            tx.commit()?;
            let replaced = entered.iter().filter_map(|entered| entered.replaced).collect();
            let groups = memberships.iter().zip(entered).map(|(row, entered)| {
                if let Some(loaded) = entered.loaded {
                    self.cache().keep(entered.key, loaded);
                }
                GroupSession::new(self, row.group(), entered.key, row.device)
            });
            Ok((groups.collect(), replaced))
        })
    }
}
