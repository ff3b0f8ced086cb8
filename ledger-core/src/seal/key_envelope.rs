//! Key envelopes: an epoch's key, wrapped for its recipients (SPEC §11.4).

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::epoch_key::EpochKey;
use super::wrap::{WRAP_OVERHEAD_BYTES, unwrap, wrap_from};
use crate::base::hash::{Tag, digest, kdf_salted};
use crate::base::id::{GroupId, Topic};
use crate::keys::ExchangeKey;

/// First byte of a key envelope.
const KIND: u8 = 0x02;

/// Bytes of one wrap: hint, encapsulated key, ciphertext with tag.
const SLOT_BYTES: usize = HINT_BYTES + 32 + WRAP_OVERHEAD_BYTES;

const HINT_BYTES: usize = 8;

/// One wrap, or a dummy.
type Slot = [u8; SLOT_BYTES];

/// Most wraps of one envelope; for more recipients there are several.
pub const MAX_WRAPS: usize = 512;

/// Fewest wraps of one envelope, dummies included.
const MIN_WRAPS: usize = 4;

/// Reason why a key envelope is of no use. Its maker or its carrier is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyEnvelopeError {
    /// Rule W1: the first byte is not that of a key envelope.
    #[error("the first byte is {0}; update the app if a newer version made this")]
    Kind(u8),
    /// Rule W1: no key envelope has this size.
    #[error("no key envelope is {0} bytes long; it was cut off, or something was added")]
    Size(usize),
    /// Rule W2: the wraps do not ascend.
    #[error("the wraps are not in order")]
    Order,
    /// Rule W3: the key that was wrapped for this device is not the key of the topic. Somebody
    /// handed out another key.
    #[error("the key that was handed to this device is not the one of topic {0:?}")]
    OtherKey(Topic),
}

/// Bytes before the wraps: kind, topic, salt.
const HEAD_BYTES: usize = 1 + 32 + 16;

/// Whether a key envelope can have this length (rule W1).
pub(crate) fn is_key_envelope_len(len: usize) -> bool {
    let Some(wraps) = len.checked_sub(HEAD_BYTES) else { return false };
    let n = wraps.div_euclid(SLOT_BYTES);
    n.saturating_mul(SLOT_BYTES) == wraps
        && n.is_power_of_two()
        && (MIN_WRAPS..=MAX_WRAPS).contains(&n)
}

/// Received key envelope of which only the form is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEnvelope<'a> {
    topic: Topic,
    salt: [u8; 16],
    slots: &'a [[u8; SLOT_BYTES]],
}

impl<'a> KeyEnvelope<'a> {
    /// Reads a key envelope (rules W1 and W2).
    ///
    /// # Errors
    /// [`KeyEnvelopeError`], the first rule that is broken.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, KeyEnvelopeError> {
        let size = || KeyEnvelopeError::Size(bytes.len());
        let (kind, rest) = bytes.split_first().ok_or_else(size)?;
        if *kind != KIND {
            return Err(KeyEnvelopeError::Kind(*kind));
        }
        let (topic, rest) = rest.split_first_chunk::<32>().ok_or_else(size)?;
        let (salt, rest) = rest.split_first_chunk::<16>().ok_or_else(size)?;
        let (slots, _) = rest.as_chunks::<SLOT_BYTES>();
        if !is_key_envelope_len(bytes.len()) {
            return Err(size());
        }
        if !slots.is_sorted_by(|a, b| a < b) {
            return Err(KeyEnvelopeError::Order);
        }
        Ok(Self { topic: Topic::from_bytes(*topic), salt: *salt, slots })
    }

    /// The topic of the epoch whose key is inside.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Opens the envelope with the recipient's keys. `None` if it holds no wrap for them.
    ///
    /// The key may open envelopes at once. Entries may be sealed under it only
    /// when an applied epoch entry names its topic and commit, which
    /// [`GroupState::usable_epochs`](crate::GroupState::usable_epochs) lists.
    ///
    /// # Errors
    /// [`KeyEnvelopeError::OtherKey`] if another key was wrapped (rule W3).
    pub fn open<'k>(
        &self,
        group: GroupId,
        keys: impl IntoIterator<Item = &'k ExchangeKey>,
    ) -> Result<Option<EpochKey>, KeyEnvelopeError> {
        for key in keys {
            if let Some(secret) = self.unwrapped(key) {
                let other = KeyEnvelopeError::OtherKey(self.topic);
                let secret = secret.first_chunk::<32>().ok_or(other)?;
                let epoch = EpochKey::from_bytes(group, *secret);
                return if epoch.topic() == self.topic { Ok(Some(epoch)) } else { Err(other) };
            }
        }
        Ok(None)
    }

    /// The secret that was wrapped for `key`. Only the first wrap with the key's hint is tried: by
    /// chance, two hints are equal once in 2^64, and whoever makes an envelope of false hints
    /// could spoil the wrap as well. So an envelope costs one X25519 per key.
    pub(super) fn unwrapped(&self, key: &ExchangeKey) -> Option<Zeroizing<Vec<u8>>> {
        let public = key.public_key();
        let hint = hint(&self.salt, &public);
        let slot = self.slots.iter().find(|slot| slot.starts_with(&hint))?;
        let (_, wrapped) = slot.split_at(HINT_BYTES);
        let context: [&[u8]; 2] = [self.topic.as_bytes(), &public];
        unwrap(key, Tag::WRAP, &context, wrapped).ok()
    }
}

