//! Group state: who is in the group, and who owes what (SPEC §7).

use std::collections::{BTreeMap, BTreeSet};

use super::device::{Device, UsableEpoch};
use super::member::Member;
use super::name_index::{IntroductionPlace, IntroductionStanding, NameIndex};
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId};
use crate::base::name::visible_form;
use crate::entry::DecodedEntry;
use crate::money::{Balance, Converted, Currency, Rates, RatesError, Settlement, settle_up};
use crate::payload::{Payload, RefIndex, Transaction};
use crate::statement::Generation;
use crate::verdict::BalanceDelta;

/// Group state: members, devices and balances. What the entries of a group mean.
///
/// Equal on all devices that hold the same entries. [`GroupState::digest`] covers name,
/// members, devices and balances; recovery keys, epochs and the name index are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    pub(crate) group: GroupId,
    pub(crate) name: String,
    pub(crate) members: BTreeMap<MemberId, Member>,
    pub(crate) devices: BTreeMap<(Generation, DeviceId), Device>,
    /// Balances other than 0.
    pub(crate) balances: BTreeMap<(Currency, MemberId), Balance>,
    /// X25519 recovery keys of the current generations that no leave concerns. Like the
    /// epochs not in the digest: they say how entries travel, not what they mean.
    pub(crate) recovery: BTreeMap<Generation, [u8; 32]>,
    /// Usable epochs by their place in the total order.
    pub(crate) epochs: BTreeMap<(u64, EntryId), UsableEpoch>,
    pub(crate) name_index: NameIndex,
}

/// Returns a state in which each of some entries introduces a member with the entry's own
/// id. A draft can then name any entry as a member: to test how others judge what liars
/// sign.
#[must_use]
pub fn any_names(group: GroupId, entries: impl IntoIterator<Item = EntryId>) -> GroupState {
    let mut name_index = NameIndex::default();
    for entry in entries {
        let place =
            IntroductionPlace { standing: IntroductionStanding::Applied, lamport: 1, entry };
        name_index.introduce(place, MemberId::from_bytes(*entry.as_bytes()));
    }
    GroupState {
        group,
        name: String::new(),
        members: BTreeMap::new(),
        devices: BTreeMap::new(),
        balances: BTreeMap::new(),
        recovery: BTreeMap::new(),
        epochs: BTreeMap::new(),
        name_index,
    }
}

impl GroupState {
    /// Adds what a content adds to balances, or takes it back if it no longer counts.
    pub(crate) fn apply_delta(&mut self, delta: &BalanceDelta, counts: bool) {
        for (member, part) in delta.parts() {
            self.add_to_balance(
                delta.currency(),
                member,
                if counts { part } else { part.negated() },
            );
        }
    }

    pub(crate) fn add_to_balance(&mut self, currency: Currency, member: MemberId, part: Balance) {
        let balance = self.balances.entry((currency, member)).or_default();
        *balance = balance.plus(part);
        if balance.is_zero() {
            self.balances.remove(&(currency, member));
        }
    }

    /// Returns the group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// Returns the group's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the members, in the order of their [first
    /// introduction](GroupState::first_introduction).
    #[must_use]
    pub fn members(&self) -> Vec<(MemberId, &Member)> {
        let mut members: Vec<_> = self.members.iter().map(|(id, member)| (*id, member)).collect();
        let order = &self.name_index.order;
        let genesis = IntroductionPlace {
            standing: IntroductionStanding::Applied,
            lamport: 1,
            entry: self.group.genesis(),
        };
        members.sort_by_key(|(id, _)| (order.get(id).copied().unwrap_or(genesis), *id));
        members
    }

    /// Returns one member.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// Returns the transaction that an entry records or replaces, with the members whom its
    /// refs introduce. `None` if the entry records and replaces none (a cancellation, an
    /// endorsement), or if one of its refs introduces nobody. It can be changed and sent
    /// back as a correction.
    #[must_use]
    pub fn transaction_of(&self, entry: &DecodedEntry) -> Option<Transaction> {
        self.named(entry, entry.payload().transaction()?)
    }

