//! The meaning of a ledger: who is in the group, who owes what (SPEC §7).

use std::collections::{BTreeMap, BTreeSet};

use super::replay::Nets;
use crate::codec::{Reader, Writer};
use crate::hash::{Tag, digest};
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StateDigest};
use crate::limits::MAX_NAME_BYTES;
use crate::money::{Balance, Currency};
use crate::payload::{Genesis, Placeholder};
use crate::rule::{Refusal, Rule};

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub(super) name: String,
    pub(super) root: Option<RootId>,
    /// The clock and id of the first introduction, which order the members.
    pub(super) introduced: (u64, EntryId),
}

impl Member {
    /// The member's name. Not unique: see [`GroupState::labels`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The member's root key; none for a placeholder.
    #[must_use]
    pub fn root(&self) -> Option<RootId> {
        self.root
    }
}

/// Members, devices and balances: what the entries mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    pub(super) group: GroupId,
    pub(super) name: String,
    pub(super) members: BTreeMap<MemberId, Member>,
    /// Entries that introduce a member, for refs to them.
    pub(super) introductions: BTreeMap<EntryId, MemberId>,
    pub(super) devices: BTreeMap<DeviceId, MemberId>,
    /// Never holds a zero.
    pub(super) balances: BTreeMap<(Currency, MemberId), Balance>,
    pub(super) currencies: BTreeSet<Currency>,
    /// How many entries this build cannot judge.
    pub(super) unknown: u64,
}

impl GroupState {
    pub(super) fn found(genesis: EntryId, payload: &Genesis) -> Self {
        let card = payload.card();
        let certificate = card.certificate();
        let member = card.member();
        let founder = Member {
            name: card.name().to_owned(),
            root: Some(certificate.root()),
            introduced: (1, genesis),
        };
        Self {
            group: GroupId::from(genesis),
            name: payload.group_name().to_owned(),
            members: BTreeMap::from([(member, founder)]),
            introductions: BTreeMap::from([(genesis, member)]),
            devices: BTreeMap::from([(certificate.device(), member)]),
            balances: BTreeMap::new(),
            currencies: BTreeSet::new(),
            unknown: 0,
        }
    }

    pub(super) fn introduce(&mut self, entry: EntryId, lamport: u64, placeholder: &Placeholder) {
        let member = placeholder.card().member();
        self.introductions.insert(entry, member);
        let introduced = (lamport, entry);
        let known = self.members.entry(member).or_insert_with(|| Member {
            name: placeholder.card().name().to_owned(),
            root: None,
            introduced,
        });
        known.introduced = known.introduced.min(introduced);
    }

    /// Adds what a content now counts.
    pub(super) fn add(&mut self, nets: &Nets) {
        nets.parts.iter().for_each(|(member, part)| self.shift(nets.currency, *member, *part));
    }

    /// Takes back what a content no longer counts.
    pub(super) fn subtract(&mut self, nets: &Nets) {
        nets.parts
            .iter()
            .for_each(|(member, part)| self.shift(nets.currency, *member, part.negated()));
    }

    fn shift(&mut self, currency: Currency, member: MemberId, part: Balance) {
        let balance = self.balances.entry((currency, member)).or_default();
        *balance = balance.plus(part);
        if balance.is_zero() {
            self.balances.remove(&(currency, member));
        }
    }

    /// Remembers that money was recorded in a currency, settled or not.
    pub(super) fn note_currency(&mut self, currency: Currency) {
        self.currencies.insert(currency);
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The group's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The members, in the order of their introduction.
    #[must_use]
    pub fn members(&self) -> Vec<(MemberId, &Member)> {
        let mut members: Vec<_> = self.members.iter().map(|(id, member)| (*id, member)).collect();
        members.sort_by_key(|(_, member)| member.introduced);
        members
    }

    /// One member.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// The member whom an entry introduces, if it introduces one.
    #[must_use]
    pub fn introduced_by(&self, entry: EntryId) -> Option<MemberId> {
        self.introductions.get(&entry).copied()
    }

    /// The first entry that introduced a member.
    #[must_use]
    pub fn first_introduction(&self, member: MemberId) -> Option<EntryId> {
        self.members.get(&member).map(|member| member.introduced.1)
    }

    /// The member whose device this is.
    #[must_use]
    pub fn device_owner(&self, device: DeviceId) -> Option<MemberId> {
        self.devices.get(&device).copied()
    }

    /// A name for each member that no other member has: their own, or with a
    /// number behind it (`Alex`, `Alex (2)`), in the order of introduction.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<MemberId, String> {
        let members = self.members();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut labels = BTreeMap::new();
        let mut later = Vec::new();
        // Whoever is the first of a name keeps it, so that somebody really
        // called "Alex (2)" is never renamed because of two Alexes.
        for (id, member) in members {
            if taken.insert(member.name.clone()) {
                labels.insert(id, member.name.clone());
            } else {
                later.push((id, member));
            }
        }
        for (id, member) in later {
            let numbered = |n: u64| format!("{} ({n})", member.name);
            if let Some(label) = (2..).map(numbered).find(|label| !taken.contains(label)) {
                taken.insert(label.clone());
                labels.insert(id, label);
            }
        }
        labels
    }

