//! Key generations.

use super::version_vector::Located;
use crate::codec::{Reader, Writer};
use crate::id::{DeviceId, MemberId, RootId};
use crate::keys::Card;
use crate::rule::Refusal;
use crate::state::Device;
use crate::statement::Generation;

/// A key generation that some entry starts, whatever its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GenerationRecord {
    pub(crate) member: MemberId,
    pub(crate) root: RootId,
    pub(crate) device: DeviceId,
    /// The X25519 key of the first device.
    pub(crate) exchange: Device,
    /// The X25519 key of the person's phrase.
    pub(crate) recovery: [u8; 32],
    /// Every entry that starts it.
    pub(crate) by: Vec<Located>,
}

impl GenerationRecord {
    pub(crate) fn by_card(member: MemberId, card: &Card) -> Self {
        Self {
            member,
            root: card.root(),
            device: card.certificate().device(),
            exchange: Device::certified(card.certificate()),
            recovery: *card.recovery_public_key(),
            by: Vec::new(),
        }
    }
}

impl GenerationRecord {
    pub(crate) fn write(w: &mut Writer, generation: Generation, started: &Self) {
        w.array(7);
        generation.write(w);
        w.bytes(started.member.as_bytes());
        w.bytes(started.root.as_bytes());
        w.bytes(started.device.as_bytes());
        started.exchange.write(w);
        w.bytes(&started.recovery);
        w.list(started.by.iter(), Located::write);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(Generation, Self), Refusal> {
        r.array(7)?;
        let generation = Generation::read(r)?;
        let started = Self {
            member: MemberId::from_bytes(r.bytes_n()?),
            root: RootId::from_bytes(r.bytes_n()?),
            device: DeviceId::from_bytes(r.bytes_n()?),
            exchange: Device::read(r)?,
            recovery: r.bytes_n()?,
            by: r.list(Located::read)?,
        };
        Ok((generation, started))
    }
}
