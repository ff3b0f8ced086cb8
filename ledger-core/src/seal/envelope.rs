//! Envelopes: sealed entries (SPEC §11.3).

use super::aead::TAG_BYTES;
use super::epoch_key::EpochKey;
use super::padding::{MAX_PADDED_BYTES, is_padded_len, padded_len};
use crate::base::hash::Tag;
use crate::base::id::Topic;
use crate::base::rule::Refusal;
use crate::entry::DecodedEntry;

/// First byte of an envelope.
const KIND: u8 = 0x01;

/// Bytes before the ciphertext: kind, topic, nonce.
const HEAD_BYTES: usize = 1 + 32 + 24;

/// Most bytes of an envelope.
pub const MAX_ENVELOPE_BYTES: usize = HEAD_BYTES + MAX_PADDED_BYTES + TAG_BYTES;

/// Reason why an envelope cannot be opened. Its maker or its carrier is at fault. Nothing changes on
/// this device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Rule X1: the first byte is not that of an envelope.
    #[error("the first byte is {0}; update the app if a newer version sealed this")]
    Kind(u8),
    /// Rule X1: no envelope has this size. It was cut off, or other bytes follow it.
    #[error("no envelope is {0} bytes long; it was cut off, or something was added")]
    Size(usize),
    /// Rule X2: envelope and key are of different epochs.
    #[error("the envelope is of topic {found:?}, the key of {key:?}")]
    OtherTopic {
        /// The envelope's topic.
        found: Topic,
        /// The key's topic.
        key: Topic,
    },
    /// Rule X3: the key is another one, or a byte was altered.
    #[error("the envelope does not open: it was altered, or sealed under another key")]
    NotAuthentic,
    /// Rule X4: the length inside does not fit the envelope's size.
    #[error("the length inside, {0} bytes, does not fit the envelope")]
    Length(u64),
    /// Rule X4: the padding is not zero.
    #[error("the padding is not zero")]
    Padding,
    /// Rule X5: the nonce is not the one that follows from the content.
    #[error("the nonce is not the one that follows from the entry")]
    Nonce,
    /// Rule X6: the content is no entry.
    #[error(transparent)]
    Entry(#[from] Refusal),
}

/// Received envelope of which only the form is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    topic: Topic,
    nonce: [u8; 24],
    ciphertext: &'a [u8],
}

/// Bytes of what [`EpochKey::seal_padded`] makes of so many.
pub(crate) fn sealed_len(content: usize) -> usize {
    let padded = padded_len(content.saturating_add(4));
    padded.saturating_add(HEAD_BYTES).saturating_add(TAG_BYTES)
}

impl<'a> Envelope<'a> {
    /// Length of the envelope of an entry of `entry_bytes` bytes.
    #[must_use]
    pub fn sealed_len(entry_bytes: usize) -> usize {
        sealed_len(entry_bytes.saturating_add(64))
    }

    /// Reads an envelope (rule X1).
    ///
    /// # Errors
    /// [`EnvelopeError::Kind`] or [`EnvelopeError::Size`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let (topic, nonce, ciphertext) = parse(KIND, bytes)?;
        Ok(Self { topic, nonce, ciphertext })
    }

    /// The topic, by which the key is found.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }
}

impl EpochKey {
    /// Seals an entry. The same entry, signature and key always give the same bytes.
    #[must_use]
    pub fn seal(&self, entry: &DecodedEntry) -> Vec<u8> {
        let (id, signature) = (entry.id(), entry.signature());
        let named: [&[u8]; 2] = [id.as_bytes(), signature];
        self.seal_padded(KIND, Tag::ENVELOPE, &named, entry.as_bytes(), signature)
    }

    /// Opens an envelope (rules X2 to X6). The signature inside is not yet
    /// checked.
    ///
    /// # Errors
    /// [`EnvelopeError`], the first rule that is broken.
    pub fn open(&self, envelope: &Envelope<'_>) -> Result<DecodedEntry, EnvelopeError> {
        let Envelope { topic, nonce, ciphertext } = *envelope;
        self.open_padded(KIND, Tag::ENVELOPE, (topic, nonce, ciphertext), 64, |bytes, rest| {
            let signature = rest.first_chunk().ok_or(EnvelopeError::Size(rest.len()))?;
            let entry = DecodedEntry::decode(bytes, signature)?;
            let expected = self.nonce(&[entry.id().as_bytes(), signature]);
            if expected == nonce { Ok(entry) } else { Err(EnvelopeError::Nonce) }
        })
    }

