//! Payloads that move no money: endorsements and key rotations (SPEC §4.9, §4.10).

use super::RefIndex;
use crate::base::codec::{Reader, Writer};
use crate::base::limits::MAX_TEXT_BYTES;
use crate::base::rule::Refusal;
use crate::keys::{KEM_X25519, check_x25519, expect_kem};

/// Review of a transaction by a member, who confirms or disputes it:
/// `[target, 1|0, note|null]`. Apps show it; balances do not change.
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

    /// The entry that is reviewed: an expense, a transfer or a copy.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }

    /// Whether the member confirms; otherwise the member disputes.
    #[must_use]
    pub fn confirms(&self) -> bool {
        self.confirms
    }

    /// The member's note.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

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
