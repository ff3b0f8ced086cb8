//! Waiting entries: verified, but not admitted yet (SPEC §5.1).

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::base::limits::LedgerLimits;
use crate::entry::{DecodedEntry, VerifiedEntry};

/// Bytes that an id counts for which an entry waits.
const ID_BYTES: u64 = 32;

/// Who accounts for a waiting entry. What stands first here gives way last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingAccount {
    /// This device itself. Its entries never give way, and take no room of others: without
    /// them the device would sign where it signed already. The caller says which they are.
    Own,
    /// The member of an enrolment with prospects (SPEC §5.3), or the member who signed a
    /// statement of which a carrier must be kept.
    WithProspects(MemberId),
    /// The accepted member whose introductions lead to an enrolment, or who was cut.
    Introduced(MemberId),
    /// No enrolment of the device is known. All such devices share one account.
    Stranger,
}

/// Waiting entries: they lack dependencies and cannot be admitted yet. Bounded in number
/// and bytes, of which each missing id counts 32.
///
/// Beyond the bounds, strangers give way first, then those without prospects. Among
/// these it is the account with the most bytes, there the device with the most, and of its
/// entries those with the largest clock. So a flood hurts only whoever accounts for it. A
/// dropped entry is not lost: it can be asked for again. What was kept beyond the bounds, as
/// after a salvage, stays: only as much gives way as comes in addition.
#[derive(Clone, Debug, Default)]
pub struct WaitingEntries {
    entries: BTreeMap<EntryId, Waiting>,
    /// Entries by the number under which `waiting_for` names them.
    numbers: BTreeMap<u32, EntryId>,
    next_number: u32,
    /// Each missing id with each entry that waits for it.
    waiting_for: BTreeSet<(EntryId, u32)>,
    /// By account and device.
    devices: BTreeMap<(WaitingAccount, DeviceId), DeviceWaiting>,
    accounts: BTreeMap<WaitingAccount, AccountWaiting>,
    /// Accounts by class and bytes: the last one gives way first.
    ranking: BTreeSet<(u8, u64, WaitingAccount)>,
    bytes: u64,
    limits: LedgerLimits,
}

#[derive(Clone, Debug)]
struct Waiting {
    entry: VerifiedEntry,
    number: u32,
    missing: usize,
    bytes: u64,
    account: WaitingAccount,
}

/// Waiting entries of a device for which one account stands.
#[derive(Clone, Debug, Default)]
struct DeviceWaiting {
    bytes: u64,
    /// By clock and id.
    entries: BTreeSet<(u64, EntryId)>,
}

/// Waiting entries of all devices of an account.
#[derive(Clone, Debug, Default)]
struct AccountWaiting {
    bytes: u64,
    devices: BTreeSet<(u64, DeviceId)>,
}

/// Room that waiting entries take.
#[derive(Clone, Copy)]
struct Room {
    /// Bytes of one account.
    account: u64,
    /// Bytes of all accounts but the own one.
    bytes: u64,
    /// Entries of these.
    entries: usize,
}

impl WaitingAccount {
    fn class(self) -> u8 {
        match self {
            Self::Own | Self::WithProspects(_) => 0,
            Self::Introduced(_) => 1,
            Self::Stranger => 2,
        }
    }
}