    /// Returns the content of a template, with the members whom its refs introduce. `None` if the
    /// entry is no template, or if one of its refs introduces nobody.
    #[must_use]
    pub fn template_transaction_of(&self, entry: &DecodedEntry) -> Option<Transaction> {
        match entry.payload() {
            Payload::Template(template) => self.named(entry, template.transaction()),
            _ => None,
        }
    }

    fn named(
        &self,
        entry: &DecodedEntry,
        transaction: &Transaction<RefIndex>,
    ) -> Option<Transaction> {
        let refs = entry.header().refs();
        let member =
            |index: RefIndex| refs.get(index.as_usize()).and_then(|id| self.introduced_by(*id));
        transaction.try_convert(|index| member(index).ok_or(())).ok()
    }

    /// Returns the member whom an entry introduces, if it introduces one.
    #[must_use]
    pub fn introduced_by(&self, entry: EntryId) -> Option<MemberId> {
        self.name_index.introductions.get(&entry).copied()
    }

    /// Returns the first entry that introduces a member: in the order of clock and id, those of
    /// devices that may write, or might when they wrote it, before those of others, and these before
    /// those with a fault (SPEC §4.3).
    #[must_use]
    pub fn first_introduction(&self, member: MemberId) -> Option<EntryId> {
        self.name_index.order.get(&member).map(|place| place.entry)
    }

    /// Returns the member whose device a key is or was.
    #[must_use]
    pub fn device_owner(&self, device: DeviceId) -> Option<MemberId> {
        self.name_index.owners.get(&device).copied()
    }

    /// Returns the devices that may write: accepted, of a current generation, neither
    /// revoked nor left.
    pub fn devices(&self) -> impl Iterator<Item = (Generation, DeviceId, &Device)> {
        self.devices.iter().map(|((generation, id), device)| (*generation, *id, device))
    }

    /// Returns whether a device may write, and a member uses it: whether it is of one of the member's
    /// generations.
    #[must_use]
    pub fn uses_device(&self, member: MemberId, device: DeviceId) -> bool {
        self.member(member).is_some_and(|member| {
            let mut generations = member.generations();
            generations.any(|generation| self.devices.contains_key(&(generation, device)))
        })
    }

    /// Returns whether a device may write: whether it is one of [`GroupState::devices`].
    #[must_use]
    pub fn may_write(&self, device: DeviceId) -> bool {
        self.devices.keys().any(|(_, id)| *id == device)
    }

