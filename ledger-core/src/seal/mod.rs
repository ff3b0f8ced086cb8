//! Sealing: epoch keys, envelopes and key envelopes, wraps, and secrets at rest (SPEC §1.2, §11,
//! §17). Pure functions of keys and bytes.

pub(crate) mod aead;
mod at_rest;
mod envelope;
mod epoch_key;
mod key_envelope;
mod padding;
mod recover;
#[cfg(test)]
mod tests;
pub(crate) mod wrap;

pub use crate::base::id::{EpochCommit, Topic};
pub use at_rest::{SealedSecretError, WrappingKey};
pub use envelope::{Envelope, EnvelopeError, MAX_ENVELOPE_BYTES};
pub(crate) use envelope::{is_envelope_len, parse, sealed_len};
pub(crate) use epoch_key::topic_of;
pub use epoch_key::{EpochError, EpochKey};
pub(crate) use key_envelope::is_key_envelope_len;
pub use key_envelope::{KeyEnvelope, KeyEnvelopeError, MAX_WRAPS};
pub use recover::FoundKey;
pub use wrap::WrapError;
