//! Keys of devices, and epochs, as entries travel under them.

use std::collections::BTreeSet;

use crate::base::id::{EntryId, EpochCommit, StatementId, Topic};
use crate::keys::DeviceCertificate;
use crate::payload::Rotation;
use crate::statement::Generation;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Statements and rotations that are set aside when a device asks which epochs it may use. What
/// the entries mean does not depend on it (SPEC §11.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetAside {
    /// The generation whose revocations and leaves are set aside: that of a device which left or
    /// was revoked, when it seals what it recorded before (rule Y6).
    pub generation: Option<Generation>,
    /// Revocations and leaves that are not heeded yet.
    pub statements: BTreeSet<StatementId>,
    /// Rotations that are not heeded yet.
    pub entries: BTreeSet<EntryId>,
}

impl SetAside {
    pub(crate) fn holds_statement(&self, id: StatementId, signing: Option<Generation>) -> bool {
        let own = self.generation.is_some() && signing == self.generation;
        own || self.statements.contains(&id)
    }
}
