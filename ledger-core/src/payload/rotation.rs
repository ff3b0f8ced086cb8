//! Rotations: a device announces a new X25519 key (SPEC §4.10).

use crate::base::codec::{Reader, Writer};
use crate::base::rule::Refusal;
use crate::keys::{KEM_X25519, check_x25519, expect_kem};

/// Announcement of a new X25519 key of the author's device: `[x_gen, kem_id, x_pk]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    generation: u64,
    exchange: [u8; 32],
}

impl Rotation {
    pub(crate) fn new(generation: u64, exchange: [u8; 32]) -> Self {
        Self { generation, exchange }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let generation = r.uint()?;
        expect_kem(r)?;
        let exchange = r.bytes_n()?;
        check_x25519(&exchange, "the new exchange key")?;
        Ok(Self { generation, exchange })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.uint(self.generation);
        w.uint(KEM_X25519);
        w.bytes(&self.exchange);
    }

    /// Number of rotations of the device, this one included.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The new X25519 public key.
    #[must_use]
    pub fn exchange_public_key(&self) -> &[u8; 32] {
        &self.exchange
    }
}
