//! Keys that a recovery key finds in a group that the device does not know yet (SPEC §16.1).

use zeroize::Zeroizing;

use super::envelope::Envelope;
use super::epoch_key::EpochKey;
use super::key_envelope::KeyEnvelope;
use crate::base::id::{GroupId, Topic};
use crate::keys::ExchangeKey;

/// Epoch key that was wrapped for a recovery key; its group is not yet known.
pub struct FoundKey {
    index: usize,
    topic: Topic,
    secret: Zeroizing<[u8; 32]>,
}

impl KeyEnvelope<'_> {
    /// Unwraps the key that was wrapped for one of a person's recovery keys, in a group that is
    /// not yet known. [`FoundKey::epoch_key`] then checks the key.
    #[must_use]
    pub fn find(&self, keys: &[ExchangeKey]) -> Option<FoundKey> {
        let found = keys.iter().enumerate().find_map(|(index, key)| {
            let secret = self.unwrapped(key)?;
            Some((index, Zeroizing::new(*secret.first_chunk::<32>()?)))
        });
        found.map(|(index, secret)| FoundKey { index, topic: self.topic(), secret })
    }
}

impl FoundKey {
    /// The topic of the envelopes that the key opens.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Index of the recovery key that the key was wrapped for.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The epoch key, in the group that an envelope of its topic names. `None` if the envelope is
    /// of another topic, does not open, or names a group that has no such key (rule W3).
    #[must_use]
    pub fn epoch_key(&self, envelope: &Envelope<'_>) -> Option<EpochKey> {
        let entry = EpochKey::for_topic(self.topic, *self.secret).open(envelope).ok()?;
        let group = entry.header().group().unwrap_or(GroupId::from(entry.id()));
        let key = EpochKey::from_bytes(group, *self.secret);
        (key.topic() == self.topic).then_some(key)
    }
}

impl core::fmt::Debug for FoundKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FoundKey(secret, {:?})", self.topic)
    }
}
