//! Beginning epochs, and choosing the key to seal with.

use ledger_core::EntryId;
use ledger_core::engine::{Draft, SetAside, UsableEpoch};
use ledger_core::keys::DeviceKey;
use ledger_core::limits::MAX_EPOCH_PREDECESSORS;
use ledger_core::seal::EpochKey;

use super::heeding::{DAY_MS, arrived_ms, usable_epochs};
use super::{EpochKeyring, signing_key};
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::platform::environment::random;
use crate::session::GroupSession;

/// Begins an epoch unless the epoch in use is younger than `at_least_ms`. Returns whether it
/// did.
///
/// The age counts from when the epoch entry came here. Its timestamp is its author's, who could
/// end renewal everywhere by a date far ahead.
pub(crate) fn rotate_group_key(group: &GroupSession, at_least_ms: u64) -> Result<bool, StoreError> {
    let device = signing_key(group)?;
    group.write(|transaction| {
        let now_ms = transaction.environment().now_ms();
        EpochKeyring::new(transaction).open_boxes()?;
        let usable = usable_epochs(transaction, SetAside::default())?;
        if let Some(sealing) = sealing_key(transaction, usable)? {
            // This device's own clock may have been ahead, too. Then the age is not known.
            let latest_ms = now_ms.saturating_add(DAY_MS);
            let arrived_ms = arrived_ms(transaction, &sealing.entry)?;
            let arrived_ms = arrived_ms.filter(|arrived| *arrived <= latest_ms).unwrap_or(0);
            if now_ms.saturating_sub(arrived_ms) < at_least_ms {
                return Ok(false);
            }
        }
        begin_epoch(transaction, &device)?;
        Ok(true)
    })
}

/// An epoch whose key is held, with the number of the key.
struct SealingKey {
    entry: EntryId,
    number: i64,
    key: EpochKey,
}

/// The epoch under which entries are sealed first (SPEC Y3): of some usable epochs, the last one
/// first, the first whose key is held.
fn sealing_key(
    transaction: &GroupTransaction<'_>,
    usable: Vec<(EntryId, UsableEpoch)>,
) -> Result<Option<SealingKey>, StoreError> {
    let keyring = EpochKeyring::new(transaction);
    for (entry, epoch) in usable {
        // A member can announce one key and hand out another under the same topic.
        if let Some((number, key)) = keyring.find(&epoch.topic())?
            && key.commit() == epoch.commit()
        {
            return Ok(Some(SealingKey { entry, number, key }));
        }
    }
    Ok(None)
}

/// The key to seal with, and its number; begins an epoch if there is no usable one. A device that
/// left or was revoked by its own person seals under what was usable before (SPEC Y6).
///
/// # Errors
/// [`StoreError::NoEpochKey`] if there is none and the device may not write, and
/// [`StoreError::CutOff`] if that is because somebody else cut it off.
pub(crate) fn sealing_key_or_new(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<(i64, EpochKey), StoreError> {
    EpochKeyring::new(transaction).open_boxes()?;
    let found = |transaction: &GroupTransaction<'_>, aside: SetAside| {
        let usable = usable_epochs(transaction, aside)?;
        let found = sealing_key(transaction, usable)?;
        Ok::<_, StoreError>(found.map(|sealing| (sealing.number, sealing.key)))
    };
    if let Some(found) = found(transaction, SetAside::default())? {
        return Ok(found);
    }
    let ledger = transaction.ledger();
    if ledger.state().may_write(device.id()) {
        begin_epoch(transaction, device)?;
        let begun = found(transaction, SetAside::default())?;
        return begun.ok_or(StoreError::NoEpochKey);
    }
    let was_enrolled = ledger.state().device_owner(device.id()).is_some();
    let none = if was_enrolled { StoreError::CutOff } else { StoreError::NoEpochKey };
    let Some(generation) = ledger.left_generation(device.id()) else { return Err(none) };
    let aside = SetAside { generation: Some(generation), ..SetAside::default() };
    found(transaction, aside)?.ok_or(none)
}

/// Makes sure that this device can hand out what it recorded, before it signs that it leaves or is
/// revoked: afterwards it can begin no epoch (SPEC Y6).
pub(crate) fn prepare_to_leave(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<(), StoreError> {
    sealing_key_or_new(transaction, device).map(|_| ())
}

/// Begins an epoch whose history box gives the keys of all epochs that no other box gives.
pub(crate) fn begin_epoch(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<(), StoreError> {
    EpochKeyring::new(transaction).open_boxes()?;
    // Before the keys are made: a merge entry may change verdicts.
    transaction.prepare_to_sign(device)?;
    let mut known = EpochKeyring::new(transaction).predecessors()?;
    // One box holds a limited number of keys: with more, a chain of epochs holds them.
    loop {
        let rest = known.split_off(known.len().min(MAX_EPOCH_PREDECESSORS));
        let carried: Vec<(EntryId, &EpochKey)> = known.iter().map(|(id, key)| (*id, key)).collect();
        let group = transaction.ledger().group();
        let key = EpochKey::from_bytes(group, *random(transaction.environment())?);
        let epoch = key.begin(&carried)?;
        EpochKeyring::new(transaction).add(&key)?;
        let id = transaction.sign_and_append(device, Draft::epoch(epoch))?;
        if rest.is_empty() {
            return Ok(());
        }
        known = rest;
        known.push((id, key));
    }
}

/// Begins an epoch after a statement that cuts off a device, in the same transaction, so that the
/// cut-off device cannot open what comes next. Does nothing if no entry was ever exported: then
/// nobody holds a key.
pub(crate) fn begin_epoch_after_cut(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<(), StoreError> {
    let may_write = transaction.ledger().state().may_write(device.id());
    if !may_write || EpochKeyring::new(transaction).is_empty()? {
        return Ok(());
    }
    begin_epoch(transaction, device)
}
