//! The meaning of a ledger: who is in the group, who owes what (SPEC §7).

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::DecodedEntry;
use crate::id::{DeviceId, EntryId, EpochCommit, GroupId, MemberId, Topic};
use crate::keys::DeviceCertificate;
use crate::money::{Balance, Currency};
use crate::payload::{RefIndex, Rotation, Transaction};
use crate::statement::Generation;
use crate::verdict::BalanceDelta;

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub(crate) name: String,
    /// Whether an introduction of theirs is accepted; else an applied entry
    /// refers to them.
    pub(crate) introduced: bool,
    pub(crate) removed: bool,
    /// The current key generations.
    pub(crate) generations: BTreeSet<Generation>,
}

impl Member {
    /// The member's name. Not unique: see [`GroupState::labels`].
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an introduction of the member is accepted. If not, honest
    /// entries speak of the member all the same.
    #[must_use]
    pub fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// Whether the owner removed the member, and did not bind them since.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.removed
    }

    /// The member's current key generations: none for a placeholder or
    /// somebody removed; several only after several claims.
    pub fn generations(&self) -> impl Iterator<Item = Generation> + '_ {
        self.generations.iter().copied()
    }

    /// Whether the member has no keys and was not removed: a placeholder, who
    /// can be claimed.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.generations.is_empty() && !self.removed
    }
}

/// A device that may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    pub(crate) exchange_generation: u64,
    pub(crate) exchange: [u8; 32],
}

impl Device {
    pub(crate) fn rotated(rotation: &Rotation) -> Self {
        Self {
            exchange_generation: rotation.generation(),
            exchange: *rotation.exchange_public_key(),
        }
    }

    pub(crate) fn certified(certificate: &DeviceCertificate) -> Self {
        Self {
            exchange_generation: certificate.exchange_generation(),
            exchange: *certificate.exchange_public_key(),
        }
    }

    /// How often its X25519 key was rotated.
    #[must_use]
    pub fn exchange_generation(&self) -> u64 {
        self.exchange_generation
    }

    /// Its X25519 public key, to receive epoch keys.
    #[must_use]
    pub fn exchange_public_key(&self) -> &[u8; 32] {
        &self.exchange
    }
}

/// An epoch under whose key entries may be sealed (SPEC §11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsableEpoch {
    pub(crate) topic: Topic,
    pub(crate) commit: EpochCommit,
}

impl UsableEpoch {
    pub(crate) fn new(topic: Topic, commit: EpochCommit) -> Self {
        Self { topic, commit }
    }

    /// The topic of its envelopes.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// What its key commits to.
    #[must_use]
    pub fn commit(&self) -> EpochCommit {
        self.commit
    }
}

/// What this device knows about names, beside the state: not in the digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameIndex {
    /// Entries that introduce a member, whatever their verdict.
    pub(crate) introductions: BTreeMap<EntryId, MemberId>,
    /// Clock and id of each member's first introduction.
    pub(crate) order: BTreeMap<MemberId, (u64, EntryId)>,
    /// Whose each device key is.
    pub(crate) owners: BTreeMap<DeviceId, MemberId>,
    /// Currencies in which money was recorded, with the number of applied
    /// entries that do.
    pub(crate) currencies: BTreeMap<Currency, u64>,
    /// How many entries this build cannot judge.
    pub(crate) unknown: u64,
}

/// Members, devices and balances: what the entries mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    pub(crate) group: GroupId,
    pub(crate) name: String,
    pub(crate) members: BTreeMap<MemberId, Member>,
    pub(crate) devices: BTreeMap<(Generation, DeviceId), Device>,
    /// Never holds a zero.
    pub(crate) balances: BTreeMap<(Currency, MemberId), Balance>,
    /// The X25519 recovery keys of current generations that nobody left. Like the
    /// epochs not in the digest: they say how entries travel, not what they mean.
    pub(crate) recovery: BTreeMap<Generation, [u8; 32]>,
    /// The usable epochs by their place in the total order.
    pub(crate) epochs: BTreeMap<(u64, EntryId), UsableEpoch>,
    pub(crate) directory: NameIndex,
}

/// A state in which each of these entries introduces a member whose id is the
/// entry's own, so that a draft can name as a member whatever it likes: to test
/// how others judge what liars sign.
#[must_use]
pub fn any_names(group: GroupId, entries: impl IntoIterator<Item = EntryId>) -> GroupState {
    let mut directory = NameIndex::default();
    for entry in entries {
        directory.introduce(entry, 1, MemberId::from_bytes(*entry.as_bytes()));
    }
    GroupState {
        group,
        name: String::new(),
        members: BTreeMap::new(),
        devices: BTreeMap::new(),
        balances: BTreeMap::new(),
        recovery: BTreeMap::new(),
        epochs: BTreeMap::new(),
        directory,
    }
}

