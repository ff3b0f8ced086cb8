//! The guard against old copies of a database.
//!
//! A restored backup does not know the entries that this device exported after the backup was
//! made. If it signed, two entries would have the same position in the device's chain: the chain
//! would fork. So the last exported entry is noted in the secret store, which no backup of the
//! database contains, and a database that lacks that entry signs nothing.

use ledger_core::EntryId;
use ledger_core::engine::EntryIndex as _;
use ledger_core::keys::DeviceKey;

use super::EpochKeyring;
use crate::entries::index::StoredIndex;
use crate::error::{SecretError, StoreError};
use crate::secrets::{Secret, SecretName};
use crate::session::{GroupSession, MembershipRow};

/// The keys of this device, if its database has all entries that it published.
///
/// # Errors
/// [`StoreError::RolledBack`] if it lacks some.
pub(crate) fn signing_key(group: &GroupSession) -> Result<DeviceKey, StoreError> {
    check_published_tip(group)?;
    group.device_key()
}

/// Notes that this device's entries up to this one leave it. Durable when it returns; call it
/// before the first byte leaves.
pub(crate) fn note_published_tip(
    group: &GroupSession,
    seq: u64,
    id: &EntryId,
) -> Result<(), StoreError> {
    let name = SecretName::published_tip(&group.device);
    if published_tip(group)?.is_some_and(|(known, _)| known >= seq) {
        return Ok(());
    }
    let bytes = [&seq.to_be_bytes()[..], id.as_bytes()].concat();
    Ok(group.session.secrets_to_write()?.set(&name, &Secret::new(bytes))?)
}

/// The last entry of this device that it published, with its position in the chain.
fn published_tip(group: &GroupSession) -> Result<Option<(u64, EntryId)>, StoreError> {
    let Some(secret) = group.session.secrets().get(&SecretName::published_tip(&group.device))?
    else {
        return Ok(None);
    };
    let parts = secret.expose().split_first_chunk::<8>();
    let read = parts.and_then(|(seq, id)| {
        Some((u64::from_be_bytes(*seq), EntryId::from_bytes(id.try_into().ok()?)))
    });
    // Without it, nothing would show that the database is an older copy.
    let reason = "it is damaged; reset this device's keys in the group";
    let damaged = || SecretError::new("the note of the last published entry", reason);
    read.map(Some).ok_or_else(|| damaged().into())
}

/// Compares the database with the published tip, once for each open store: no backup can be
/// restored under an open one.
fn check_published_tip(group: &GroupSession) -> Result<(), StoreError> {
    if group.session.cache().up_to_date.contains(&group.key) {
        return Ok(());
    }
    if let Some((_, id)) = published_tip(group)? {
        group.session.read(|connection| {
            let mut known =
                connection.prepare_cached("SELECT 1 FROM entries WHERE id = ?1 AND grp = ?2")?;
            if !known.exists((id.as_bytes(), group.key.0))? {
                return Err(StoreError::RolledBack(id));
            }
            Ok(())
        })?;
    }
    group.session.cache().up_to_date.insert(group.key);
    Ok(())
}

/// Gives this device new keys in the group, and removes the old ones. Everything that the request
/// for approval needs is checked first: without it, the new keys could never write.
pub(crate) fn reset_device_keys(group: &GroupSession) -> Result<GroupSession, StoreError> {
    let session = &group.session;
    let entropy = session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
    let root_index = group.root_index()?;
    let root = entropy.root_key(root_index).id();
    group.ledger()?.member_of_root(root).ok_or(StoreError::NoRootKey)?;
    let key = session
        .read(|connection| EpochKeyring { connection, group: group.key, id: group.id }.newest())?;
    key.ok_or(StoreError::NoKey)?;
    let genesis = group.read(|connection, _| {
        let index = StoredIndex::whole(connection, group.key);
        let genesis = index.entry(&group.id.genesis())?;
        genesis.ok_or_else(|| StoreError::Damaged("the genesis entry is gone".to_owned()))
    })?;
    let (mut groups, replaced) = session.with_new_device(|device| {
        let membership = MembershipRow { genesis: &genesis, device: device.id(), root_index };
        session.enter(&[membership], |_| Ok(()))
    })?;
    for device in replaced {
        session.forget_device(&device)?;
    }
    groups.pop().ok_or(StoreError::UnknownGroup(group.id))
}
