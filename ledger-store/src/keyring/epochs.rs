//! Beginning epochs, and choosing the key to seal with.

use ledger_core::EntryId;
use ledger_core::engine::{Draft, EntryIndex as _};
use ledger_core::keys::DeviceKey;
use ledger_core::limits::MAX_EPOCH_PREDECESSORS;
use ledger_core::seal::EpochKey;

use super::{EpochKeyring, signing_key};
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::platform::environment::random;
use crate::session::GroupSession;

/// Begins an epoch unless the epoch in use is younger than `at_least_ms`. Returns whether it
/// did.
pub(crate) fn rotate_group_key(group: &GroupSession, at_least_ms: u64) -> Result<bool, StoreError> {
    let device = signing_key(group)?;
    group.write(|transaction| {
        let now_ms = transaction.environment().now_ms();
        EpochKeyring::new(transaction).link_signed_epochs()?;
        if let Some((_, key)) = sealing_key(transaction)? {
            let usable = transaction.ledger().state().usable_epochs();
            let entry = usable.into_iter().find(|(_, epoch)| epoch.topic() == key.topic());
            let begun_ms = match entry {
                Some((id, _)) => timestamp_ms(transaction, &id)?,
                None => 0,
            };
            if now_ms.saturating_sub(begun_ms) < at_least_ms {
                return Ok(false);
            }
        }
        begin_epoch(transaction, &device)?;
        Ok(true)
    })
}

fn timestamp_ms(transaction: &GroupTransaction<'_>, id: &EntryId) -> Result<u64, StoreError> {
    let entry = transaction.index().entry(id)?;
    Ok(entry.map_or(0, |entry| entry.decoded().header().timestamp_ms()))
}

/// The usable epoch under which entries are sealed first (SPEC Y3), with its number.
fn sealing_key(transaction: &GroupTransaction<'_>) -> Result<Option<(i64, EpochKey)>, StoreError> {
    let keyring = EpochKeyring::new(transaction);
    for (_, epoch) in transaction.ledger().state().usable_epochs() {
        // A member can announce one key and hand out another under the same topic.
        if let Some((e, key)) = keyring.find(&epoch.topic())?
            && key.commit() == epoch.commit()
        {
            return Ok(Some((e, key)));
        }
    }
    Ok(None)
}

/// The key to seal with; begins an epoch if there is no usable one.
///
/// # Errors
/// [`StoreError::NoEpochKey`] if there is none and the device may not write.
pub(crate) fn sealing_key_or_new(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<(i64, EpochKey), StoreError> {
    EpochKeyring::new(transaction).link_signed_epochs()?;
    if let Some(found) = sealing_key(transaction)? {
        return Ok(found);
    }
    if !transaction.ledger().state().may_write(device.id()) {
        return Err(StoreError::NoEpochKey);
    }
    begin_epoch(transaction, device)?;
    sealing_key(transaction)?.ok_or(StoreError::NoEpochKey)
}

/// Begins an epoch whose history box holds the keys of all epochs that are in no other box.
pub(crate) fn begin_epoch(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
) -> Result<(), StoreError> {
    // One box holds a limited number of keys: with more, a chain of epochs holds them.
    loop {
        EpochKeyring::new(transaction).link_signed_epochs()?;
        let known = EpochKeyring::new(transaction).uncovered()?;
        let carried: Vec<&EpochKey> = known.iter().take(MAX_EPOCH_PREDECESSORS).collect();
        let group = transaction.ledger().group();
        let key = EpochKey::from_bytes(group, *random(transaction.environment())?);
        let epoch = key.begin(&carried)?;
        transaction.merge_heads(device)?;
        EpochKeyring::new(transaction).add(&key)?;
        transaction.sign_and_append(device, Draft::epoch(epoch))?;
        EpochKeyring::new(transaction).link_signed_epochs()?;
        if known.len() <= MAX_EPOCH_PREDECESSORS {
            return Ok(());
        }
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