impl WaitingEntries {
    /// Returns an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty set with other limits than the default ones.
    #[must_use]
    pub fn with_limits(limits: LedgerLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Keeps an entry of a stranger, as [`WaitingEntries::hold_for`].
    pub fn hold(&mut self, entry: VerifiedEntry, missing: BTreeSet<EntryId>) -> Vec<EntryId> {
        let dropped = self.hold_for(WaitingAccount::Stranger, entry, missing);
        dropped.into_iter().map(|(id, _)| id).collect()
    }

    /// Keeps an entry that waits for the `missing` ones. `account` accounts for it.
    /// Returns the entries that are dropped for it, perhaps the entry itself, with their
    /// devices.
    pub fn hold_for(
        &mut self,
        account: WaitingAccount,
        entry: VerifiedEntry,
        missing: BTreeSet<EntryId>,
    ) -> Vec<(EntryId, DeviceId)> {
        let before = self.room(account);
        self.restore(account, entry, missing);
        self.give_way(account, before)
    }

    /// Keeps an entry that was kept before, whatever the limits.
    pub fn restore(
        &mut self,
        account: WaitingAccount,
        entry: VerifiedEntry,
        missing: BTreeSet<EntryId>,
    ) {
        let id = entry.id();
        if missing.is_empty() || self.entries.contains_key(&id) {
            return;
        }
        let header = entry.decoded().header();
        let (device, clock) = (header.device(), header.lamport());
        let ids = u64::try_from(missing.len()).unwrap_or(u64::MAX);
        let length = u64::try_from(entry.decoded().as_bytes().len()).unwrap_or(u64::MAX);
        let bytes = length.saturating_add(ids.saturating_mul(ID_BYTES));
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        self.numbers.insert(number, id);
        self.waiting_for.extend(missing.iter().map(|dependency| (*dependency, number)));
        let missing = missing.len();
        self.entries.insert(id, Waiting { entry, number, missing, bytes, account });
        self.change_device((account, device), |waiting| {
            waiting.entries.insert((clock, id));
            waiting.bytes = waiting.bytes.saturating_add(bytes);
        });
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Says anew who accounts for each entry, after enrolments or their prospects changed.
    pub fn set_accounts(&mut self, account_of: impl Fn(&DecodedEntry) -> WaitingAccount) {
        let mut moved = Vec::new();
        for (id, waiting) in &mut self.entries {
            let account = account_of(waiting.entry.decoded());
            if account != waiting.account {
                let header = waiting.entry.decoded().header();
                let entry = (header.lamport(), *id);
                moved.push((header.device(), entry, waiting.bytes, [waiting.account, account]));
                waiting.account = account;
            }
        }
        for (device, entry, bytes, [from, to]) in moved {
            self.change_device((from, device), |waiting| {
                waiting.entries.remove(&entry);
                waiting.bytes = waiting.bytes.saturating_sub(bytes);
            });
            self.change_device((to, device), |waiting| {
                waiting.entries.insert(entry);
                waiting.bytes = waiting.bytes.saturating_add(bytes);
            });
        }
    }

    /// Removes the entries that waited for nothing but an entry which was admitted, and
    /// returns them, to be admitted now.
    pub fn release(&mut self, admitted: &EntryId) -> Vec<VerifiedEntry> {
        let pairs = self.waiting_for.range((*admitted, 0)..=(*admitted, u32::MAX));
        let numbers: Vec<u32> = pairs.map(|(_, number)| *number).collect();
        let mut ready = Vec::new();
        for number in numbers {
            self.waiting_for.remove(&(*admitted, number));
            let Some(id) = self.numbers.get(&number).copied() else { continue };
            let Some(waiting) = self.entries.get_mut(&id) else { continue };
            waiting.missing = waiting.missing.saturating_sub(1);
            if waiting.missing == 0 {
                ready.extend(self.remove(&id));
            }
        }
        ready
    }

    /// Returns the entries to ask for: missing ones that do not wait themselves.
    pub fn missing(&self) -> impl Iterator<Item = EntryId> + '_ {
        let mut last = None;
        let ids = self.waiting_for.iter().map(|(id, _)| *id);
        let ids = ids.filter(move |id| last.replace(*id) != Some(*id));
        ids.filter(|id| !self.entries.contains_key(id))
    }

    /// Returns up to `count` of the entries to ask for, first those for which entries of
    /// members with prospects wait. Takes time in proportion to `count`, not to what waits.
    #[must_use]
    pub fn missing_first(&self, count: usize) -> BTreeSet<EntryId> {
        let mut found = BTreeSet::new();
        let mut looks = count.saturating_mul(8);
        let accounts = self.accounts.iter();
        let devices = accounts.flat_map(|(account, waiting)| {
            waiting.devices.iter().map(|(_, device)| (*account, *device))
        });
        let waiting = devices.filter_map(|device| self.devices.get(&device));
        let entries = waiting.flat_map(|device| &device.entries);
        for waiting in entries.filter_map(|(_, id)| self.entries.get(id)) {
            for id in waiting.entry.decoded().header().dependencies() {
                if found.len() >= count || looks == 0 {
                    return found;
                }
                looks = looks.saturating_sub(1);
                let is_missing = self.waiting_for.contains(&(*id, waiting.number));
                if is_missing && !self.entries.contains_key(id) {
                    found.insert(*id);
                }
            }
        }
        found
    }

    /// Returns the waiting entries in the order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.values().map(|waiting| &waiting.entry)
    }

    /// Returns a waiting entry.
    #[must_use]
    pub fn get(&self, id: &EntryId) -> Option<&VerifiedEntry> {
        self.entries.get(id).map(|waiting| &waiting.entry)
    }

    /// Returns whether an entry waits for this one.
    #[must_use]
    pub fn is_awaited(&self, id: &EntryId) -> bool {
        self.waiting_for.range((*id, 0)..=(*id, u32::MAX)).next().is_some()
    }

