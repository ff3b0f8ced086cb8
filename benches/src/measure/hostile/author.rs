//! A member who signs what no app would.

use std::collections::BTreeMap;

use ed25519_zebra::SigningKey;
use ledger_core::engine::{Draft, Payload, VerifiedEntry};
use ledger_core::hazmat::{any_names, any_position};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard, SignedDevice};
use ledger_core::statement::{Generation, NewStatement, SignedStatement};
use ledger_core::{EntryId, GroupId, MemberId};
use sha2::{Digest as _, Sha256};

/// A device and the end of its chain.
pub(super) struct Device {
    pub(super) key: DeviceKey,
    pub(super) seq: u64,
    pub(super) back: EntryId,
}

/// Signs entries at any position, and keeps them in the order of signing.
pub(super) struct Author {
    pub(super) group: GroupId,
    pub(super) generation: Generation,
    pub(super) member: MemberId,
    entropy: RootEntropy,
    /// Clocks of all entries that may be named.
    clocks: BTreeMap<EntryId, u64>,
    entries: Vec<(Vec<u8>, [u8; 64])>,
    fresh: u64,
}

impl Author {
    pub(super) fn new(
        group: GroupId,
        entropy: RootEntropy,
        generation: Generation,
        member: MemberId,
    ) -> Self {
        let (clocks, entries) = (BTreeMap::new(), Vec::new());
        Self { group, generation, member, entropy, clocks, entries, fresh: 0 }
    }

    /// Learns of an entry by somebody else.
    pub(super) fn know(&mut self, id: EntryId, clock: u64) {
        self.clocks.insert(id, clock);
    }

    /// The entries since the last call.
    pub(super) fn take(&mut self) -> Vec<(Vec<u8>, [u8; 64])> {
        std::mem::take(&mut self.entries)
    }

    pub(super) fn random<const N: usize>(&mut self) -> [u8; N] {
        self.fresh += 1;
        let mut bytes = [0x5a; N];
        bytes[..8].copy_from_slice(&self.fresh.to_be_bytes());
        bytes
    }

    /// An id that no entry has.
    pub(super) fn no_entry(&mut self) -> EntryId {
        EntryId::from_bytes(self.random())
    }

    /// A fresh device behind an entry.
    pub(super) fn device(&mut self, back: EntryId) -> Device {
        Device { key: DeviceKey::from_bytes(&self.random()), seq: 0, back }
    }

    /// Signs a draft at a position whose clock is right for the known dependencies.
    pub(super) fn sign(
        &mut self,
        key: &DeviceKey,
        seq: u64,
        back: EntryId,
        parents: &[EntryId],
        draft: Draft,
    ) -> VerifiedEntry {
        let refs = refs(self.group, &draft);
        let known = std::iter::once(&back).chain(parents).chain(&refs);
        let clock = known.map(|id| self.clocks.get(id).copied().unwrap_or(1)).max().unwrap();
        let mut parents = parents.to_vec();
        parents.sort();
        parents.retain(|parent| *parent != back);
        let at = any_position(self.group, key.id(), seq, back, parents, clock + 1);
        let entry = draft.sign(key, &at, 0).unwrap();
        let decoded = entry.decoded();
        self.clocks.insert(entry.id(), clock + 1);
        self.entries.push((decoded.as_bytes().to_vec(), *decoded.signature()));
        entry
    }

    /// The next entry of a device.
    pub(super) fn next(
        &mut self,
        device: &mut Device,
        parents: &[EntryId],
        draft: Draft,
    ) -> EntryId {
        let id = self.sign(&device.key, device.seq, device.back, parents, draft).id();
        (device.seq, device.back) = (device.seq + 1, id);
        id
    }

    /// A statement under the member's root key, on a base.
    pub(super) fn state(&mut self, statement: &NewStatement<'_>, base: EntryId) -> Draft {
        let nonce = self.random();
        let root = self.entropy.root_key(0);
        Draft::statement(&root, self.group, statement, [base], nonce).unwrap()
    }

    /// Signs a statement with a device, on the end of its chain.
    pub(super) fn statement(
        &mut self,
        device: &mut Device,
        statement: &NewStatement<'_>,
    ) -> EntryId {
        let draft = self.state(statement, device.back);
        self.next(device, &[], draft)
    }

