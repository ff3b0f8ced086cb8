//! Keys of devices, and epochs, as entries travel under them.

use crate::base::id::{EpochCommit, Topic};
use crate::keys::DeviceCertificate;
use crate::payload::Rotation;

/// X25519 key of a device that may write, to which epoch keys are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    pub(crate) exchange_generation: u64,
    pub(crate) exchange: [u8; 32],
}

impl Device {
    /// Returns the key to which a rotation changes.
    pub(crate) fn rotated(rotation: &Rotation) -> Self {
        Self {
            exchange_generation: rotation.generation(),
            exchange: *rotation.exchange_public_key(),
        }
    }

    /// Returns the key on a device certificate.
    pub(crate) fn certified(certificate: &DeviceCertificate) -> Self {
        Self {
            exchange_generation: certificate.exchange_generation(),
            exchange: *certificate.exchange_public_key(),
        }
    }

    /// Returns how often the key was rotated.
    #[must_use]
    pub fn exchange_generation(&self) -> u64 {
        self.exchange_generation
    }

    /// Returns the public key.
    #[must_use]
    pub fn exchange_public_key(&self) -> &[u8; 32] {
        &self.exchange
    }
}

/// Epoch under whose key entries may be sealed (SPEC §11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsableEpoch {
    pub(crate) topic: Topic,
    pub(crate) commit: EpochCommit,
}

impl UsableEpoch {
    pub(crate) fn new(topic: Topic, commit: EpochCommit) -> Self {
        Self { topic, commit }
    }

    /// Returns the topic of its envelopes.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Returns the commitment to its key.
    #[must_use]
    pub fn commit(&self) -> EpochCommit {
        self.commit
    }
}
