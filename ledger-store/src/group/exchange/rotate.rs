//! This device's X25519 keys.

use ledger_core::EntryId;
use ledger_core::engine::Draft;
use ledger_core::keys::ExchangeKey;
use zeroize::Zeroizing;

use super::super::Group;
use crate::environment::random;
use crate::{Secret, SecretName, StoreError};

/// Keys that are kept: the newest may be signed and not yet known to others, who
/// wrap to the one before.
const KEPT: usize = 3;

impl Group {
    /// Gives this device a new X25519 key, and begins an epoch: heals after the
    /// old one was stolen, as nothing is sealed any more under a key that was
    /// wrapped to it. Once a month is a good measure.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if this device may not write.
    pub fn rotate_exchange_key(&self) -> Result<EntryId, StoreError> {
        let device = self.signing_key()?;
        let fresh = random::<32>(self.store.environment())?;
        let public = ExchangeKey::from_bytes(*fresh).public_key();
        let mut kept = self.rotated_keys()?;
        let surplus = kept.len().saturating_add(1).saturating_sub(KEPT);
        kept.drain(..surplus);
        kept.push(*fresh);
        let bytes = Zeroizing::new(kept.concat());
        // Durable before anybody can wrap to it.
        let name = SecretName::exchange(&self.device);
        self.store.secrets().set(&name, &Secret::new(bytes.to_vec()))?;
        self.write(|writer| {
            let state = writer.ledger().state();
            let mine = state.devices().find(|(_, id, _)| *id == self.device);
            let generation = mine.map_or(0, |(_, _, device)| device.exchange_generation());
            self.merge_heads(writer, &device)?;
            let draft = Draft::rotation(generation.saturating_add(1), public);
            let id = self.keep(writer, &device, draft)?;
            self.begin_epoch(writer, &device)?;
            Ok(id)
        })
    }

    /// The keys of rotations, oldest first.
    fn rotated_keys(&self) -> Result<Zeroizing<Vec<[u8; 32]>>, StoreError> {
        let secret = self.store.secrets().get(&SecretName::exchange(&self.device))?;
        let (keys, _) = secret.as_ref().map_or(&[][..], Secret::expose).as_chunks::<32>();
        Ok(Zeroizing::new(keys.to_vec()))
    }

    /// The keys to which others may have wrapped for this device, newest first,
    /// and that of the person's phrase if it is here.
    pub(super) fn exchange_keys(&self, root_index: u32) -> Result<Vec<ExchangeKey>, StoreError> {
        let rotated = self.rotated_keys()?;
        let mut keys: Vec<ExchangeKey> =
            rotated.iter().rev().map(|bytes| ExchangeKey::from_bytes(*bytes)).collect();
        keys.push(self.device_key()?.into_exchange_key());
        if let Some(entropy) = self.store.known_entropy()? {
            keys.push(entropy.recovery_key(root_index));
        }
        Ok(keys)
    }
}
