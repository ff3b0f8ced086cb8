//! Keys, cards and names, made from the small numbers of the model.

use std::collections::BTreeMap;

use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::statement::{Generation, StatementId};
use ledger_core::{DeviceId, EntryId, GroupId, MemberId as RealMember};
use ledger_model::{
    Card, CardId, Device, Digest, Generation as ModelGeneration, Holder, Id, MemberId, Root,
};

use super::Error;
use super::model_id;

/// The salt of every genesis entry.
pub(super) const SALT: [u8; 32] = [7; 32];

/// The card of the founder when a member adds it again. It is for the group then, not for the salt, so
/// it is another card.
const FOUNDER_AGAIN: CardId = CardId::MAX;

/// Keys, cards and names.
pub(super) struct Keys {
    script: BTreeMap<CardId, Card>,
    group: GroupId,
    founder: CardId,
    devices: BTreeMap<Device, DeviceKey>,
    signed: BTreeMap<CardId, SignedCard>,
    members: BTreeMap<MemberId, RealMember>,
}

/// Thirty-two bytes made of a purpose and a number.
fn bytes(what: u8, n: u64) -> [u8; 32] {
    let mut bytes = [what; 32];
    bytes.iter_mut().zip(n.to_be_bytes()).for_each(|(byte, b)| *byte = b);
    bytes
}

/// The entropy from which a root key follows.
pub(super) fn entropy(root: Root) -> RootEntropy {
    RootEntropy::from_bytes(bytes(1, u64::from(root)))
}

/// The digest that the model gives to a real statement.
pub(super) fn digest_number(digest: StatementId) -> Digest {
    model_id(EntryId::from_bytes(*digest.as_bytes()))
}

/// The keys on a person's card.
pub(super) fn from_card(card: &Card) -> Option<(Root, Device)> {
    match card.of {
        Holder::Person { root, device } => Some((root, device)),
        Holder::Placeholder { .. } => None,
    }
}

impl Keys {
    pub(super) fn new(cards: &[Card]) -> Keys {
        Keys {
            script: cards.iter().map(|card| (card.id, *card)).collect(),
            group: GroupId::from_bytes([0; 32]),
            founder: 0,
            devices: BTreeMap::new(),
            signed: BTreeMap::new(),
            members: BTreeMap::new(),
        }
    }

    pub(super) fn founded(&mut self, group: GroupId, founder: CardId, member: RealMember) {
        (self.group, self.founder) = (group, founder);
        self.members.insert(founder, member);
    }

    /// The founder's number.
    pub(super) fn founder(&self) -> MemberId {
        self.founder
    }

    /// A device's key.
    pub(super) fn device(&mut self, device: Device) -> &DeviceKey {
        self.devices.entry(device).or_insert_with(|| {
            let halves = [bytes(2, u64::from(device)), bytes(3, u64::from(device))];
            let mut both = [0; 64];
            both.iter_mut().zip(halves.iter().flatten()).for_each(|(to, from)| *to = *from);
            DeviceKey::from_bytes(&both)
        })
    }

    /// The devices met so far.
    pub(super) fn known_devices(&self) -> Vec<Device> {
        self.devices.keys().copied().collect()
    }

    /// The number of a device.
    pub(super) fn device_number(&self, id: DeviceId) -> Option<Device> {
        self.devices.iter().find(|(_, key)| key.id() == id).map(|(n, _)| *n)
    }

    /// The signed card of a person, and the card of the model.
    pub(super) fn card(&mut self, card: Card) -> Result<(SignedCard, Card), Error> {
        let id = if card.id == self.founder { FOUNDER_AGAIN } else { card.id };
        let (root, device) = from_card(&card).ok_or("a placeholder's card has no keys")?;
        if !self.signed.contains_key(&id) {
            let (group, name) = (self.group, card.name.to_string());
            let signed = SignedCard::new(group, &name, &entropy(root), 0, self.device(device))?;
            self.members.insert(id, signed.card().member());
            self.signed.insert(id, signed);
        }
        let signed = self.signed.get(&id).cloned().ok_or("no card")?;
        Ok((signed, Card { id, ..card }))
    }

    /// Records the real id of a member.
    pub(super) fn name(&mut self, member: MemberId, real: RealMember) {
        self.members.insert(member, real);
    }

    /// The real id of a member.
    pub(super) fn member(&mut self, member: MemberId) -> Result<RealMember, Error> {
        if let Some(known) = self.members.get(&member) {
            return Ok(*known);
        }
        match self.script.get(&member).copied() {
            Some(card) => Ok(self.card(card)?.0.card().member()),
            None => Ok(RealMember::from_bytes(bytes(4, u64::from(member)))),
        }
    }

    /// A member's number.
    pub(super) fn member_number(&self, real: RealMember) -> Option<MemberId> {
        self.members.iter().find(|(_, id)| **id == real).map(|(n, _)| *n)
    }

    /// The model's generation for a real one.
    pub(super) fn generation_number(&self, generation: Generation) -> Option<ModelGeneration> {
        Some(match generation {
            Generation::Card(member) => ModelGeneration::Card(self.member_number(member)?),
            Generation::Claim(entry) => ModelGeneration::Claim(model_id(entry)),
            Generation::Bind(statement) => ModelGeneration::Bind(digest_number(statement)),
        })
    }
}

/// The id of an entry that does not exist.
pub(super) fn no_entry(id: Id) -> EntryId {
    EntryId::from_bytes(bytes(5, id))
}

/// The id of a statement that does not exist.
pub(super) fn no_statement(digest: Digest) -> StatementId {
    StatementId::from_bytes(bytes(6, digest))
}

/// The nonce of a statement or card.
pub(super) fn nonce(n: u64) -> [u8; 16] {
    let mut nonce = [8; 16];
    nonce.iter_mut().zip(n.to_be_bytes()).for_each(|(byte, b)| *byte = b);
    nonce
}
