//! A crowd: people with a phone each, who write in turn.

use std::collections::BTreeMap;

use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, NewGroup, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedCard};
use ledger_core::statement::NewStatement;
use ledger_core::{
    Amount, Currency, EntryId, Expense, MemberId, Transaction, hazmat, split_equally,
};

/// The most people who write. Further people are only named in entries.
const WRITERS: usize = 50;

/// A group in memory, and all entries that were written in it.
pub struct Crowd {
    /// The replayed ledger.
    pub ledger: Ledger,
    index: MemoryIndex,
    owner: RootKey,
    /// For each late author: number of entries, last entry, and its clock.
    late: BTreeMap<usize, (u64, EntryId, u64)>,
    /// Member, device key, and the entry that enrolled the device; the founder first.
    pub people: Vec<(MemberId, DeviceKey, EntryId)>,
    /// All entries, genesis first.
    pub entries: Vec<VerifiedEntry>,
}

impl Crowd {
    /// A new group with its founder.
    #[must_use]
    pub fn new() -> Self {
        let (device, entropy) = (phone(0), RootEntropy::from_bytes(seed(0)));
        let group = NewGroup::new("Crowd", "0", &entropy, 0, [1; 32]);
        let genesis = group.create(&device, 0).unwrap();
        Self::of(genesis, device, &entropy)
    }

    /// The group of a genesis entry, by its founder's phone and root key.
    #[must_use]
    pub fn of(genesis: VerifiedEntry, device: DeviceKey, entropy: &RootEntropy) -> Self {
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index).unwrap();
        let founder = ledger.state().members()[0].0;
        let people = vec![(founder, device, genesis.id())];
        let owner = entropy.root_key(0);
        let late = BTreeMap::new();
        Self { ledger, index, owner, late, people, entries: vec![genesis] }
    }

    /// Adds people until there are so many.
    pub fn grow(&mut self, people: usize) {
        for n in self.people.len()..people {
            let (device, entropy) = (phone(n), RootEntropy::from_bytes(seed(n)));
            let name = format!("Person {n}");
            let card = SignedCard::new(self.ledger.group(), &name, &entropy, 0, &device).unwrap();
            let draft = Draft::add_member(self.ledger.state(), &card).unwrap();
            let id = self.sign(0, draft).id();
            self.people.push((card.card().member(), device, id));
        }
    }

    /// The owner removes a person.
    pub fn remove(&mut self, who: usize, base: Vec<EntryId>) -> VerifiedEntry {
        let statement = NewStatement::Remove { member: self.people[who].0 };
        let draft =
            Draft::statement(&self.owner, self.ledger.group(), &statement, base, [7; 16]).unwrap();
        self.sign(0, draft)
    }

    /// The first `among` people write expenses in turn. The founder does not, as the founder's device
    /// may write in a store.
    pub fn write(&mut self, entries: usize, among: usize) {
        for _ in 0..entries {
            let n = self.entries.len();
            let details = self.expense(n, among);
            let draft = Draft::record(self.ledger.state(), &details).unwrap();
            self.sign(1 + n % (among - 1).min(WRITERS), draft);
        }
    }

    /// A typical expense: five shares, a category, some words.
    #[must_use]
    pub fn expense(&self, n: usize, among: usize) -> Transaction {
        let amount = Amount::from_minor_units(100 + n as u64 % 9_000).unwrap();
        let members: Vec<MemberId> = (0..5).map(|k| self.people[(n * 7 + k) % among].0).collect();
        let shares = members.iter().copied().zip(split_equally(amount, 5, n as u64));
        Transaction::Expense(
            Expense::new(
                format!("2026-{:02}-{:02}", 1 + n % 12, 1 + n % 28).parse().unwrap(),
                format!("Groceries, and what was missing {}", n % 977),
                Currency::from_code("EUR").unwrap(),
                amount,
            )
            .category("Groceries")
            .paid_by(members[n % 5], amount)
            .shares(shares),
        )
    }

    /// The next entry of an author who knows the entries up to a place, and their own.
    pub fn late(&mut self, who: usize, place: usize, among: usize) -> VerifiedEntry {
        let (_, device, home) = &self.people[who];
        let last = &self.entries[place];
        let known = (0, *home, last.decoded().header().lamport());
        let (seq, back, clock) = self.late.get(&who).copied().unwrap_or(known);
        let (group, parents) = (self.ledger.group(), vec![last.id()]);
        let at = hazmat::any_position(group, device.id(), seq, back, parents, clock + 1);
        let draft = Draft::record(self.ledger.state(), &self.expense(who, among)).unwrap();
        let entry = draft.sign(device, &at, 1_700_000_000_000).unwrap();
        self.late.insert(who, (seq + 1, entry.id(), clock + 1));
        entry
    }

    fn sign(&mut self, who: usize, draft: Draft) -> VerifiedEntry {
        let (_, device, home) = &self.people[who];
        let at = self.ledger.next_position(device.id());
        let at = at.or_else(|| self.ledger.first_position(device.id(), *home)).unwrap();
        let entry = draft.sign(device, &at, 1_700_000_000_000).unwrap();
        let Ok(Admission::Admitted(admitted)) = self.ledger.admit(entry.clone(), &self.index)
        else {
            panic!("{} is not admitted", entry.id());
        };
        let Ok(replayed) = self.ledger.replay(&admitted, &self.index);
        self.index.insert(&admitted, &replayed);
        self.entries.push(entry.clone());
        entry
    }
}

impl Default for Crowd {
    fn default() -> Self {
        Self::new()
    }
}

/// The device key of a person.
#[must_use]
pub fn phone(n: usize) -> DeviceKey {
    let mut bytes = [0x11; 64];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    bytes[32..40].copy_from_slice(&(n as u64).to_be_bytes());
    DeviceKey::from_bytes(&bytes)
}

/// The bytes from which a person's root keys follow.
#[must_use]
pub fn seed(n: usize) -> [u8; 32] {
    let mut bytes = [0x22; 32];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    bytes
}
