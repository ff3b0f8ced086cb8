//! What moves no money: endorsements, and a device's own key rotation
//! (SPEC §4.9, §4.10).

use super::RefIndex;
use crate::base::codec::{Reader, Writer};
use crate::base::limits::MAX_TEXT_BYTES;
use crate::base::rule::Refusal;
use crate::keys::{KEM_X25519, check_x25519, expect_kem};

/// A member confirms or disputes an expense or transfer:
/// `[target, 1|0, note|null]`. Shown with it; moves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    pub(crate) target: RefIndex,
    pub(crate) confirms: bool,
    pub(crate) note: Option<String>,
}

impl Endorsement {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let target = RefIndex::read(r)?;
        let confirms = r.flag()?;
        let note = r.optional(|r| r.text(MAX_TEXT_BYTES).map(str::to_owned))?;
        Ok(Self { target, confirms, note })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        self.target.write(w);
        w.flag(self.confirms);
        w.optional(self.note.as_deref(), Writer::text);
    }

    /// The expense, transfer or copy.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }

    /// Whether it confirms; else it disputes.
    #[must_use]
    pub fn confirms(&self) -> bool {
        self.confirms
    }

    /// What the member says to it.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

/// The author's device has a new X25519 key: `[x_gen, kem_id, x_pk]`.
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

    /// How often the device rotated, this time included.
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
