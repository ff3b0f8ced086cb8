//! Waiting entries: verified, but not admitted yet (SPEC §5.1).

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::base::limits::LedgerLimits;
use crate::entry::{DecodedEntry, VerifiedEntry};

/// Bytes that an id counts for which an entry waits.
const ID_BYTES: u64 = 32;

/// Account to which the bytes of a waiting entry are charged. The first one here gives way last.
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
    /// Entries by account, device, clock and id: one set, since a set for each of many devices
    /// with one entry would take more than the entry.
    by_device: BTreeSet<(WaitingAccount, DeviceId, u64, EntryId)>,
    accounts: BTreeMap<WaitingAccount, AccountWaiting>,
    /// Accounts by class and bytes: the last one gives way first.
    ranking: BTreeSet<(u8, u64, WaitingAccount)>,
    bytes: u64,
    limits: LedgerLimits,
}

#[derive(Clone, Debug)]
struct Waiting {
    /// Apart from the map, which has room for some more than it holds.
    entry: Box<VerifiedEntry>,
    number: u32,
    missing: usize,
    bytes: u64,
    account: WaitingAccount,
}

/// Waiting entries of a device for which one account stands.
#[derive(Clone, Copy, Debug, Default)]
struct DeviceWaiting {
    bytes: u64,
    entries: usize,
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
        let entry = Box::new(entry);
        self.entries.insert(id, Waiting { entry, number, missing, bytes, account });
        self.add_to_device((account, device), (clock, id), bytes);
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
            self.take_from_device((from, device), entry, bytes);
            self.add_to_device((to, device), entry, bytes);
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
        let entries = devices.flat_map(|device| self.of_device(device));
        for waiting in entries.filter_map(|id| self.entries.get(&id)) {
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
        self.entries.values().map(|waiting| &*waiting.entry)
    }

    /// Returns a waiting entry.
    #[must_use]
    pub fn get(&self, id: &EntryId) -> Option<&VerifiedEntry> {
        self.entries.get(id).map(|waiting| &*waiting.entry)
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
        let own: usize = own.map(|waiting| waiting.entries).sum();
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
        let id = self.of_device((account, device)).next_back()?;
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
        self.take_from_device((account, header.device()), (clock, *id), bytes);
        Some(*entry)
    }

    /// Returns the waiting entries of a device for which an account stands, by clock and id.
    fn of_device(
        &self,
        (account, device): (WaitingAccount, DeviceId),
    ) -> impl DoubleEndedIterator<Item = EntryId> + '_ {
        let [least, largest] = [0, 0xff].map(|byte| EntryId::from_bytes([byte; 32]));
        let all = (account, device, 0, least)..=(account, device, u64::MAX, largest);
        self.by_device.range(all).map(|(.., id)| *id)
    }

    fn add_to_device(
        &mut self,
        (account, device): (WaitingAccount, DeviceId),
        (clock, id): (u64, EntryId),
        bytes: u64,
    ) {
        self.by_device.insert((account, device, clock, id));
        self.change_device((account, device), |waiting| {
            waiting.entries = waiting.entries.saturating_add(1);
            waiting.bytes = waiting.bytes.saturating_add(bytes);
        });
    }

    fn take_from_device(
        &mut self,
        (account, device): (WaitingAccount, DeviceId),
        (clock, id): (u64, EntryId),
        bytes: u64,
    ) {
        self.by_device.remove(&(account, device, clock, id));
        self.change_device((account, device), |waiting| {
            waiting.entries = waiting.entries.saturating_sub(1);
            waiting.bytes = waiting.bytes.saturating_sub(bytes);
        });
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
        let (after, gone) = (waiting.bytes, waiting.entries == 0);
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
mod tests;
