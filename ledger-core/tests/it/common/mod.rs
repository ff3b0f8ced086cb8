//! Builders of histories: a group, its people, their devices, and the entries that each knows.
//!
//! Everybody can write dishonestly: at any position, with any parents, and by hand (`forge`).

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

pub use judge::{Counting, Outcome};

/// A device: its keys, the entry that enrolled it, and the last entry of its chain.
pub struct Device {
    pub key: DeviceKey,
    pub seed: [u8; 64],
    pub enrolment: EntryId,
    pub tip: Option<EntryId>,
}

/// A person with a root key and a phone, under one generation of keys.
pub struct Person {
    pub entropy: [u8; 32],
    pub card: SignedCard,
    pub member: MemberId,
    pub generation: Generation,
    pub phone: Device,
}

/// Set of entries that somebody knows: with each entry, its whole past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View(BTreeSet<EntryId>);

/// All entries that anybody has signed for one group.
pub struct Group {
    pub id: GroupId,
    pub pool: Vec<VerifiedEntry>,
    counter: u64,
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
        let mut new = NewGroup::new("Flat", name, &owner, 0, [salt; 32]);
        if let Some((view, founder)) = old {
            new = new.successor_of(view, founder);
        }
        let genesis = new.create(&key, 0).unwrap();
        let id = GroupId::from(genesis.id());
        let Payload::Genesis(payload) = genesis.decoded().payload() else { panic!() };
        let member = payload.card().member();
        let phone = Device { key, seed, enrolment: genesis.id(), tip: Some(genesis.id()) };
        let card = SignedCard::new(id, name, &owner, 0, &phone.key).unwrap();
        let generation = Generation::Card(member);
        let group = Self { id, pool: vec![genesis], counter: u64::from(salt) << 32 };
        (group, Person { entropy, card, member, generation, phone })
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        self.counter += 1;
        let mut bytes = [0x5a; N];
        bytes[..8].copy_from_slice(&self.counter.to_be_bytes());
        bytes
    }

    pub fn device(&mut self, enrolment: EntryId) -> Device {
        let seed = self.random();
        Device { key: DeviceKey::from_bytes(&seed), seed, enrolment, tip: None }
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

    /// View of these entries and their whole past.
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

    /// Signs an entry after all that `view` holds. A device always knows its own chain, too.
    pub fn write(
        &mut self,
        view: &View,
        device: &mut Device,
        draft: impl FnOnce(&GroupState) -> Draft,
    ) -> EntryId {
        let view = self.with(view, &[device.tip.unwrap_or(device.enrolment)]);
        let seen = self.seen(&view);
        let (mut at, draft) = (position(seen.view(), device), draft(seen.state()));
        for named in draft.refs().iter().copied().chain([at.backlink()]) {
            let known = self.pool.iter().find(|entry| entry.id() == named);
            at = at.behind(known.map_or(0, |entry| entry.decoded().header().lamport()));
        }
        self.write_at(device, &at, draft)
    }

    /// Signs an entry at any position, also a false one.
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
    pub fn add(&mut self, view: &View, author: &mut Device, name: &str) -> Person {
        let mut person = self.stranger(name);
        person.phone.enrolment = self.admit(view, author, &person.card);
        person
    }

    pub fn admit(&mut self, view: &View, author: &mut Device, card: &SignedCard) -> EntryId {
        self.write(view, author, |state| Draft::add_member(state, card).unwrap())
    }

    pub fn placeholder(
        &mut self,
        view: &View,
        introducer: &mut Person,
        name: &str,
    ) -> (EntryId, MemberId) {
        let (nonce, member) = (self.random(), introducer.member);
        let entry = self.write(view, &mut introducer.phone, |state| {
            Draft::placeholder(state, member, name, nonce).unwrap()
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
        author: &mut Device,
        member: MemberId,
        person: &mut Person,
    ) -> EntryId {
        let card = person.card.clone();
        let entry = self.write(view, author, |state| Draft::claim(state, member, &card).unwrap());
        (person.member, person.generation) = (member, Generation::Claim(entry));
        person.phone.enrolment = entry;
        entry
    }

    pub fn adopt(&mut self, view: &View, author: &mut Device, member: MemberId) -> EntryId {
        self.write(view, author, |state| Draft::adopt(state, member).unwrap())
    }

    /// Copies the content of `original` into a new entry.
    pub fn copy(&mut self, view: &View, author: &mut Device, original: EntryId) -> EntryId {
        let entry = self.entry(original).decoded().clone();
        self.write(view, author, |state| {
            Draft::copy(state, original, &state.transaction_of(&entry).unwrap()).unwrap()
        })
    }

    /// Signs and carries a statement whose base is all that the author knows.
    pub fn issue_statement(
        &mut self,
        view: &View,
        author: &mut Device,
        root: &RootKey,
        statement: &NewStatement,
    ) -> EntryId {
        let known = self.with(view, &[author.tip.unwrap_or(author.enrolment)]);
        let base = self.heads(&known);
        self.issue_statement_at(&base, &known, author, root, statement)
    }

    /// Signs and carries a statement with any base.
    pub fn issue_statement_at(
        &mut self,
        base: &[EntryId],
        view: &View,
        author: &mut Device,
        root: &RootKey,
        statement: &NewStatement,
    ) -> EntryId {
        let view = self.with(view, base);
        let base = base.iter().copied();
        let draft = Draft::statement(root, self.id, statement, base, self.random()).unwrap();
        self.write(&view, author, |_| draft)
    }

    pub fn enrol(&mut self, view: &View, person: &mut Person) -> Device {
        let mut device = self.device(person.phone.enrolment);
        let certified = SignedDevice::new(self.id, &person.root(), &device.key).unwrap();
        let statement = NewStatement::Enrol { generation: person.generation, device: &certified };
        let root = person.root();
        device.enrolment = self.issue_statement(view, &mut person.phone, &root, &statement);
        device
    }

    pub fn remove(&mut self, view: &View, owner: &mut Person, member: MemberId) -> EntryId {
        let root = owner.root();
        self.issue_statement(view, &mut owner.phone, &root, &NewStatement::Remove { member })
    }

    /// Gives a member the keys of `person`.
    pub fn bind(&mut self, view: &View, owner: &mut Person, member: MemberId, keys: &mut Person) {
        let statement = NewStatement::Bind { member, card: &keys.card };
        let root = owner.root();
        keys.phone.enrolment = self.issue_statement(view, &mut owner.phone, &root, &statement);
        keys.member = member;
        keys.generation = Generation::Bind(self.digest(keys.phone.enrolment));
    }

    pub fn signed(&self, carrier: EntryId) -> SignedStatement {
        match self.entry(carrier).decoded().payload() {
            Payload::Statement(signed) => signed.as_ref().clone(),
            other => panic!("{other:?}"),
        }
    }

    pub fn digest(&self, carrier: EntryId) -> StatementId {
        self.signed(carrier).statement().id()
    }
}

fn position(ledger: &LedgerView, device: &Device) -> NextEntryPosition {
    let id = device.key.id();
    let at = match device.tip {
        Some(_) => ledger.next_position(id),
        None => ledger.first_position(id, device.enrolment),
    };
    at.expect("at most 16 heads")
}
