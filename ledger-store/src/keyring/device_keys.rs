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
    let before = rotated_keys(group)?;
    let kept = keys_to_keep(group, &before, *fresh)?;
    // Durable before any other device can wrap to it.
    keep_keys(group, &kept)?;
    let rotated = group.write(|transaction| {
        let state = transaction.ledger().state();
        let mine = state.devices().find(|(_, id, _)| *id == group.device);
        let generation = mine.map_or(0, |(_, _, device)| device.exchange_generation());
        transaction.prepare_to_sign(&device)?;
        let draft = Draft::rotation(generation.saturating_add(1), public);
        let id = transaction.sign_and_append(&device, draft)?;
        begin_epoch(transaction, &device)?;
        Ok(id)
    });
    // Nobody knows of a new key that was not signed. If that is not certain, it is kept.
    if rotated.is_err() && key_in_force(group).is_ok_and(|in_force| in_force != Some(public)) {
        let _ = keep_keys(group, &before);
    }
    rotated
}

/// The keys that are kept beside a new one: the newest, and the one in force in any case. A crash
/// between keeping and signing leaves a key that nobody knows; several of them must not push out
/// the one to which others wrap.
fn keys_to_keep(
    group: &GroupSession,
    known: &[[u8; 32]],
    fresh: [u8; 32],
) -> Result<Zeroizing<Vec<[u8; 32]>>, StoreError> {
    let in_force = key_in_force(group)?;
    let is_in_force =
        |bytes: &[u8; 32]| Some(ExchangeKey::from_bytes(*bytes).public_key()) == in_force;
    let surplus = known.len().saturating_add(1).saturating_sub(KEPT);
    let old = known.iter().take(surplus).filter(|bytes| is_in_force(bytes));
    let kept = old.chain(known.iter().skip(surplus)).copied();
    Ok(Zeroizing::new(kept.chain([fresh]).collect()))
}

/// The public key to which others wrap, as far as this device knows.
fn key_in_force(group: &GroupSession) -> Result<Option<[u8; 32]>, StoreError> {
    let ledger = group.ledger()?;
    let mine = ledger.state().devices().find(|(_, id, _)| *id == group.device);
    Ok(mine.map(|(_, _, device)| *device.exchange_public_key()))
}

fn keep_keys(group: &GroupSession, keys: &[[u8; 32]]) -> Result<(), StoreError> {
    let bytes = Zeroizing::new(keys.concat());
    let name = SecretName::exchange(&group.device);
    if bytes.is_empty() {
        return Ok(group.session.secrets().remove(&name)?);
    }
    Ok(group.session.secrets_to_write()?.set(&name, &Secret::new(bytes.to_vec()))?)
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
