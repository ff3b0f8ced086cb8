//! When key entries came here, and which of them a device heeds (SPEC §11.2).
//!
//! A member can sign rotations and revocations without end, and each makes every epoch unusable.
//! So of those of one member a device heeds a few a day, and the rest of a day on the day after.

use std::collections::BTreeMap;

use ledger_core::engine::{SetAside, UsableEpoch};
use ledger_core::{EntryId, MemberId};
use rusqlite::OptionalExtension as _;

use crate::StoreError;
use crate::entries::GroupTransaction;

pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The epochs that are usable for this device now, the last in (lamport, id) first: without what
/// `aside` sets aside, and without what is not heeded yet.
pub(super) fn usable_epochs(
    transaction: &GroupTransaction<'_>,
    mut aside: SetAside,
) -> Result<Vec<(EntryId, UsableEpoch)>, StoreError> {
    let ledger = transaction.ledger();
    // Rotations and statements count apart: whoever has a stolen phone can rotate its key, and must
    // not put off that its owner revokes it.
    let mut heeded: BTreeMap<(MemberId, bool), usize> = BTreeMap::new();
    for entry in arrived_today(transaction)? {
        let Some((member, statement)) = ledger.own_requirement(&entry) else { continue };
        let count = heeded.entry((member, statement.is_some())).or_default();
        *count = count.saturating_add(1);
        if *count > transaction.limits().heeded_a_day {
            match statement {
                Some(statement) => aside.statements.insert(statement),
                None => aside.entries.insert(entry),
            };
        }
    }
    if aside == SetAside::default() {
        return Ok(ledger.state().usable_epochs().collect());
    }
    Ok(ledger.usable_epochs_without(&aside).collect())
}

/// The statements and rotations that came today, in the order in which they came.
fn arrived_today(transaction: &GroupTransaction<'_>) -> Result<Vec<EntryId>, StoreError> {
    let now_ms = transaction.environment().now_ms();
    let today_ms = now_ms.saturating_sub(now_ms % DAY_MS);
    let mut statement = transaction.connection().prepare_cached(
        "SELECT id FROM arrivals JOIN entries USING (n)
         WHERE arrivals.grp = ?1 AND ms BETWEEN ?2 AND ?3 AND kind <> 23 ORDER BY n",
    )?;
    // What seems to come from later days came before the clock was put right.
    let end_ms = today_ms.saturating_add(DAY_MS).saturating_sub(1);
    let rows = statement.query_map((transaction.group().0, today_ms, end_ms), |row| row.get(0))?;
    rows.map(|id| Ok(EntryId::from_bytes(id?))).collect()
}

/// When a key entry came here, by this device's clock. `None` if that is not known.
pub(super) fn arrived_ms(
    transaction: &GroupTransaction<'_>,
    id: &EntryId,
) -> Result<Option<u64>, StoreError> {
    let mut statement = transaction.connection().prepare_cached(
        "SELECT ms FROM arrivals WHERE n = (SELECT n FROM entries WHERE id = ?1)",
    )?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
}