    /// Returns the entries that wait for this one.
    pub fn waiting_for(&self, id: &EntryId) -> impl Iterator<Item = &VerifiedEntry> {
        let pairs = self.waiting_for.range((*id, 0)..=(*id, u32::MAX));
        let ids = pairs.filter_map(|(_, number)| self.numbers.get(number));
        ids.filter_map(|id| self.get(id))
    }

    /// Returns how many entries wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether no entry waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the bytes that wait: of entries, and of the ids that they miss.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the room that entries take now, of an account and of all but the own one.
    fn room(&self, account: WaitingAccount) -> Room {
        let bytes_of = |account| {
            self.accounts.get(&account).map_or(0, |waiting: &AccountWaiting| waiting.bytes)
        };
        let own = self.accounts.get(&WaitingAccount::Own);
        let own = own.into_iter().flat_map(|waiting| &waiting.devices);
        let own = own.filter_map(|(_, device)| self.devices.get(&(WaitingAccount::Own, *device)));
        let own: usize = own.map(|waiting| waiting.entries.len()).sum();
        Room {
            account: bytes_of(account),
            bytes: self.bytes.saturating_sub(bytes_of(WaitingAccount::Own)),
            entries: self.entries.len().saturating_sub(own),
        }
    }

    /// Drops entries until all limits hold, or no more is there than `before`.
    fn give_way(&mut self, account: WaitingAccount, before: Room) -> Vec<(EntryId, DeviceId)> {
        let mut dropped = Vec::new();
        let of_account = match account {
            WaitingAccount::Own => return dropped,
            WaitingAccount::Stranger => self.limits.waiting_bytes,
            _ => self.limits.waiting_bytes_per_member,
        };
        let most = Room {
            account: of_account.max(before.account),
            bytes: self.limits.waiting_bytes.max(before.bytes),
            entries: self.limits.waiting_entries.max(before.entries),
        };
        while self.room(account).account > most.account {
            let Some(entry) = self.drop_of(account) else { break };
            dropped.push(entry);
        }
        loop {
            let room = self.room(account);
            if room.entries <= most.entries && room.bytes <= most.bytes {
                break;
            }
            let Some((.., account)) = self.ranking.last().copied() else { break };
            let Some(entry) = self.drop_of(account) else { break };
            dropped.push(entry);
        }
        dropped
    }

    /// Drops the entry with the largest clock of the device with the most bytes of an
    /// account.
    fn drop_of(&mut self, account: WaitingAccount) -> Option<(EntryId, DeviceId)> {
        let (_, device) = *self.accounts.get(&account)?.devices.last()?;
        let (_, id) = *self.devices.get(&(account, device))?.entries.last()?;
        self.remove(&id)?;
        Some((id, device))
    }