    /// Seals `len32 ‖ bytes ‖ more ‖ zeros` as `kind ‖ topic ‖ nonce ‖ ct`. The nonce follows from
    /// `named`.
    pub(crate) fn seal_padded(
        &self,
        kind: u8,
        purpose: Tag,
        named: &[&[u8]],
        bytes: &[u8],
        more: &[u8],
    ) -> Vec<u8> {
        let nonce = self.nonce(named);
        let len = bytes.len().saturating_add(more.len()).saturating_add(4);
        let padded = HEAD_BYTES.saturating_add(padded_len(len));
        let mut out = Vec::with_capacity(padded.saturating_add(TAG_BYTES));
        out.push(kind);
        out.extend_from_slice(self.topic().as_bytes());
        out.extend_from_slice(&nonce);
        // No entry or manifest comes near 4 GiB.
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(more);
        out.resize(padded, 0);
        self.seal.seal_from(&nonce, &associated(kind, purpose, self.topic()), &mut out, HEAD_BYTES);
        out
    }

    /// Opens the result of [`EpochKey::seal_padded`], and gives both parts to `read`. `more` is the
    /// length of the second part.
    pub(crate) fn open_padded<T>(
        &self,
        kind: u8,
        purpose: Tag,
        (topic, nonce, ciphertext): (Topic, [u8; 24], &[u8]),
        more: usize,
        read: impl FnOnce(&[u8], &[u8]) -> Result<T, EnvelopeError>,
    ) -> Result<T, EnvelopeError> {
        if topic != self.topic() {
            return Err(EnvelopeError::OtherTopic { found: topic, key: self.topic() });
        }
        let ad = associated(kind, purpose, topic);
        let plaintext =
            self.seal.open(&nonce, &ad, ciphertext).ok_or(EnvelopeError::NotAuthentic)?;
        let misfit = || EnvelopeError::Length(0);
        let (len32, rest) = plaintext.split_first_chunk::<4>().ok_or_else(misfit)?;
        let len32 = u32::from_be_bytes(*len32);
        let misfit = || EnvelopeError::Length(u64::from(len32));
        let len = usize::try_from(len32).map_err(|_| misfit())?;
        let (bytes, rest) = rest.split_at_checked(len).ok_or_else(misfit)?;
        let (more, padding) = rest.split_at_checked(more).ok_or_else(misfit)?;
        let content = len.saturating_add(more.len()).saturating_add(4);
        // Each length has one size class, so an entry has one envelope per key.
        if padded_len(content) != plaintext.len() {
            return Err(misfit());
        }
        // Other padding would give one entry several envelopes, and room for hidden data.
        if padding.iter().any(|byte| *byte != 0) {
            return Err(EnvelopeError::Padding);
        }
        read(bytes, more)
    }
}

/// Whether an envelope or a sealed manifest can have this length (rule X1).
pub(crate) fn is_envelope_len(len: usize) -> bool {
    len.checked_sub(HEAD_BYTES.saturating_add(TAG_BYTES)).is_some_and(is_padded_len)
}

/// Splits `kind ‖ topic ‖ nonce ‖ ct`.
pub(crate) fn parse(kind: u8, bytes: &[u8]) -> Result<(Topic, [u8; 24], &[u8]), EnvelopeError> {
    let size = || EnvelopeError::Size(bytes.len());
    let (found, rest) = bytes.split_first().ok_or_else(size)?;
    if *found != kind {
        return Err(EnvelopeError::Kind(*found));
    }
    let (topic, rest) = rest.split_first_chunk::<32>().ok_or_else(size)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<24>().ok_or_else(size)?;
    if !is_envelope_len(bytes.len()) {
        return Err(size());
    }
    Ok((Topic::from_bytes(*topic), *nonce, ciphertext))
}

fn associated(kind: u8, purpose: Tag, topic: Topic) -> Vec<u8> {
    [purpose.as_bytes(), &[kind], topic.as_bytes()].concat()
}
