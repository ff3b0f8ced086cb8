//! Builder of a group for scenarios. Its people sign honest and dishonest entries.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{
    DecodedEntry, Draft, Evaluation, NewGroup, VerifiedEntry, evaluate, verify_batch,
};
use ledger_core::hazmat::any_position;
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedCard, SignedDevice};
use ledger_core::seal::EpochKey;
use ledger_core::statement::{Generation, NewStatement, StatementId};
use ledger_core::{
    Amount, Date, EntryId, Expense, GroupId, GroupState, MemberId, Transaction, Transfer,
};

use crate::common::eur;
use crate::vectors::{fields, raw};

pub(crate) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// A person's entropy; the number is its every byte.
pub(crate) fn entropy(n: u8) -> RootEntropy {
    RootEntropy::from_bytes([n; 32])
}

/// A person's root key number 0.
pub(crate) fn root(n: u8) -> RootKey {
    entropy(n).root_key(0)
}

/// A device: 32 bytes of `n` for Ed25519, 32 bytes of `n + 128` for X25519.
pub(crate) fn device(n: u8) -> DeviceKey {
    let mut bytes = [n; 64];
    bytes[32..].fill(n + 128);
    DeviceKey::from_bytes(&bytes)
}

pub(crate) fn cents(n: u64) -> Amount {
    Amount::from_minor_units(n).unwrap()
}

pub(crate) fn verified(bytes: &[u8], signature: &[u8; 64]) -> VerifiedEntry {
    let decoded = DecodedEntry::decode(bytes, signature).unwrap();
    verify_batch(vec![decoded], &[5; 32]).remove(0).unwrap()
}

/// All entries that the devices of a group have signed, in the order of signing.
pub(crate) struct World {
    pub(crate) group: GroupId,
    pub(crate) entries: Vec<(String, VerifiedEntry)>,
    /// Where each device's next entry stands: its backlink and seq.
    next: BTreeMap<u8, (EntryId, u64)>,
    nonce: u8,
}

/// The salt of Anna's group.
pub(crate) const SALT: [u8; 32] = [9; 32];

impl World {
    /// Anna founds the group: person 1, device 1, entry `genesis`.
    pub(crate) fn new() -> Self {
        let entropy = entropy(1);
        let new = NewGroup::new("Flat", "Anna", &entropy, 0, SALT);
        Self::begun_with(new.create(&device(1), 0).unwrap())
    }

    /// Another group of Anna's.
    pub(crate) fn other() -> Self {
        let entropy = entropy(1);
        let new = NewGroup::new("Other", "Anna", &entropy, 1, [8; 32]);
        Self::begun_with(new.create(&device(1), 0).unwrap())
    }

    pub(crate) fn begun_with(genesis: VerifiedEntry) -> Self {
        let id = genesis.id();
        Self {
            group: GroupId::from(id),
            entries: vec![("genesis".to_owned(), genesis)],
            next: BTreeMap::from([(1, (id, 1))]),
            nonce: 0,
        }
    }

    /// Anna and Ben, who is person 2 with device 2 by the entry `add-ben`.
    pub(crate) fn with_ben() -> Self {
        let mut world = Self::new();
        world.add(1, "ben", 2, 2, &["*"]);
        world
    }

    pub(crate) fn id(&self, label: &str) -> EntryId {
        let found = self.entries.iter().find(|(name, _)| name == label);
        found.unwrap_or_else(|| panic!("no entry {label}")).1.id()
    }

    pub(crate) fn entry(&self, label: &str) -> &VerifiedEntry {
        &self.entries.iter().find(|(name, _)| name == label).unwrap().1
    }

    pub(crate) fn evaluation(&self) -> Evaluation {
        evaluate(self.group, self.entries.iter().map(|(_, entry)| entry.clone()).collect()).unwrap()
    }

    pub(crate) fn state(&self) -> GroupState {
        self.evaluation().state().clone()
    }

    /// The member whom an entry introduces.
    pub(crate) fn member(&self, label: &str) -> MemberId {
        self.state().introduced_by(self.id(label)).unwrap()
    }

    pub(crate) fn fresh(&mut self) -> [u8; 16] {
        self.nonce += 1;
        [self.nonce; 16]
    }

    /// The ids behind labels; `*` is all heads.
    pub(crate) fn ids(&self, labels: &[&str]) -> BTreeSet<EntryId> {
        let heads = || -> Vec<EntryId> {
            let mut heads: BTreeSet<EntryId> = self.entries.iter().map(|(_, e)| e.id()).collect();
            for (_, entry) in &self.entries {
                entry.decoded().header().dependencies().for_each(|id| {
                    heads.remove(id);
                });
            }
            heads.into_iter().collect()
        };
        let ids = |label: &&str| if *label == "*" { heads() } else { vec![self.id(label)] };
        labels.iter().flat_map(ids).collect()
    }

