//! Anna's group and members whose keys the test holds: floods of idle and of waiting entries.

use std::ops::Range;

use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::hazmat::any_position;
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedCard, SignedDevice};
use ledger_core::limits::LedgerLimits;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{Amount, Currency, Date, EntryId, Expense, MemberId, Transaction};
use ledger_store::{Group, Store};

use super::people::{ingest, secret, sign};
use super::{Folder, Travelling, found, heads, only, travelling};

/// Limits that a chain of sixty entries exceeds.
pub fn small() -> LedgerLimits {
    LedgerLimits::default().idle_bytes_per_member(8_000)
}

pub fn all(chain: &[VerifiedEntry]) -> Vec<Travelling> {
    chain.iter().map(travelling).collect()
}

/// A member whose keys the test holds.
pub struct Member {
    pub device: DeviceKey,
    pub root: RootKey,
    pub member: MemberId,
    /// The entry that introduces the member.
    pub added: EntryId,
}

/// Anna's group on her phone, and her keys.
pub struct Scene {
    pub folder: Folder,
    pub store: Store,
    pub group: Group,
    pub anna: DeviceKey,
    pub owner: RootKey,
}

impl Scene {
    /// With small limits.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, small())
    }

    pub fn with(seed: u64, limits: LedgerLimits) -> Self {
        let folder = Folder::new(seed);
        let store = folder.store_with(limits);
        let group = found(&store, 1);
        let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
        let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
        Self { folder, store, group, anna, owner }
    }

    /// After a restart, with other limits.
    pub fn reopened(self, limits: LedgerLimits) -> Self {
        let Self { folder, store, group, anna, owner } = self;
        drop((group, store));
        let store = folder.store_with(limits);
        let group = only(&store);
        Self { folder, store, group, anna, owner }
    }

    /// Keys of somebody who is no member yet, and their card.
    pub fn card(&self, n: u8, name: &str) -> (DeviceKey, RootEntropy, SignedCard) {
        let (device, entropy) = (DeviceKey::from_bytes(&[n; 64]), RootEntropy::from_bytes([n; 32]));
        let card = SignedCard::new(self.group.id(), name, &entropy, 0, &device).unwrap();
        (device, entropy, card)
    }

    /// Anna's introduction of somebody, signed now, to be handed out later.
    pub fn introduction(&self, n: u8, name: &str) -> (Member, VerifiedEntry) {
        let (device, entropy, card) = self.card(n, name);
        let ledger = self.group.ledger().unwrap();
        let draft = Draft::add_member(ledger.state(), &card).unwrap();
        let entry = sign(&ledger, &self.anna, None, draft);
        let (root, member) = (entropy.root_key(0), card.card().member());
        (Member { device, root, member, added: entry.id() }, entry)
    }

    pub fn add(&self, n: u8, name: &str) -> Member {
        let (member, entry) = self.introduction(n, name);
        ingest(&self.group, &entry);
        member
    }

    /// A member's further device, which the first one enrols.
    pub fn enrol(&self, member: &Member, device: &DeviceKey, nonce: u8) -> EntryId {
        let group = self.group.id();
        let certified = SignedDevice::new(group, &member.root, device).unwrap();
        let generation = Generation::Card(member.member);
        let enrol = NewStatement::Enrol { generation, device: &certified };
        let draft =
            Draft::statement(&member.root, group, &enrol, heads(&self.group), [nonce; 16]).unwrap();
        let ledger = self.group.ledger().unwrap();
        let first = ledger.next_position(member.device.id()).is_none();
        let enrolment = first.then_some(member.added);
        ingest(&self.group, &sign(&ledger, &member.device, enrolment, draft))
    }

    pub fn clock(&self, id: EntryId) -> u64 {
        let entry = self.group.lists().entry(id).unwrap().unwrap();
        entry.entry.decoded().header().lamport()
    }

    /// Anna's removal of a member, signed now, to be handed out later.
    pub fn removal(&self, member: MemberId) -> VerifiedEntry {
        let remove = NewStatement::Remove { member };
        let heads = heads(&self.group);
        let draft = Draft::statement(&self.owner, self.group.id(), &remove, heads, [3; 16]);
        sign(&self.group.ledger().unwrap(), &self.anna, None, draft.unwrap())
    }

    /// Entries of a device behind the one that enrolled it. Another `stamp` makes others.
    pub fn chain(
        &self,
        key: &DeviceKey,
        enrolment: EntryId,
        n: u64,
        stamp: u64,
    ) -> Vec<VerifiedEntry> {
        chain(&self.group, key, (enrolment, self.clock(enrolment)), n, stamp)
    }

    /// Entries of devices that nobody knows come, one of each, behind entries that nobody has.
    pub fn strangers(&self, which: Range<u8>) {
        for n in which {
            let key = DeviceKey::from_bytes(&[n; 64]);
            let absent = EntryId::from_bytes([n; 32]);
            self.group
                .entries()
                .ingest(&all(&chain(&self.group, &key, (absent, 900), 1, 0)))
                .unwrap();
        }
    }

    /// Another phone with all that Anna's has.
    pub fn copy(self, seed: u64) -> (Self, Folder, Store, Group) {
        let Self { folder, store, group, anna, owner } = self;
        drop((group, store));
        let copy = folder.copy(seed);
        let (store, other) = (folder.store_with(small()), copy.store_with(small()));
        let (group, second) = (only(&store), only(&other));
        (Self { folder, store, group, anna, owner }, copy, other, second)
    }
}

/// Entries of a device behind `back`, of which the clock is known. Another `stamp` makes others.
pub fn chain(
    group: &Group,
    key: &DeviceKey,
    (mut back, mut clock): (EntryId, u64),
    n: u64,
    stamp: u64,
) -> Vec<VerifiedEntry> {
    let mut all = Vec::new();
    for seq in 0..n {
        clock += 1;
        let at = any_position(group.id(), key.id(), seq, back, vec![], clock);
        let entry = Draft::merge().sign(key, &at, stamp).unwrap();
        back = entry.id();
        all.push(entry);
    }
    all
}

pub fn dinner(debtor: MemberId, creditor: MemberId) -> Transaction {
    let amount = Amount::from_minor_units(10_000).unwrap();
    let eur = Currency::from_code("EUR").unwrap();
    Transaction::Expense(
        Expense::new(Date::from_ymd(2026, 1, 1).unwrap(), "Dinner", eur, amount)
            .paid_by(creditor, amount)
            .share(debtor, amount),
    )
}
