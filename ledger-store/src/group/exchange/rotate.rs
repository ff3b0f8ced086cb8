//! This device's X25519 keys.

use ledger_core::{Draft, EntryId, ExchangeKey};

use super::super::Group;
use crate::environment::random;
use crate::{Secret, SecretName, StoreError};

impl Group {
    /// Gives this device a new X25519 key, and begins an epoch: heals after the
    /// old one was stolen, as nothing is sealed any more under a key that was
    /// wrapped to it. Once a month is a good measure.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if this device may not write.
    pub fn rotate_exchange_key(&self) -> Result<EntryId, StoreError> {
        let device = self.signing_key()?;
        let secret = random::<32>(self.store.environment())?;
        let public = ExchangeKey::from_bytes(*secret).public_key();
        let (old, new) = self.write(|writer| {
            let state = writer.ledger().state();
            let mine = state.devices().find(|(_, id, _)| *id == self.device);
            let old = mine.map_or(0, |(_, _, device)| device.exchange_generation());
            let new = old.saturating_add(1);
            // Durable before anybody can wrap to it.
            let name = SecretName::exchange(&self.device, new);
            self.store.secrets().set(&name, &Secret::new(secret.to_vec()))?;
            self.merge_heads(writer, &device)?;
            let id = self.keep(writer, &device, Draft::rotation(new, public))?;
            self.begin_epoch(writer, &device)?;
            Ok((old, id))
        })?;
        // The one before still opens what others wrapped before they knew.
        if let Some(older) = old.checked_sub(1).filter(|older| *older > 0) {
            self.store.secrets().remove(&SecretName::exchange(&self.device, older))?;
        }
        Ok(new)
    }

    /// The keys to which others may have wrapped for this device, newest first,
    /// and that of the person's phrase if it is here.
    pub(super) fn exchange_keys(&self, root_index: u32) -> Result<Vec<ExchangeKey>, StoreError> {
        let mut keys = Vec::new();
        let ledger = self.ledger()?;
        let mine = ledger.state().devices().find(|(_, id, _)| *id == self.device);
        let newest = mine.map_or(0, |(_, _, device)| device.exchange_generation());
        // A rotation may be signed and not yet known to be in force.
        for generation in [newest.saturating_add(1), newest, newest.saturating_sub(1)] {
            let secret =
                self.store.secrets().get(&SecretName::exchange(&self.device, generation))?;
            let bytes = secret.and_then(|secret| secret.expose().first_chunk::<32>().copied());
            keys.extend(bytes.map(ExchangeKey::from_bytes));
        }
        keys.push(self.device_key()?.into_exchange_key());
        if let Some(entropy) = self.store.known_entropy()? {
            keys.push(entropy.recovery_key(root_index));
        }
        Ok(keys)
    }
}