impl KeyEnvelope<'_> {
    /// The recipients among `candidates` for whom the envelope holds the right wrap (rule W4), as
    /// every holder of the key can tell. A hint alone tells nothing: anybody can copy it.
    #[must_use]
    pub fn recipients(
        &self,
        key: &EpochKey,
        candidates: &BTreeSet<[u8; 32]>,
    ) -> BTreeSet<[u8; 32]> {
        if key.topic() != self.topic {
            return BTreeSet::new();
        }
        let holds = |public: &&[u8; 32]| {
            let hint = hint(&self.salt, public);
            // A hint costs a hash, a wrap two multiplications on the curve.
            let mut slots = self.slots.iter().filter(|slot| slot.starts_with(&hint)).peekable();
            slots.peek().is_some() && {
                let expected = key.wrap_slot(&self.salt, public);
                slots.any(|slot| Some(*slot) == expected)
            }
        };
        candidates.iter().filter(holds).copied().collect()
    }
}

impl EpochKey {
    /// Wraps this key to X25519 public keys, in as many envelopes as are needed. A weak public key
    /// gets no wrap, and does not stop the others from getting theirs.
    ///
    /// `seed` must be 32 fresh random bytes; the salts come from it. A repeated seed repeats
    /// hints, and so shows that two envelopes have recipients in common.
    #[must_use]
    pub fn wrap_for(&self, recipients: &BTreeSet<[u8; 32]>, seed: &[u8; 32]) -> Vec<Vec<u8>> {
        let all: Vec<&[u8; 32]> = recipients.iter().collect();
        let parts = (0u32..).zip(all.chunks(MAX_WRAPS));
        parts.map(|(number, part)| self.wrap_part(part, &self.salt(seed, number))).collect()
    }

    fn salt(&self, seed: &[u8; 32], number: u32) -> [u8; 16] {
        let full = digest(Tag::SALT, &[seed, self.topic().as_bytes(), &number.to_be_bytes()]);
        full.first_chunk().copied().unwrap_or_default()
    }

    fn wrap_part(&self, recipients: &[&[u8; 32]], salt: &[u8; 16]) -> Vec<u8> {
        // Sorted, so that the order of the wraps says nothing about the recipients.
        // A weak key must not keep the others from getting theirs.
        let mut slots: BTreeSet<Slot> =
            recipients.iter().filter_map(|public| self.wrap_slot(salt, public)).collect();
        // Dummies hide the number of recipients: only its power of two shows.
        let size = slots.len().next_power_of_two().max(MIN_WRAPS);
        let dummies = size.saturating_sub(slots.len());
        slots.extend((0u32..).take(dummies).map(|number| self.dummy(salt, number)));
        let mut out = vec![KIND];
        out.extend_from_slice(self.topic().as_bytes());
        out.extend_from_slice(salt);
        slots.iter().for_each(|slot| out.extend_from_slice(slot));
        out
    }

    /// The one wrap that key, salt and recipient give (rule W4). `None` if the recipient's key is
    /// weak.
    ///
    /// The ephemeral key follows from what is wrapped, for whom, and under which salt. So it never
    /// serves for two messages, and who lacks the key knows nothing about it (SPEC §11.4).
    fn wrap_slot(&self, salt: &[u8; 16], public: &[u8; 32]) -> Option<Slot> {
        let seed = Zeroizing::new(digest(Tag::KEY_ENVELOPE, &[self.expose_secret(), salt, public]));
        let topic = self.topic();
        let context: [&[u8]; 2] = [topic.as_bytes(), public];
        let wrapped = wrap_from(public, Tag::WRAP, &context, self.expose_secret(), &seed).ok()?;
        [hint(salt, public).as_slice(), &wrapped].concat().first_chunk().copied()
    }

    /// The dummy of a number: it looks like a wrap and opens for nobody. Its encapsulated key is a
    /// real public key, because half of all random strings are no points that a wrap could have.
    fn dummy(&self, salt: &[u8; 16], number: u32) -> Slot {
        let derived = kdf_salted::<SLOT_BYTES>(
            self.expose_secret(),
            salt,
            Tag::DUMMY,
            &[&number.to_be_bytes()],
        );
        let mut slot = *derived;
        let (_, secret) = derived.split_at(HINT_BYTES);
        let secret = Zeroizing::new(secret.first_chunk().copied().unwrap_or_default());
        let enc = ExchangeKey::from_bytes(*secret).public_key();
        slot.iter_mut().skip(HINT_BYTES).zip(enc).for_each(|(to, from)| *to = from);
        slot
    }
}

/// Hint by which a recipient finds their wrap. Without the recipient's key, nobody can tell whose
/// wrap it is.
fn hint(salt: &[u8; 16], public: &[u8; 32]) -> [u8; HINT_BYTES] {
    let full = digest(Tag::HINT, &[salt, public]);
    full.first_chunk().copied().unwrap_or_default()
}