    fn remove(&mut self, id: &EntryId) -> Option<VerifiedEntry> {
        let Waiting { entry, number, bytes, account, .. } = self.entries.remove(id)?;
        self.numbers.remove(&number);
        let header = entry.decoded().header();
        for dependency in header.dependencies() {
            self.waiting_for.remove(&(*dependency, number));
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        let clock = header.lamport();
        self.change_device((account, header.device()), |waiting| {
            waiting.entries.remove(&(clock, *id));
            waiting.bytes = waiting.bytes.saturating_sub(bytes);
        });
        Some(entry)
    }

    /// Changes what waits of a device for one account, and keeps all sums.
    fn change_device(
        &mut self,
        (account, device): (WaitingAccount, DeviceId),
        change: impl FnOnce(&mut DeviceWaiting),
    ) {
        let mut waiting = self.devices.remove(&(account, device)).unwrap_or_default();
        let before = waiting.bytes;
        change(&mut waiting);
        let (after, gone) = (waiting.bytes, waiting.entries.is_empty());
        self.change_account(account, |waiting| {
            waiting.devices.remove(&(before, device));
            waiting.bytes = waiting.bytes.saturating_sub(before);
            if !gone {
                waiting.devices.insert((after, device));
                waiting.bytes = waiting.bytes.saturating_add(after);
            }
        });
        if !gone {
            self.devices.insert((account, device), waiting);
        }
    }

    fn change_account(
        &mut self,
        account: WaitingAccount,
        change: impl FnOnce(&mut AccountWaiting),
    ) {
        let mut waiting = self.accounts.remove(&account).unwrap_or_default();
        self.ranking.remove(&(account.class(), waiting.bytes, account));
        change(&mut waiting);
        if !waiting.devices.is_empty() {
            if account != WaitingAccount::Own {
                self.ranking.insert((account.class(), waiting.bytes, account));
            }
            self.accounts.insert(account, waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::GroupId;
    use crate::draft::Draft;
    use crate::header::HeaderFields;
    use crate::header::Kind;
    use crate::keys::DeviceKey;
    use crate::state::any_position;

    const MAX_PENDING: usize = 10_000;
    const MAX_PENDING_BYTES: usize = 16 * 1024 * 1024;
    const ID_BYTES: usize = 32;

    fn id(n: u64) -> EntryId {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        EntryId::from_bytes(bytes)
    }

    /// An entry by device `who` that names `after` as backlink.
    fn entry(who: u8, lamport: u64, after: EntryId) -> VerifiedEntry {
        let device = DeviceKey::from_bytes(&[who; 64]);
        let group = GroupId::from_bytes([1; 32]);
        let at = any_position(group, device.id(), lamport, after, vec![], lamport);
        Draft::merge().sign(&device, &at, 0).unwrap()
    }

    #[test]
    fn a_chain_that_came_backwards_is_released_link_by_link() {
        let mut pending = WaitingEntries::new();
        let first = entry(1, 5, id(0));
        let second = entry(1, 6, first.id());
        assert!(pending.hold(second.clone(), [first.id()].into()).is_empty());
        assert!(pending.hold(first.clone(), [id(0)].into()).is_empty());
        assert_eq!(pending.missing().collect::<Vec<_>>(), [id(0)], "not what waits itself");
        assert_eq!(pending.release(&id(9)), []);
        assert!(!pending.is_empty());
        assert_eq!(pending.release(&id(0)), std::slice::from_ref(&first));
        assert_eq!(pending.release(&first.id()), [second]);
        assert!(pending.is_empty() && pending.missing().next().is_none());
    }

    #[test]
    fn an_entry_waits_for_all_that_it_misses() {
        let mut pending = WaitingEntries::new();
        let both = entry(1, 5, id(0));
        pending.hold(both.clone(), [id(0), id(1)].into());
        pending.hold(both.clone(), [id(2)].into());
        assert_eq!(pending.len(), 1, "a second copy changes nothing");
        assert!(pending.release(&id(1)).is_empty());
        assert_eq!(pending.release(&id(0)), [both]);
    }

    #[test]
    fn whoever_floods_hurts_only_themselves() {
        let mut pending = WaitingEntries::new();
        let honest = entry(1, 5, id(0));
        pending.hold(honest.clone(), [id(0)].into());
        let mut dropped = 0;
        for n in 1..=MAX_PENDING as u64 + 50 {
            dropped += pending.hold(entry(2, n, id(n)), [id(n)].into()).len();
        }
        assert_eq!((pending.len(), dropped), (MAX_PENDING, 51));
        assert_eq!(pending.release(&id(0)), [honest]);
    }

    /// An entry of exactly this many bytes.
    fn sized(who: u8, lamport: u64, bytes: usize) -> VerifiedEntry {
        let device = DeviceKey::from_bytes(&[who; 64]);
        let of = |payload: &[u8]| {
            let kind = Kind::from_number(999);
            let mut fields = HeaderFields::for_payload(device.id(), kind, payload);
            fields.group = Some(GroupId::from_bytes([1; 32]));
            (fields.seq, fields.lamport) = (lamport, lamport);
            fields.backlink = Some(id(lamport));
            DecodedEntry::assemble(fields, payload, |id| device.sign_entry(id)).unwrap()
        };
        let header = of(&[0; 1_000]).as_bytes().len() - 1_000;
        let entry = of(&vec![0; bytes - header]);
        assert_eq!(entry.as_bytes().len(), bytes);
        VerifiedEntry::signed_here(entry)
    }

    #[test]
    fn sixteen_mebibytes_wait_and_beyond_them_who_sent_most_gives_way() {
        let mut pending = WaitingEntries::new();
        let size = 32 * 1024;
        let count = MAX_PENDING_BYTES / size;
        let flood: Vec<VerifiedEntry> =
            (0..count as u64).map(|n| sized(2, 1_000 + n, size - ID_BYTES)).collect();
        for (n, entry) in flood.iter().enumerate() {
            assert_eq!(pending.hold(entry.clone(), [id(n as u64)].into()), []);
        }
        assert_eq!(pending.entries().count(), count, "all that fits");
        let honest = entry(1, 5, id(9_999));
        let last = flood.last().unwrap();
        assert_eq!(pending.hold(honest.clone(), [id(9_999)].into()), [last.id()]);
        assert_eq!(
            pending.hold(last.clone(), [id(0)].into()),
            [last.id()],
            "also if it comes anew"
        );
        // What was admitted, or gave way, makes room.
        assert_eq!(pending.release(&id(0)), flood[..1]);
        assert_eq!(pending.hold(last.clone(), [id(0)].into()), []);
        assert_eq!(pending.len(), count);
        assert!(pending.entries().any(|entry| *entry == honest));
    }

    fn member(n: u8) -> MemberId {
        MemberId::from_bytes([n; 32])
    }

    /// Thousands of fresh keys, whom nobody enrolled, push out no entry of a member.
    #[test]
    fn a_flood_under_fresh_keys_pushes_no_honest_entry_out() {
        let limits = LedgerLimits { waiting_entries: 50, ..LedgerLimits::default() };
        let mut waiting = WaitingEntries::with_limits(limits);
        let honest: Vec<VerifiedEntry> = (0..20).map(|n| entry(1, 500 + n, id(n))).collect();
        for (n, entry) in honest.iter().enumerate() {
            let missing = [id(n as u64)].into();
            let account = WaitingAccount::WithProspects(member(1));
            assert_eq!(waiting.hold_for(account, entry.clone(), missing), []);
        }
        for n in 0..200 {
            waiting.hold(entry(n + 2, 1, id(1_000 + u64::from(n))), [id(0)].into());
        }
        assert_eq!(waiting.len(), 50);
        assert!(honest.iter().all(|entry| waiting.get(&entry.id()).is_some()));
        // Also those of an enrolled, but never accepted device go before them.
        for n in 0..200 {
            let flood = entry(2, 1, id(2_000 + n));
            let account = WaitingAccount::Introduced(member(2));
            waiting.hold_for(account, flood, [id(0)].into());
        }
        assert!(honest.iter().all(|entry| waiting.get(&entry.id()).is_some()));
    }

    /// A member's flood, from five devices, is bounded by what one member may account for,
    /// and counts the ids that it misses.
    #[test]
    fn a_member_accounts_for_the_bytes_of_all_devices_and_for_missing_ids() {
        let limits = LedgerLimits { waiting_bytes_per_member: 20_000, ..LedgerLimits::default() };
        let mut waiting = WaitingEntries::with_limits(limits);
        let account = WaitingAccount::WithProspects(member(1));
        for n in 0..50 {
            let device = 1 + u8::try_from(n % 5).unwrap();
            let parents = (0..16).map(|m| id(n * 100 + m)).collect();
            let key = DeviceKey::from_bytes(&[device; 64]);
            let group = GroupId::from_bytes([1; 32]);
            let at = any_position(group, key.id(), n, id(n * 100 + 50), parents, n + 1);
            let flood = Draft::merge().sign(&key, &at, 0).unwrap();
            let missing = flood.decoded().header().dependencies().copied().collect();
            waiting.hold_for(account, flood, missing);
        }
        let ids = waiting.entries().map(|entry| entry.decoded().header().parents().len() + 1);
        let ids: usize = ids.sum();
        let entries: usize = waiting.entries().map(|entry| entry.decoded().as_bytes().len()).sum();
        assert_eq!(waiting.bytes(), (entries + ids * ID_BYTES) as u64);
        assert!((15_000..=20_000).contains(&waiting.bytes()));
        assert_eq!(waiting.missing().count(), ids);
        assert_eq!(waiting.missing_first(10).len(), 10);
    }

    /// What is asked for first is what members wait for, also behind a flood.
    #[test]
    fn what_members_wait_for_is_asked_for_first() {
        let mut waiting = WaitingEntries::new();
        for n in 0..100 {
            waiting.hold(entry(n + 2, 1, id(n.into())), [id(n.into())].into());
        }
        waiting.hold_for(
            WaitingAccount::WithProspects(member(1)),
            entry(1, 5, id(999)),
            [id(999)].into(),
        );
        assert_eq!(waiting.missing_first(1), [id(999)].into());
        // Somebody is removed: what they wait for is the last.
        let flooder = DeviceKey::from_bytes(&[2; 64]).id();
        waiting.set_accounts(|entry| match entry.header().device() == flooder {
            true => WaitingAccount::WithProspects(member(2)),
            false => WaitingAccount::Stranger,
        });
        assert_eq!(waiting.missing_first(1), [id(0)].into());
    }

    #[test]
    fn what_misses_nothing_does_not_wait() {
        let mut pending = WaitingEntries::new();
        assert_eq!(pending.hold(entry(1, 5, id(0)), BTreeSet::new()), []);
        assert!(pending.is_empty());
    }
}
