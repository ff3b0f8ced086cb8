//! Statements, and what else is signed, with any number of heads: one writer who signs many entries
//! side by side keeps nobody from signing.

#![cfg(feature = "sqlcipher")]

use ledger_core::engine::{Draft, Ledger};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard, SignedDevice};
use ledger_core::{EntryId, MemberId};
use ledger_store::{Group, NewEntry, StatementIntent, Store};

use crate::common::people::{ingest, secret, sign};
use crate::common::{Folder, Rng, Travelling, assert_sound, count, details, found, heads};

/// Anna's group with a writer who makes heads, and Cleo, who wrote three dinners.
struct Busy {
    folder: Folder,
    _store: Store,
    group: Group,
    ben: Person,
    cleo: Person,
    dinners: Vec<EntryId>,
    rng: Rng,
}

struct Person {
    device: DeviceKey,
    member: MemberId,
    added: EntryId,
}

impl Person {
    fn join(group: &Group, anna: &DeviceKey, name: &str, number: u8) -> Self {
        let device = DeviceKey::from_bytes(&[number; 64]);
        let entropy = RootEntropy::from_bytes([number; 32]);
        let card = SignedCard::new(group.id(), name, &entropy, 0, &device).unwrap();
        let ledger = group.ledger().unwrap();
        let draft = Draft::add_member(ledger.state(), &card).unwrap();
        let added = ingest(group, &sign(&ledger, anna, None, draft));
        Self { device, member: card.card().member(), added }
    }

    /// The entry that the person's first one follows, if they have none yet.
    fn enrolment(&self, ledger: &Ledger) -> Option<EntryId> {
        ledger.next_position(self.device.id()).is_none().then_some(self.added)
    }
}

impl Busy {
    fn new(seed: u64) -> Self {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 2);
        let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
        let ben = Person::join(&group, &anna, "Ben", 11);
        let cleo = Person::join(&group, &anna, "Cleo", 12);
        let mut busy =
            Self { folder, _store: store, group, ben, cleo, dinners: vec![], rng: Rng::new(seed) };
        for _ in 0..3 {
            let ledger = busy.group.ledger().unwrap();
            let draft = Draft::record(ledger.state(), &details(ledger.state(), &mut busy.rng));
            let home = busy.cleo.enrolment(&ledger);
            let entry = sign(&ledger, &busy.cleo.device, home, draft.unwrap());
            busy.dinners.push(ingest(&busy.group, &entry));
        }
        busy
    }

    /// Ben signs entries side by side, so that there are as many heads beside Anna's own. Returns one.
    fn fork(&mut self, number: usize) -> EntryId {
        let ledger = self.group.ledger().unwrap();
        let home = self.ben.enrolment(&ledger);
        let entries: Vec<Travelling> = (0..number)
            .map(|_| {
                let draft = Draft::record(ledger.state(), &details(ledger.state(), &mut self.rng));
                let entry = sign(&ledger, &self.ben.device, home, draft.unwrap());
                (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature())
            })
            .collect();
        let added = self.group.entries().ingest(&entries).unwrap().added;
        assert_eq!(added.len(), number);
        assert!(heads(&self.group).len() >= number);
        added[0].entry
    }

    fn intents(&self) -> Vec<StatementIntent> {
        let (group, member) = (&self.group, self.cleo.member);
        let owner = RootEntropy::from_bytes(secret(&self.folder, "entropy")).root_key(0);
        let phone = DeviceKey::from_bytes(&[21; 64]);
        let device = Box::new(SignedDevice::new(group.id(), &owner, &phone).unwrap());
        let entropy = RootEntropy::from_bytes([22; 32]);
        let key = DeviceKey::from_bytes(&[22; 64]);
        let card = Box::new(SignedCard::new(group.id(), "Cleo", &entropy, 0, &key).unwrap());
        let since = Some(self.dinners[1]);
        vec![
            StatementIntent::RenameGroup { name: "House".into() },
            StatementIntent::Rename { name: "Anne".into() },
            StatementIntent::Enrol { device },
            StatementIntent::Revoke { device: phone.id(), since: None },
            StatementIntent::Bind { member, card, since },
            StatementIntent::Remove { member, since: None },
        ]
    }
}

/// Signs every statement, with new heads in front of each.
fn signs_everything(number: usize) {
    let mut busy = Busy::new(number as u64);
    for intent in busy.intents() {
        busy.fork(number);
        let (before, tips) = (count(&busy.group), heads(&busy.group));
        let proposal = busy.group.statements().propose(intent.clone()).unwrap();
        assert_eq!((count(&busy.group), heads(&busy.group)), (before, tips), "only a look");
        let voids = matches!(intent, StatementIntent::Bind { .. }).then(|| &busy.dinners[1..]);
        let mut expected = voids.unwrap_or_default().to_vec();
        expected.sort();
        let mut told = proposal.voids().to_vec();
        told.sort();
        assert_eq!(told, expected, "{intent:?}");
        busy.group.statements().sign(&proposal).unwrap();
    }
    // Also of the writer himself.
    let first = busy.fork(number);
    let remove = StatementIntent::Remove { member: busy.ben.member, since: Some(first) };
    let proposal = busy.group.statements().propose(remove).unwrap();
    assert!(proposal.voids().contains(&first));
    busy.group.statements().sign(&proposal).unwrap();
    busy.group.entries().append(vec![NewEntry::Placeholder { name: "Opa".into() }]).unwrap();
    assert_sound(&busy.group);
}

#[test]
fn every_statement_can_be_signed_with_17_heads() {
    signs_everything(16);
    signs_everything(17);
}

#[test]
fn every_statement_can_be_signed_with_40_heads() {
    signs_everything(40);
}

#[test]
fn statements_and_a_successor_can_be_signed_with_1100_heads() {
    let mut busy = Busy::new(1);
    busy.fork(1_100);
    let since = Some(busy.dinners[1]);
    let remove = StatementIntent::Remove { member: busy.cleo.member, since };
    let proposal = busy.group.statements().propose(remove).unwrap();
    assert_eq!(proposal.voids().len(), 2);
    let successor = busy.group.create_successor_group("Next").unwrap();
    let compared = successor.compare_opening().unwrap().unwrap();
    assert_eq!((compared.predecessor, compared.differences.len()), (busy.group.id(), 0));
    busy.fork(1_100);
    let proposal = busy.group.statements().propose(proposal.intent().clone()).unwrap();
    busy.group.statements().sign(&proposal).unwrap();
    assert!(busy.group.state().unwrap().member(busy.cleo.member).unwrap().is_removed());
}