impl GroupState {
    /// Adds what a content counts now, or takes back what it no longer counts.
    pub(crate) fn count(&mut self, nets: &BalanceDelta, counts: bool) {
        for (member, part) in nets.parts() {
            self.shift(nets.currency(), member, if counts { part } else { part.negated() });
        }
    }

    pub(crate) fn shift(&mut self, currency: Currency, member: MemberId, part: Balance) {
        let balance = self.balances.entry((currency, member)).or_default();
        *balance = balance.plus(part);
        if balance.is_zero() {
            self.balances.remove(&(currency, member));
        }
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

    /// The members, in the order of their first introduction.
    #[must_use]
    pub fn members(&self) -> Vec<(MemberId, &Member)> {
        let mut members: Vec<_> = self.members.iter().map(|(id, member)| (*id, member)).collect();
        let order = &self.directory.order;
        members.sort_by_key(|(id, _)| {
            (order.get(id).copied().unwrap_or((1, self.group.genesis())), *id)
        });
        members
    }

    /// One member.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// The transaction that an entry records or replaces, if it does, with the members
    /// whom its refs introduce. It can be changed and sent back as a correction.
    #[must_use]
    pub fn transaction_of(&self, entry: &DecodedEntry) -> Option<Transaction> {
        let refs = entry.header().refs();
        let transaction = entry.payload().transaction()?;
        let member =
            |index: RefIndex| refs.get(index.place()).and_then(|id| self.introduced_by(*id));
        transaction.try_convert(|index| member(index).ok_or(())).ok()
    }

    /// The member whom an entry introduces, if it introduces one.
    #[must_use]
    pub fn introduced_by(&self, entry: EntryId) -> Option<MemberId> {
        self.directory.introductions.get(&entry).copied()
    }

    /// The first entry that introduced a member.
    #[must_use]
    pub fn first_introduction(&self, member: MemberId) -> Option<EntryId> {
        self.directory.order.get(&member).map(|(_, entry)| *entry)
    }

    /// The member whose device this is or was.
    #[must_use]
    pub fn device_owner(&self, device: DeviceId) -> Option<MemberId> {
        self.directory.owners.get(&device).copied()
    }

    /// The devices that may write: accepted, of a current generation, neither
    /// revoked nor left.
    pub fn devices(&self) -> impl Iterator<Item = (Generation, DeviceId, &Device)> {
        self.devices.iter().map(|((generation, id), device)| (*generation, *id, device))
    }

    /// Whether a device may write: whether it is one of [`GroupState::devices`].
    #[must_use]
    pub fn may_write(&self, device: DeviceId) -> bool {
        self.devices.keys().any(|(_, id)| *id == device)
    }

    /// The epochs under whose keys entries may be sealed, the last one in
    /// (lamport, id) first: those in force that know of every cut and every key
    /// rotation.
    pub fn usable_epochs(&self) -> impl Iterator<Item = (EntryId, UsableEpoch)> + '_ {
        self.epochs.iter().rev().map(|((_, id), epoch)| (*id, *epoch))
    }

    /// The X25519 public keys to which the key of an epoch is wrapped: of the
    /// devices that may write, and of the recovery phrases of their people.
    #[must_use]
    pub fn recipients(&self) -> BTreeSet<[u8; 32]> {
        let devices = self.devices.values().map(|device| device.exchange);
        devices.chain(self.recovery.values().copied()).collect()
    }

    /// The X25519 recovery key of a member who has keys: on the card of their
    /// last current generation.
    #[must_use]
    pub fn recovery_key_of(&self, member: MemberId) -> Option<[u8; 32]> {
        let mut generations = self.members.get(&member)?.generations.iter().rev();
        generations.find_map(|generation| self.recovery.get(generation).copied())
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
        self.directory.currencies.keys().copied()
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
        self.directory.unknown
    }
}

impl NameIndex {
    pub(crate) fn introduce(&mut self, entry: EntryId, lamport: u64, member: MemberId) {
        self.introductions.insert(entry, member);
        let first = self.order.entry(member).or_insert((lamport, entry));
        *first = (*first).min((lamport, entry));
    }

    /// One more applied entry in a currency, or one less.
    pub(crate) fn count(&mut self, currency: Currency, applied: bool) {
        let entries = self.currencies.entry(currency).or_default();
        *entries = if applied { entries.saturating_add(1) } else { entries.saturating_sub(1) };
        if *entries == 0 {
            self.currencies.remove(&currency);
        }
    }
}
