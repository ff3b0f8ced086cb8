//! Waiting entries: verified, but not admitted yet (SPEC §5.1).

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::{DeviceId, EntryId};
use crate::base::limits::LedgerLimits;
use crate::entry::VerifiedEntry;

/// Waiting entries: they lack dependencies and cannot be admitted yet. Bounded in number
/// and bytes.
///
/// Beyond the bounds, entries of the device with the most waiting bytes are dropped, the
/// largest clock first. So a device that floods hurts only itself. A dropped entry is not
/// lost: it can be asked for again.
#[derive(Clone, Debug, Default)]
pub struct WaitingEntries {
    entries: BTreeMap<EntryId, Waiting>,
    /// For each missing entry, the entries that wait for it.
    waiting_for: BTreeMap<EntryId, BTreeSet<EntryId>>,
    /// Waiting bytes by device.
    bytes: BTreeMap<DeviceId, usize>,
    limits: LedgerLimits,
}

#[derive(Clone, Debug)]
struct Waiting {
    entry: VerifiedEntry,
    missing: BTreeSet<EntryId>,
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

    /// Keeps an entry that waits for the `missing` ones. Returns the entries that are
    /// dropped for it, perhaps the entry itself.
    pub fn hold(&mut self, entry: VerifiedEntry, missing: BTreeSet<EntryId>) -> Vec<EntryId> {
        let id = entry.id();
        if missing.is_empty() || self.entries.contains_key(&id) {
            return Vec::new();
        }
        for dependency in &missing {
            self.waiting_for.entry(*dependency).or_default().insert(id);
        }
        let bytes = self.bytes.entry(entry.decoded().header().device()).or_default();
        *bytes = bytes.saturating_add(entry.decoded().as_bytes().len());
        self.entries.insert(id, Waiting { entry, missing });
        let mut dropped = Vec::new();
        while self.is_too_large() {
            let Some(id) = self.largest() else { break };
            self.remove(&id);
            dropped.push(id);
        }
        dropped
    }

    /// Removes the entries that waited for nothing but an entry which was admitted, and
    /// returns them, to be admitted now.
    pub fn release(&mut self, admitted: &EntryId) -> Vec<VerifiedEntry> {
        let mut ready = Vec::new();
        for id in self.waiting_for.remove(admitted).unwrap_or_default() {
            let Some(waiting) = self.entries.get_mut(&id) else { continue };
            waiting.missing.remove(admitted);
            if waiting.missing.is_empty() {
                ready.extend(self.remove(&id));
            }
        }
        ready
    }

    /// Returns the entries to ask for: missing ones that do not wait themselves.
    pub fn missing(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.waiting_for.keys().copied().filter(|id| !self.entries.contains_key(id))
    }

    /// Returns the waiting entries in the order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.values().map(|waiting| &waiting.entry)
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

    fn is_too_large(&self) -> bool {
        let bytes = self.bytes.values().fold(0usize, |sum, bytes| sum.saturating_add(*bytes));
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.entries.len() > self.limits.waiting_entries || bytes > self.limits.waiting_bytes
    }

    /// Returns the entry that is dropped first.
    fn largest(&self) -> Option<EntryId> {
        let device =
            self.bytes.iter().max_by_key(|(_, bytes)| **bytes).map(|(device, _)| *device)?;
        let waiting = self.entries.values().map(|waiting| waiting.entry.decoded());
        waiting
            .filter(|entry| entry.header().device() == device)
            .max_by_key(|entry| (entry.header().lamport(), entry.id()))
            .map(crate::entry::DecodedEntry::id)
    }

    fn remove(&mut self, id: &EntryId) -> Option<VerifiedEntry> {
        let Waiting { entry, missing } = self.entries.remove(id)?;
        for dependency in missing {
            if let Some(waiting) = self.waiting_for.get_mut(&dependency) {
                waiting.remove(id);
                if waiting.is_empty() {
                    self.waiting_for.remove(&dependency);
                }
            }
        }
        let device = entry.decoded().header().device();
        if let Some(bytes) = self.bytes.get_mut(&device) {
            *bytes = bytes.saturating_sub(entry.decoded().as_bytes().len());
            if *bytes == 0 {
                self.bytes.remove(&device);
            }
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::GroupId;
    use crate::draft::Draft;
    use crate::entry::DecodedEntry;
    use crate::header::HeaderFields;
    use crate::header::Kind;
    use crate::keys::DeviceKey;
    use crate::state::any_position;

    const MAX_PENDING: usize = 10_000;
    const MAX_PENDING_BYTES: usize = 16 * 1024 * 1024;

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
            (0..count as u64).map(|n| sized(2, 1_000 + n, size)).collect();
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

    #[test]
    fn what_misses_nothing_does_not_wait() {
        let mut pending = WaitingEntries::new();
        assert_eq!(pending.hold(entry(1, 5, id(0)), BTreeSet::new()), []);
        assert!(pending.is_empty());
    }
}
