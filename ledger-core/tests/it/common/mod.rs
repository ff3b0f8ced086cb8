//! People, devices and what they know of a group, to write dishonest histories.

pub mod forge;
mod judge;

use std::collections::BTreeSet;

use ledger_core::engine::{
    Draft, Evaluation, NewGroup, NextEntryPosition, Payload, VerifiedEntry, View as LedgerView,
    evaluate,
};
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedCard, SignedDevice};
use ledger_core::statement::{Generation, NewStatement, SignedStatement, StatementId};
use ledger_core::{
    Amount, Currency, Date, EntryId, Expense, GroupId, GroupState, MemberId, Transaction,
};

pub use judge::Outcome;

/// A device: its keys, the entry that enrolled it, the end of its own chain.
pub struct Device {
    pub key: DeviceKey,
    pub seed: [u8; 64],
    pub home: EntryId,
    pub tip: Option<EntryId>,
}

/// Somebody with a root key and a phone, under one generation of keys.
pub struct Person {
    pub entropy: [u8; 32],
    pub card: SignedCard,
    pub member: MemberId,
    pub generation: Generation,
    pub phone: Device,
}

/// Entries that somebody knows; closed under the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View(BTreeSet<EntryId>);

/// Everything that anybody has signed for one group.
pub struct Group {
    pub id: GroupId,
    pub pool: Vec<VerifiedEntry>,
    fresh: u64,
}

pub fn eur() -> Currency {
    Currency::from_code("EUR").unwrap()
}

/// The debtor owes the creditor, who paid for them.
pub fn debt(debtor: MemberId, creditor: MemberId, cents: u64) -> Transaction {
    let amount = Amount::from_minor_units(cents).unwrap();
    Transaction::Expense(
        Expense::new(Date::from_ymd(2026, 11, 21).unwrap(), "Dinner", eur(), amount)
            .paid_by(creditor, amount)
            .share(debtor, amount),
    )
}

impl Person {
    pub fn root(&self) -> RootKey {
        RootEntropy::from_bytes(self.entropy).root_key(0)
    }
}

impl Group {
    /// Anna founds a group.
    pub fn new() -> (Self, Person) {
        Self::found("Anna", 0, None)
    }

    pub fn found(name: &str, salt: u8, old: Option<(&LedgerView, MemberId)>) -> (Self, Person) {
        let (entropy, seed) = ([0xa0 ^ salt; 32], [0xb0 ^ salt; 64]);
        let key = DeviceKey::from_bytes(&seed);
        let owner = RootEntropy::from_bytes(entropy);
        let new = NewGroup {
            name: "Flat",
            founder: name,
            entropy: &owner,
            index: 0,
            salt: [salt; 32],
            successor_of: old,
        };
        let genesis = new.found(&key, 0).unwrap();
        let id = GroupId::from(genesis.id());
        let Payload::Genesis(payload) = genesis.decoded().payload() else { panic!() };
        let member = payload.card().member();
        let phone = Device { key, seed, home: genesis.id(), tip: Some(genesis.id()) };
        let card = SignedCard::new(id, name, &owner, 0, &phone.key).unwrap();
        let generation = Generation::Card(member);
        let group = Self { id, pool: vec![genesis], fresh: u64::from(salt) << 32 };
        (group, Person { entropy, card, member, generation, phone })
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        self.fresh += 1;
        let mut bytes = [0x5a; N];
        bytes[..8].copy_from_slice(&self.fresh.to_be_bytes());
        bytes
    }

    pub fn device(&mut self, home: EntryId) -> Device {
        let seed = self.random();
        Device { key: DeviceKey::from_bytes(&seed), seed, home, tip: None }
    }

    /// Somebody with fresh keys, whom nobody has introduced yet.
    pub fn stranger(&mut self, name: &str) -> Person {
        let (entropy, phone) = (self.random(), self.device(self.id.genesis()));
        let holder = RootEntropy::from_bytes(entropy);
        let card = SignedCard::new(self.id, name, &holder, 0, &phone.key).unwrap();
        let member = card.card().member();
        Person { entropy, card, member, generation: Generation::Card(member), phone }
    }

    pub fn now(&self) -> View {
        View(self.pool.iter().map(VerifiedEntry::id).collect())
    }

    /// These entries and their pasts.
    pub fn view(&self, ids: &[EntryId]) -> View {
        let (mut known, mut open) = (BTreeSet::new(), ids.to_vec());
        while let Some(id) = open.pop() {
            if known.insert(id) {
                open.extend(self.entry(id).decoded().header().dependencies());
            }
        }
        known.insert(self.id.genesis());
        View(known)
    }

    fn with(&self, view: &View, ids: &[EntryId]) -> View {
        View(&view.0 | &self.view(ids).0)
    }

    pub fn entry(&self, id: EntryId) -> &VerifiedEntry {
        self.pool.iter().find(|entry| entry.id() == id).unwrap()
    }

    pub fn seen(&self, view: &View) -> Evaluation {
        let known = self.pool.iter().filter(|entry| view.0.contains(&entry.id()));
        evaluate(self.id, known.cloned().collect()).unwrap()
    }

    pub fn heads(&self, view: &View) -> Vec<EntryId> {
        self.seen(view).view().frontier().heads().collect()
    }