    /// A statement in the form in which entries carry it.
    pub(super) fn signed(&mut self, device: &mut Device, draft: Draft) -> SignedStatement {
        let entry = self.sign(&device.key, device.seq, device.back, &[], draft);
        (device.seq, device.back) = (device.seq + 1, entry.id());
        let Payload::Statement(signed) = entry.decoded().payload() else { panic!("no statement") };
        (**signed).clone()
    }

    /// Enrols a further device.
    pub(super) fn enrol(&mut self, device: &mut Device) -> Device {
        let key = DeviceKey::from_bytes(&self.random());
        let signed = SignedDevice::new(self.group, &self.entropy.root_key(0), &key).unwrap();
        let statement = NewStatement::Enrol { generation: self.generation, device: &signed };
        let back = self.statement(device, &statement);
        Device { key, seq: 0, back }
    }

    /// A person with the keys of a device.
    pub(super) fn person(&mut self, name: &str) -> (RootEntropy, DeviceKey, SignedCard) {
        let entropy = RootEntropy::from_bytes(self.random());
        let key = DeviceKey::from_bytes(&self.random());
        let card = SignedCard::new(self.group, name, &entropy, 0, &key).unwrap();
        (entropy, key, card)
    }

    /// Many entries of one device at one place, which further entries join.
    pub(super) fn forks(&mut self, device: &mut Device, count: usize) {
        let (seq, back) = (device.seq, device.back);
        let mut ids = Vec::new();
        for n in 0..count {
            let draft = Draft::rotation(n as u64, [9; 32]);
            ids.push(self.sign(&device.key, seq, back, &[], draft).id());
        }
        (device.seq, device.back) = (seq + 1, ids[0]);
        for joined in ids.chunks(16) {
            self.next(device, joined, Draft::merge());
        }
    }

    /// Signs an entry of a version and kind that no draft has. `seed` is that of a signing key.
    pub(super) fn raw(&mut self, seed: [u8; 32], version: u64, kind: u64, payload: &[u8]) {
        let key = SigningKey::from(seed);
        let device: [u8; 32] = ed25519_zebra::VerificationKey::from(&key).into();
        let header = [
            vec![0x8c],
            uint(0, version),
            bytes(self.group.as_bytes()),
            bytes(&device),
            uint(0, 1),
            bytes(self.no_entry().as_bytes()),
            uint(4, 0),
            uint(4, 0),
            uint(0, 2),
            uint(0, 0),
            uint(0, kind),
            uint(0, payload.len() as u64),
            bytes(&digest("payload", payload)),
        ]
        .concat();
        let message = [b"gl/1/entry-sig".as_slice(), &digest("entry", &header)].concat();
        self.entries.push(([header.as_slice(), payload].concat(), key.sign(&message).into()));
    }
}

/// An addition beyond the limits that honest devices keep.
pub(super) fn any_add(card: &SignedCard) -> Draft {
    Draft::add_member(&any_names(GroupId::from_bytes([0; 32]), []), card).unwrap()
}

/// The refs of a draft, which a trial signature tells.
fn refs(group: GroupId, draft: &Draft) -> Vec<EntryId> {
    let key = DeviceKey::from_bytes(&[1; 64]);
    let at = any_position(group, key.id(), 0, group.genesis(), Vec::new(), 1);
    let trial = draft.clone().sign(&key, &at, 0).unwrap();
    trial.decoded().header().refs().to_vec()
}

/// The head of a CBOR item.
fn uint(major: u8, n: u64) -> Vec<u8> {
    let first = major << 5;
    match n {
        0..=23 => vec![first | n as u8],
        24..=0xff => vec![first | 24, n as u8],
        0x100..=0xffff => [vec![first | 25], (n as u16).to_be_bytes().to_vec()].concat(),
        _ => [vec![first | 26], (n as u32).to_be_bytes().to_vec()].concat(),
    }
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [uint(2, content.len() as u64), content.to_vec()].concat()
}

/// `D(tag, x)`.
fn digest(name: &str, data: &[u8]) -> [u8; 32] {
    let tag = format!("gl/1/{name}");
    let mut hasher = Sha256::new();
    hasher.update([tag.len() as u8]);
    hasher.update(&tag);
    hasher.update(data);
    hasher.finalize().into()
}
