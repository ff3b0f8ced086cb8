//! Opening a group of which nothing is known but a recovery key (SPEC §16.1).

use zeroize::Zeroizing;

use super::envelope::Envelope;
use super::epoch_key::EpochKey;
use super::key_envelope::KeyEnvelope;
use crate::base::id::{GroupId, Topic};
use crate::keys::ExchangeKey;

/// A key that was wrapped for a recovery key, of a group that is not known yet.
pub struct FoundKey {
    index: usize,
    topic: Topic,
    secret: Zeroizing<[u8; 32]>,
}

impl KeyEnvelope<'_> {
    /// Takes out what was wrapped for one of a person's recovery keys, without
    /// knowing for which group. It is not an epoch's key before
    /// [`FoundKey::of_group`] says so.
    #[must_use]
    pub fn find(&self, keys: &[ExchangeKey]) -> Option<FoundKey> {
        let found = keys.iter().enumerate().find_map(|(index, key)| {
            let secret = self.unwrapped(key).next()?;
            Some((index, Zeroizing::new(*secret.first_chunk::<32>()?)))
        });
        found.map(|(index, secret)| FoundKey { index, topic: self.topic(), secret })
    }
}

impl FoundKey {
    /// The topic of what it opens.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Which of the keys it was wrapped for.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The epoch key, with the group that an envelope of its topic names; none if
    /// the envelope is of another topic, does not open, or names a group of which
    /// this is no key (rule W3).
    #[must_use]
    pub fn of_group(&self, envelope: &Envelope<'_>) -> Option<EpochKey> {
        let entry = EpochKey::of_topic(self.topic, *self.secret).open(envelope).ok()?;
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