    /// A device always knows its own chain.
    pub fn write(
        &mut self,
        view: &View,
        device: &mut Device,
        draft: impl FnOnce(&GroupState) -> Draft,
    ) -> EntryId {
        let view = self.with(view, &[device.tip.unwrap_or(device.home)]);
        let seen = self.seen(&view);
        let (at, draft) = (position(seen.view(), device), draft(seen.state()));
        self.write_at(device, &at, draft)
    }

    /// At any position, however false.
    pub fn write_at(
        &mut self,
        device: &mut Device,
        at: &NextEntryPosition,
        draft: Draft,
    ) -> EntryId {
        let entry = draft.sign(&device.key, at, 0).unwrap();
        device.tip = Some(entry.id());
        self.pool.push(entry);
        device.tip.unwrap()
    }

    pub fn owes(
        &mut self,
        view: &View,
        device: &mut Device,
        debtor: MemberId,
        creditor: MemberId,
        cents: u64,
    ) -> EntryId {
        let details = debt(debtor, creditor, cents);
        self.write(view, device, |state| Draft::record(state, &details).unwrap())
    }

    /// Introduces somebody new.
    pub fn add(&mut self, view: &View, by: &mut Device, name: &str) -> Person {
        let mut person = self.stranger(name);
        person.phone.home = self.admit(view, by, &person.card);
        person
    }

    pub fn admit(&mut self, view: &View, by: &mut Device, card: &SignedCard) -> EntryId {
        self.write(view, by, |state| Draft::add_member(state, card).unwrap())
    }

    pub fn placeholder(&mut self, view: &View, by: &mut Person, name: &str) -> (EntryId, MemberId) {
        let (nonce, introducer) = (self.random(), by.member);
        let entry = self.write(view, &mut by.phone, |state| {
            Draft::placeholder(state, introducer, name, nonce).unwrap()
        });
        let Payload::Placeholder(placeholder) = self.entry(entry).decoded().payload() else {
            panic!()
        };
        (entry, placeholder.card().member())
    }

    /// Hands a placeholder to somebody, who starts under it.
    pub fn claim(
        &mut self,
        view: &View,
        by: &mut Device,
        member: MemberId,
        person: &mut Person,
    ) -> EntryId {
        let card = person.card.clone();
        let entry = self.write(view, by, |state| Draft::claim(state, member, &card).unwrap());
        (person.member, person.generation) = (member, Generation::Claim(entry));
        person.phone.home = entry;
        entry
    }

    pub fn adopt(&mut self, view: &View, by: &mut Device, member: MemberId) -> EntryId {
        self.write(view, by, |state| Draft::adopt(state, member).unwrap())
    }

    /// Says again what `original` said.
    pub fn copy(&mut self, view: &View, by: &mut Device, original: EntryId) -> EntryId {
        let entry = self.entry(original).decoded().clone();
        self.write(view, by, |state| {
            Draft::copy(state, original, &state.transaction_of(&entry).unwrap()).unwrap()
        })
    }

    /// A statement whose base is all that the courier knows.
    pub fn act(
        &mut self,
        view: &View,
        by: &mut Device,
        root: &RootKey,
        act: &NewStatement,
    ) -> EntryId {
        let known = self.with(view, &[by.tip.unwrap_or(by.home)]);
        let base = self.heads(&known);
        self.act_on(&base, &known, by, root, act)
    }

    /// A statement on any base.
    pub fn act_on(
        &mut self,
        base: &[EntryId],
        view: &View,
        by: &mut Device,
        root: &RootKey,
        act: &NewStatement,
    ) -> EntryId {
        let view = self.with(view, base);
        let base = base.iter().copied();
        let draft = Draft::act(root, self.id, act, base, self.random()).unwrap();
        self.write(&view, by, |_| draft)
    }

    pub fn enrol(&mut self, view: &View, person: &mut Person) -> Device {
        let mut device = self.device(person.phone.home);
        let certified = SignedDevice::new(self.id, &person.root(), &device.key).unwrap();
        let act = NewStatement::Enrol { generation: person.generation, device: &certified };
        let root = person.root();
        device.home = self.act(view, &mut person.phone, &root, &act);
        device
    }

    pub fn remove(&mut self, view: &View, owner: &mut Person, member: MemberId) -> EntryId {
        let root = owner.root();
        self.act(view, &mut owner.phone, &root, &NewStatement::Remove { member })
    }

    /// Gives a member the keys of `person`.
    pub fn bind(&mut self, view: &View, owner: &mut Person, who: MemberId, keys: &mut Person) {
        let act = NewStatement::Bind { member: who, card: &keys.card };
        let root = owner.root();
        keys.phone.home = self.act(view, &mut owner.phone, &root, &act);
        keys.member = who;
        keys.generation = Generation::Bind(self.digest(keys.phone.home));
    }

    pub fn signed(&self, carrier: EntryId) -> SignedStatement {
        match self.entry(carrier).decoded().payload() {
            Payload::Statement(signed) => signed.as_ref().clone(),
            other => panic!("{other:?}"),
        }
    }

    pub fn digest(&self, carrier: EntryId) -> StatementId {
        self.signed(carrier).act().digest()
    }
}

fn position(ledger: &LedgerView, device: &Device) -> NextEntryPosition {
    let id = device.key.id();
    let at = match device.tip {
        Some(_) => ledger.next_position(id),
        None => ledger.first_position(id, device.home),
    };
    at.expect("at most 16 heads")
}
