//! Record of a key generation.

use super::located_entry::LocatedEntry;
use crate::base::codec::{Reader, Writer};
use crate::base::id::{DeviceId, MemberId, RootId};
use crate::base::rule::Refusal;
use crate::keys::Card;
use crate::state::Device;
use crate::statement::Generation;

/// Key generation of a member that at least one entry starts, whatever the verdict
/// on that entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GenerationRecord {
    pub(crate) member: MemberId,
    pub(crate) root: RootId,
    /// Device that the card names: the generation's first.
    pub(crate) device: DeviceId,
    /// X25519 key of that device.
    pub(crate) exchange: Device,
    /// X25519 key of the member's recovery phrase.
    pub(crate) recovery: [u8; 32],
    /// Entries that start the generation, in the order of their arrival.
    pub(crate) started_by: Vec<LocatedEntry>,
}

impl GenerationRecord {
    /// Returns the record of a generation with the keys of a card, which no entry
    /// starts yet.
    pub(crate) fn from_card(member: MemberId, card: &Card) -> Self {
        Self {
            member,
            root: card.root(),
            device: card.certificate().device(),
            exchange: Device::certified(card.certificate()),
            recovery: *card.recovery_public_key(),
            started_by: Vec::new(),
        }
    }

    pub(crate) fn write(w: &mut Writer, generation: Generation, record: &Self) {
        w.array(7);
        generation.write(w);
        w.bytes(record.member.as_bytes());
        w.bytes(record.root.as_bytes());
        w.bytes(record.device.as_bytes());
        record.exchange.write(w);
        w.bytes(&record.recovery);
        w.list(record.started_by.iter(), LocatedEntry::write);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(Generation, Self), Refusal> {
        r.array(7)?;
        let generation = Generation::read(r)?;
        let record = Self {
            member: MemberId::from_bytes(r.bytes_n()?),
            root: RootId::from_bytes(r.bytes_n()?),
            device: DeviceId::from_bytes(r.bytes_n()?),
            exchange: Device::read(r)?,
            recovery: r.bytes_n()?,
            started_by: r.list(LocatedEntry::read)?,
        };
        Ok((generation, record))
    }
}
