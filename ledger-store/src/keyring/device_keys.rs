//! The X25519 keys of this device, to which others wrap epoch keys.

use ledger_core::EntryId;
use ledger_core::engine::Draft;
use ledger_core::keys::ExchangeKey;
use zeroize::Zeroizing;

use super::{begin_epoch, signing_key};
use crate::StoreError;
use crate::platform::environment::random;
use crate::secrets::{Secret, SecretName};
use crate::session::GroupSession;

/// Number of keys that are kept: the newest may be signed and not yet known to others, who then
/// wrap to the one before.
const KEPT: usize = 3;

/// Gives this device a new X25519 key, and begins an epoch.
pub(crate) fn rotate_device_key(group: &GroupSession) -> Result<EntryId, StoreError> {
    let device = signing_key(group)?;
    let fresh = random::<32>(group.session.environment())?;
    let public = ExchangeKey::from_bytes(*fresh).public_key();
    let mut kept = rotated_keys(group)?;
    let surplus = kept.len().saturating_add(1).saturating_sub(KEPT);
    kept.drain(..surplus);
    kept.push(*fresh);
    let bytes = Zeroizing::new(kept.concat());
    // Durable before any other device can wrap to it.
    let name = SecretName::exchange(&group.device);
    group.session.secrets().set(&name, &Secret::new(bytes.to_vec()))?;
    group.write(|transaction| {
        let state = transaction.ledger().state();
        let mine = state.devices().find(|(_, id, _)| *id == group.device);
        let generation = mine.map_or(0, |(_, _, device)| device.exchange_generation());
        transaction.merge_heads(&device)?;
        let draft = Draft::rotation(generation.saturating_add(1), public);
        let id = transaction.sign_and_append(&device, draft)?;
        begin_epoch(transaction, &device)?;
        Ok(id)
    })
}

/// The keys of rotations, oldest first.
fn rotated_keys(group: &GroupSession) -> Result<Zeroizing<Vec<[u8; 32]>>, StoreError> {
    let secret = group.session.secrets().get(&SecretName::exchange(&group.device))?;
    let (keys, _) = secret.as_ref().map_or(&[][..], Secret::expose).as_chunks::<32>();
    Ok(Zeroizing::new(keys.to_vec()))
}

/// The keys to which others may have wrapped for this device, newest first, and the recovery key
/// of the person if the entropy is here.
pub(crate) fn exchange_keys(group: &GroupSession) -> Result<Vec<ExchangeKey>, StoreError> {
    let root_index = group.root_index()?;
    let rotated = rotated_keys(group)?;
    let mut keys: Vec<ExchangeKey> =
        rotated.iter().rev().map(|bytes| ExchangeKey::from_bytes(*bytes)).collect();
    keys.push(group.device_key()?.into_exchange_key());
    if let Some(entropy) = group.session.known_entropy()? {
        keys.push(entropy.recovery_key(root_index));
    }
    Ok(keys)
}
