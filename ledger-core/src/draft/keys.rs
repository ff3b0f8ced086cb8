//! Drafts about keys: a device's new exchange key, a group's new epoch.

use super::Draft;
use crate::payload::{Epoch, Payload, Rotation};

impl Draft {
    /// Announces the device's new X25519 public key. `generation` is the number of the
    /// device's rotations, this one included.
    #[must_use]
    pub fn rotation(generation: u64, exchange_public_key: [u8; 32]) -> Self {
        let rotation = Rotation::new(generation, exchange_public_key);
        Self { payload: Payload::Rotation(rotation), refs: Vec::new() }
    }

    /// Begins an epoch: [`EpochKey::begin`](crate::seal::EpochKey::begin).
    #[must_use]
    pub fn epoch(epoch: Epoch) -> Self {
        let refs = epoch.predecessors().to_vec();
        Self { payload: Payload::Epoch(epoch), refs }
    }
}
