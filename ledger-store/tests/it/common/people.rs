//! Members whose keys the test holds, so that it can sign as they would.

use ledger_core::engine::{Draft, Ledger, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedCard};
use ledger_core::statement::NewStatement;
use ledger_core::{EntryId, MemberId, Verdict};
use ledger_store::{Arrival, Group, Ingested};

use super::Folder;

/// Bytes of a secret in the key file whose name begins so.
pub fn secret<const N: usize>(folder: &Folder, name: &str) -> [u8; N] {
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    let line = keys.lines().find(|line| line.starts_with(name)).unwrap();
    let hex = line.split_once(' ').unwrap().1.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.chunks(2).map(byte).collect::<Vec<_>>().try_into().unwrap()
}

pub fn ingest(group: &Group, entry: &VerifiedEntry) -> EntryId {
    let bytes = (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
    let mut report = group.entries().ingest(&[bytes]).unwrap();
    // A test may sign as this device itself would.
    let signed_here = entry.decoded().header().device() == group.device();
    let added = vec![Arrival { entry: entry.id(), signed_here }];
    assert_eq!(std::mem::take(&mut report.added), added);
    assert_eq!(report, Ingested::default());
    entry.id()
}

pub fn verdict(group: &Group, id: EntryId) -> Verdict {
    let rows = group.lists().activity(None, 1000).unwrap();
    rows.iter().find(|row| row.entry.id() == id).unwrap().verdict
}

/// Signs at the next place, or at the first after `enrolment`.
pub fn sign(
    ledger: &Ledger,
    device: &DeviceKey,
    enrolment: Option<EntryId>,
    draft: Draft,
) -> VerifiedEntry {
    let next = match enrolment {
        Some(enrolment) => ledger.first_position(device.id(), enrolment),
        None => ledger.next_position(device.id()),
    };
    draft.sign(device, &next.unwrap(), 0).unwrap()
}

/// Ben, whose device is elsewhere, and Anna's keys, who adds and removes him.
pub struct Ben {
    pub anna: DeviceKey,
    owner: RootKey,
    pub device: DeviceKey,
    pub member: MemberId,
    pub added: EntryId,
}

impl Ben {
    /// Anna adds him.
    pub fn join(folder: &Folder, group: &Group) -> Self {
        let anna = DeviceKey::from_bytes(&secret(folder, "device-"));
        let owner = RootEntropy::from_bytes(secret(folder, "entropy")).root_key(0);
        let device = DeviceKey::from_bytes(&[1; 64]);
        let entropy = RootEntropy::from_bytes([2; 32]);
        let card = SignedCard::new(group.id(), "Ben", &entropy, 0, &device).unwrap();
        let ledger = group.ledger().unwrap();
        let draft = Draft::add_member(ledger.state(), &card).unwrap();
        let added = ingest(group, &sign(&ledger, &anna, None, draft));
        Self { anna, owner, device, member: card.card().member(), added }
    }

    /// He signs something at the end of what is known here.
    pub fn write(&self, group: &Group, draft: Draft) -> EntryId {
        let ledger = group.ledger().unwrap();
        let next = ledger.next_position(self.device.id());
        let enrolment = next.is_none().then_some(self.added);
        ingest(group, &sign(&ledger, &self.device, enrolment, draft))
    }

    /// Anna removes him, knowing of nothing after `known`.
    pub fn remove(&self, group: &Group, known: Vec<EntryId>) -> EntryId {
        let remove = NewStatement::Remove { member: self.member };
        let draft = Draft::statement(&self.owner, group.id(), &remove, known, [3; 16]).unwrap();
        ingest(group, &sign(&group.ledger().unwrap(), &self.anna, None, draft))
    }
}