    /// Returns the epochs under whose keys entries may be sealed, the last in (lamport, id)
    /// first: those that know of every cut, and of the key rotation in force of each device
    /// that may write.
    pub fn usable_epochs(&self) -> impl Iterator<Item = (EntryId, UsableEpoch)> + '_ {
        self.epochs.iter().rev().map(|((_, id), epoch)| (*id, *epoch))
    }

    /// Returns the X25519 public keys to which the key of an epoch is sealed: of the
    /// devices that may write, and of the recovery phrases of their members.
    #[must_use]
    pub fn recipients(&self) -> BTreeSet<[u8; 32]> {
        let devices = self.devices.values().map(|device| device.exchange);
        devices.chain(self.recovery.values().copied()).collect()
    }

    /// Returns the X25519 recovery key of a member who has keys: on the card of their last
    /// current generation.
    #[must_use]
    pub fn recovery_key_of(&self, member: MemberId) -> Option<[u8; 32]> {
        let mut generations = self.members.get(&member)?.generations.iter().rev();
        generations.find_map(|generation| self.recovery.get(generation).copied())
    }

    /// Returns a name for each member that no other member has: their own, or with a number behind
    /// it (`Alex`, `Alex (2)`), in the order of introduction. Spaces, characters that do not show, and
    /// whether an accent is part of its letter tell no names apart, and a name of such characters alone is shown as `?`. Letters of several
    /// scripts that look alike do.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<MemberId, String> {
        let named = |(id, member): (MemberId, &Member)| (id, shown(&member.name));
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut labels = BTreeMap::new();
        let mut later = Vec::new();
        // The first member of a name keeps it. So a member whose real name is "Alex (2)" is
        // never renamed because of two members called Alex.
        for (id, name) in self.members().into_iter().map(named) {
            let form = visible_form(&name);
            if taken.insert(form.clone()) {
                labels.insert(id, name);
            } else {
                later.push((id, name, form));
            }
        }
        // The next number of each form: a number that was tried is never free again, and trying
        // them from the start for each of many members of one name would take long.
        let mut next: BTreeMap<String, u64> = BTreeMap::new();
        for (id, name, form) in later {
            let number = next.entry(form).or_insert(2);
            let numbers = *number..;
            let numbered = |n: u64| (n, format!("{name} ({n})"));
            let is_free = |(_, label): &(u64, String)| !taken.contains(&visible_form(label));
            if let Some((n, label)) = numbers.map(numbered).find(is_free) {
                *number = n.saturating_add(1);
                taken.insert(visible_form(&label));
                labels.insert(id, label);
            }
        }
        labels
    }

    /// Returns the currencies in which money was recorded.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.name_index.currencies.keys().copied()
    }

    /// Returns the balances of all currencies in one, by rates that the app gives
    /// ([`Rates::convert`]).
    ///
    /// # Errors
    /// [`RatesError::Missing`] names each pair for which a rate is missing; otherwise as
    /// [`Rates::convert`].
    pub fn balances_in(&self, currency: Currency, rates: &Rates) -> Result<Converted, RatesError> {
        let balances = self.balances.iter();
        rates.convert(currency, balances.map(|((currency, member), b)| (*currency, *member, *b)))
    }

    /// Returns a member's balance in one currency: positive is what the group owes them.
    #[must_use]
    pub fn balance(&self, member: MemberId, currency: Currency) -> Balance {
        self.balances.get(&(currency, member)).copied().unwrap_or_default()
    }

    /// Returns every balance in one currency that is not zero.
    pub fn open_balances(
        &self,
        currency: Currency,
    ) -> impl Iterator<Item = (MemberId, Balance)> + '_ {
        let (first, last) = (MemberId::from_bytes([0; 32]), MemberId::from_bytes([0xff; 32]));
        self.balances
            .range((currency, first)..=(currency, last))
            .map(|((_, member), balance)| (*member, *balance))
    }

    /// The plan that settles every balance in one currency: [`settle_up`] of
    /// [`open_balances`](Self::open_balances).
    #[must_use]
    pub fn settle_up(&self, currency: Currency) -> Vec<Settlement> {
        settle_up(self.open_balances(currency))
    }

    /// Returns how many entries need a newer version of this library to be judged.
    #[must_use]
    pub fn entries_needing_update(&self) -> u64 {
        self.name_index.unknown
    }
}

/// A name as it is, or `?` for one in which nothing shows.
fn shown(name: &str) -> String {
    if visible_form(name).is_empty() { "?".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looking for a free number from 2 on for each of them would take hundreds of millions of
    /// steps.
    #[test]
    fn many_members_of_one_name_get_their_labels_at_once() {
        let mut state = any_names(GroupId::from_bytes([1; 32]), []);
        let many = 20_000u64;
        for n in 0..many {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&n.to_be_bytes());
            let name = if n == 7 { "Ben (900)" } else { "Ben" }.to_owned();
            let generations = BTreeSet::new();
            let member = Member { name, introduced: true, removed: false, generations };
            state.members.insert(MemberId::from_bytes(id), member);
        }
        let labels: Vec<String> = state.labels().into_values().collect();
        assert_eq!(labels[..3], ["Ben", "Ben (2)", "Ben (3)"]);
        assert!(labels[7] == "Ben (900)" && labels[8] == "Ben (8)");
        assert_eq!(labels.last().unwrap(), "Ben (20000)");
        let different: BTreeSet<_> = labels.into_iter().collect();
        assert_eq!(different.len(), 20_000);
    }
}