    pub(crate) fn lamport<'a>(&self, ids: impl IntoIterator<Item = &'a EntryId>) -> u64 {
        let clock = |id: &EntryId| {
            let found = self.entries.iter().find(|(_, entry)| entry.id() == *id);
            found.map_or(0, |(_, entry)| entry.decoded().header().lamport())
        };
        1 + ids.into_iter().map(clock).max().unwrap_or(0)
    }

    /// The next entry of a device starts a chain at the entry that enrolled it.
    pub(crate) fn enrolled(&mut self, n: u8, enrolment: &str) {
        self.next.insert(n, (self.id(enrolment), 0));
    }

    /// The next entry of a device goes on from an old one: a fork.
    pub(crate) fn back_to(&mut self, n: u8, label: &str) {
        let entry = self.entry(label);
        let next = (entry.id(), entry.decoded().header().seq() + 1);
        self.next.insert(n, next);
    }

    pub(crate) fn next(&self, n: u8) -> (EntryId, u64) {
        self.next[&n]
    }

    /// Signs a draft after the entries of these labels and the device's own last.
    pub(crate) fn say(&mut self, n: u8, label: &str, after: &[&str], draft: Draft) -> EntryId {
        let (backlink, seq) = self.next[&n];
        let mut parents = self.ids(after);
        parents.remove(&backlink);
        let parents: Vec<EntryId> = parents.into_iter().collect();
        let sign = |lamport: u64| {
            let id = device(n).id();
            let at = any_position(self.group, id, seq, backlink, parents.clone(), lamport);
            draft.clone().sign(&device(n), &at, 1_000 * lamport).unwrap()
        };
        let lamport = self.lamport(sign(1).decoded().header().dependencies());
        let entry = sign(lamport);
        self.keep(n, label, entry)
    }

    /// Signs a payload that no draft would write.
    pub(crate) fn say_raw(
        &mut self,
        n: u8,
        label: &str,
        kind: u64,
        refs: &[&str],
        payload: &[u8],
    ) -> EntryId {
        let (backlink, seq) = self.next[&n];
        let mut parents = self.ids(&["*"]);
        parents.remove(&backlink);
        let refs = self.ids(refs);
        let lamport = self.lamport(parents.iter().chain(&refs).chain([&backlink]));
        let array = |ids: BTreeSet<EntryId>| {
            raw::ids(&ids.iter().map(|id| *id.as_bytes()).collect::<Vec<_>>())
        };
        let mut fields = raw::header(&raw::public(n), kind, payload);
        fields[raw::GROUP_FIELD] = raw::bytes(self.group.as_bytes());
        fields[raw::SEQ] = raw::uint(seq);
        fields[raw::BACKLINK] = raw::bytes(backlink.as_bytes());
        fields[raw::PARENTS] = array(parents);
        fields[raw::REFS] = array(refs);
        fields[raw::LAMPORT] = raw::uint(lamport);
        let (bytes, signature) = raw::entry(n, &fields, payload);
        self.keep(n, label, verified(&bytes, &signature))
    }

    fn keep(&mut self, n: u8, label: &str, entry: VerifiedEntry) -> EntryId {
        assert!(self.entries.iter().all(|(name, _)| name != label), "{label} twice");
        let id = entry.id();
        self.next.insert(n, (id, entry.decoded().header().seq() + 1));
        self.entries.push((label.to_owned(), entry));
        id
    }

    // Entries that people sign

    pub(crate) fn card(&self, name: &str, person: u8, n: u8) -> SignedCard {
        SignedCard::new(self.group, name, &entropy(person), 0, &device(n)).unwrap()
    }

    /// `add-<name>`: introduces a person with a first device, whose chain it begins.
    pub(crate) fn add(&mut self, device: u8, name: &str, person: u8, n: u8, after: &[&str]) {
        let shown = name[..1].to_uppercase() + &name[1..];
        let draft = Draft::add_member(&self.state(), &self.card(&shown, person, n)).unwrap();
        let label = format!("add-{name}");
        self.say(device, &label, after, draft);
        self.enrolled(n, &label);
    }

    pub(crate) fn placeholder(
        &mut self,
        device: u8,
        label: &str,
        introducer: &str,
        after: &[&str],
    ) {
        let (nonce, introducer) = (self.fresh(), self.member(introducer));
        let draft = Draft::placeholder(&self.state(), introducer, label, nonce).unwrap();
        self.say(device, label, after, draft);
    }

    /// The generation that a card started, by the entry that added it.
    pub(crate) fn by_card(&self, label: &str) -> Generation {
        Generation::Card(self.member(label))
    }

    /// The generation that a bind started, by its carrier.
    pub(crate) fn by_bind(&self, label: &str) -> Generation {
        Generation::Bind(self.statement_id(label))
    }

    /// The statement that an entry carries.
    pub(crate) fn statement_id(&self, label: &str) -> StatementId {
        match self.entry(label).decoded().payload() {
            ledger_core::engine::Payload::Statement(signed) => signed.statement().id(),
            _ => panic!("{label} carries nothing"),
        }
    }

    /// The payload that a draft would write.
    pub(crate) fn payload(&self, draft: &Draft) -> Vec<u8> {
        let at = any_position(self.group, device(1).id(), 1, self.id("genesis"), vec![], 1);
        let entry = draft.clone().sign(&device(1), &at, 0).unwrap();
        fields::split(entry.decoded().as_bytes()).1.to_vec()
    }

    /// Person `person` states `act` at `base`; device `by` carries it.
    pub(crate) fn issue_statement(
        &mut self,
        device: u8,
        label: &str,
        person: u8,
        statement: &NewStatement<'_>,
        base: &[&str],
        after: &[&str],
    ) {
        let nonce = self.fresh();
        let draft =
            Draft::statement(&root(person), self.group, statement, self.ids(base), nonce).unwrap();
        self.say(device, label, after, draft);
    }

    /// `enrol`: Ben's phone enrols his tablet, device 4, whose chain it begins.
    pub(crate) fn tablet(&mut self) {
        let (generation, tablet) = (self.by_card("add-ben"), self.certificate(2, 4));
        let enrol = NewStatement::Enrol { generation, device: &tablet };
        self.issue_statement(2, "enrol", 2, &enrol, &["*"], &["*"]);
        self.enrolled(4, "enrol");
    }

    /// Ben revokes his tablet; one of his devices carries it.
    pub(crate) fn revoke_tablet(&mut self, by: u8, label: &str, base: &[&str], after: &[&str]) {
        let generation = self.by_card("add-ben");
        let revoke = NewStatement::Revoke { generation, device: device(4).id() };
        self.issue_statement(by, label, 2, &revoke, base, after);
    }

    /// Ben's tablet, enrolled by two statements that do not know of each other.
    pub(crate) fn enrolled_twice() -> Self {
        let mut world = Self::with_ben();
        let (generation, tablet) = (world.by_card("add-ben"), world.certificate(2, 4));
        for label in ["enrol-a", "enrol-b"] {
            let enrol = NewStatement::Enrol { generation, device: &tablet };
            world.issue_statement(2, label, 2, &enrol, &["add-ben"], &[]);
        }
        world
    }

    /// Anna, the owner, removes a member.
    pub(crate) fn remove(&mut self, label: &str, member: MemberId, base: &[&str], after: &[&str]) {
        self.issue_statement(1, label, 1, &NewStatement::Remove { member }, base, after);
    }

    /// Anna, the owner, binds a member to another card.
    pub(crate) fn bind(
        &mut self,
        label: &str,
        member: MemberId,
        card: &SignedCard,
        base: &[&str],
        after: &[&str],
    ) {
        self.issue_statement(1, label, 1, &NewStatement::Bind { member, card }, base, after);
    }

    /// Begins an epoch without history, under a key of which every byte is `byte`.
    pub(crate) fn epoch(&self, byte: u8) -> Draft {
        Draft::epoch(EpochKey::from_bytes(self.group, [byte; 32]).begin(&[]).unwrap())
    }

    pub(crate) fn carry(&mut self, device: u8, label: &str, carried: &str, after: &[&str]) {
        let draft = match self.entry(carried).decoded().payload() {
            ledger_core::engine::Payload::Statement(signed) => Draft::carry(signed),
            _ => panic!("{carried} carries nothing"),
        };
        self.say(device, label, after, draft);
    }

    pub(crate) fn certificate(&self, person: u8, n: u8) -> SignedDevice {
        SignedDevice::new(self.group, &root(person), &device(n)).unwrap()
    }

    /// The first pays `amount` for both.
    pub(crate) fn dinner(&self, payer: &str, other: &str, amount: u64) -> Transaction {
        let (payer, other) = (self.member(payer), self.member(other));
        let half = cents(amount / 2);
        Transaction::Expense(
            Expense::new(Date::from_ymd(2026, 11, 21).unwrap(), "Dinner", eur(), cents(amount))
                .paid_by(payer, cents(amount))
                .share(payer, half)
                .share(other, cents(amount - amount / 2)),
        )
    }

    pub(crate) fn transfer(&self, payer: &str, payee: &str, amount: u64) -> Transaction {
        Transaction::Transfer(Transfer::new(
            Date::from_ymd(2026, 11, 22).unwrap(),
            eur(),
            cents(amount),
            self.member(payer),
            self.member(payee),
        ))
    }

    pub(crate) fn record(
        &mut self,
        device: u8,
        label: &str,
        after: &[&str],
        details: &Transaction,
    ) {
        let draft = Draft::record(&self.state(), details).unwrap();
        self.say(device, label, after, draft);
    }

    /// The payload of a claim of whatever its first ref names.
    pub(crate) fn claim_payload(&self, name: &str, person: u8, n: u8) -> Vec<u8> {
        let (card, signatures) = raw::card(self.group.as_bytes(), name, person, n);
        raw::array(&[raw::uint(0), raw::bytes(&card), signatures])
    }
}