    /// The currencies in which money was recorded.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.currencies.iter().copied()
    }

    /// A member's balance in one currency: positive is what the group owes.
    #[must_use]
    pub fn balance(&self, member: MemberId, currency: Currency) -> Balance {
        self.balances.get(&(currency, member)).copied().unwrap_or_default()
    }

    /// Every balance in one currency that is not zero.
    pub fn open_balances(
        &self,
        currency: Currency,
    ) -> impl Iterator<Item = (MemberId, Balance)> + '_ {
        let (first, last) = (MemberId::from_bytes([0; 32]), MemberId::from_bytes([0xff; 32]));
        self.balances
            .range((currency, first)..=(currency, last))
            .map(|((_, member), balance)| (*member, *balance))
    }

    /// How many entries need a newer version of this library to be judged.
    #[must_use]
    pub fn entries_needing_update(&self) -> u64 {
        self.unknown
    }

    /// The digest of the state: devices with equal heads and equal digests
    /// agree on everything.
    #[must_use]
    pub fn digest(&self) -> StateDigest {
        let mut w = Writer::new();
        self.encode(&mut w);
        StateDigest::from_bytes(digest(Tag::STATE, &[w.as_bytes()]))
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.array(8);
        w.bytes(self.group.as_bytes());
        w.text(&self.name);
        w.array(self.members.len());
        for (id, member) in &self.members {
            w.array(5);
            w.bytes(id.as_bytes());
            w.text(&member.name);
            w.optional(member.root, |w, root| w.bytes(root.as_bytes()));
            w.uint(member.introduced.0);
            w.bytes(member.introduced.1.as_bytes());
        }
        w.array(self.introductions.len());
        for (entry, member) in &self.introductions {
            write_pair(w, entry.as_bytes(), member);
        }
        w.array(self.devices.len());
        for (device, member) in &self.devices {
            write_pair(w, device.as_bytes(), member);
        }
        w.array(self.balances.len());
        for ((currency, member), balance) in &self.balances {
            w.array(3);
            w.text(currency.code());
            w.bytes(member.as_bytes());
            w.bytes(&balance.minor_units().to_be_bytes());
        }
        w.array(self.currencies.len());
        self.currencies.iter().for_each(|currency| w.text(currency.code()));
        w.uint(self.unknown);
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(8)?;
        let group = GroupId::from_bytes(r.bytes_n()?);
        let name = r.text(MAX_NAME_BYTES)?.to_owned();
        let mut members = BTreeMap::new();
        for _ in 0..read_len(r)? {
            r.array(5)?;
            let id = MemberId::from_bytes(r.bytes_n()?);
            let name = r.text(MAX_NAME_BYTES)?.to_owned();
            let root = r.optional(Reader::bytes_n)?.map(RootId::from_bytes);
            let introduced = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            members.insert(id, Member { name, root, introduced });
        }
        let mut introductions = BTreeMap::new();
        for _ in 0..read_len(r)? {
            let (entry, member) = read_pair(r)?;
            introductions.insert(EntryId::from_bytes(entry), member);
        }
        let mut devices = BTreeMap::new();
        for _ in 0..read_len(r)? {
            let (device, member) = read_pair(r)?;
            devices.insert(DeviceId::from_bytes(device), member);
        }
        let mut balances = BTreeMap::new();
        for _ in 0..read_len(r)? {
            r.array(3)?;
            let currency = read_currency(r)?;
            let member = MemberId::from_bytes(r.bytes_n()?);
            let balance = Balance::from_i128(i128::from_be_bytes(r.bytes_n()?));
            balances.insert((currency, member), balance);
        }
        let mut currencies = BTreeSet::new();
        for _ in 0..read_len(r)? {
            currencies.insert(read_currency(r)?);
        }
        let unknown = r.uint()?;
        Ok(Self { group, name, members, introductions, devices, balances, currencies, unknown })
    }
}

fn write_pair(w: &mut Writer, key: &[u8; 32], member: &MemberId) {
    w.array(2);
    w.bytes(key);
    w.bytes(member.as_bytes());
}

fn read_pair(r: &mut Reader<'_>) -> Result<([u8; 32], MemberId), Refusal> {
    r.array(2)?;
    Ok((r.bytes_n()?, MemberId::from_bytes(r.bytes_n()?)))
}

fn read_currency(r: &mut Reader<'_>) -> Result<Currency, Refusal> {
    Currency::from_letters(r.text(3)?.as_bytes()).ok_or_else(|| Refusal::new(Rule::P5))
}

fn read_len(r: &mut Reader<'_>) -> Result<usize, Refusal> {
    r.array_up_to(usize::MAX, Rule::C6)
}
