//! Keys, cards and names, made from the small numbers of the model.

use std::collections::BTreeMap;

use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::statement::{Generation, StatementId};
use ledger_core::{DeviceId, EntryId, GroupId, MemberId as RealMember};

use super::Error;
use super::number;
use ledger_model::{Card, CardId, Device, Digest, Gen, Holder, Id, MemberId, Root};

/// The salt of every genesis entry.
pub(super) const SALT: [u8; 32] = [7; 32];

/// The founder's card, admitted by somebody again: it is for the group now, not for the salt, so it
/// is another card.
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

/// Thirty-two bytes that are nothing but a number and what it is for.
fn bytes(what: u8, n: u64) -> [u8; 32] {
    let mut bytes = [what; 32];
    bytes.iter_mut().zip(n.to_be_bytes()).for_each(|(byte, b)| *byte = b);
    bytes
}

/// Who holds this root key.
pub(super) fn entropy(root: Root) -> RootEntropy {
    RootEntropy::from_bytes(bytes(1, u64::from(root)))
}

/// The digest that the model gives to a real statement.
pub(super) fn digest_number(digest: StatementId) -> Digest {
    number(EntryId::from_bytes(*digest.as_bytes()))
}

/// The keys on a person's card.
pub(super) fn of(card: &Card) -> Option<(Root, Device)> {
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

    /// A person's card, signed, and what the model calls it.
    pub(super) fn card(&mut self, card: Card) -> Result<(SignedCard, Card), Error> {
        let id = if card.id == self.founder { FOUNDER_AGAIN } else { card.id };
        let (root, device) = of(&card).ok_or("a placeholder's card has no keys")?;
        if !self.signed.contains_key(&id) {
            let (group, name) = (self.group, card.name.to_string());
            let signed = SignedCard::new(group, &name, &entropy(root), 0, self.device(device))?;
            self.members.insert(id, signed.card().member());
            self.signed.insert(id, signed);
        }
        let signed = self.signed.get(&id).cloned().ok_or("no card")?;
        Ok((signed, Card { id, ..card }))
    }

    /// Takes note of a member's real name.
    pub(super) fn name(&mut self, member: MemberId, real: RealMember) {
        self.members.insert(member, real);
    }

    /// A member's real name.
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

    /// A real generation's name in the model.
    pub(super) fn generation_number(&self, generation: Generation) -> Option<Gen> {
        Some(match generation {
            Generation::Card(member) => Gen::Card(self.member_number(member)?),
            Generation::Claim(entry) => Gen::Claim(number(entry)),
            Generation::Bind(act) => Gen::Bind(digest_number(act)),
        })
    }
}

/// Stands for an entry that was never made.
pub(super) fn no_entry(id: Id) -> EntryId {
    EntryId::from_bytes(bytes(5, id))
}

/// Stands for a statement that was never made.
pub(super) fn no_statement(digest: Digest) -> StatementId {
    StatementId::from_bytes(bytes(6, digest))
}

/// The nonce of a statement or card.
pub(super) fn nonce(n: u64) -> [u8; 16] {
    let mut nonce = [8; 16];
    nonce.iter_mut().zip(n.to_be_bytes()).for_each(|(byte, b)| *byte = b);
    nonce
}
