//! Table of replayed entries: what replay asks of an index most often, in memory.

use core::num::NonZeroU32;
use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashTable;

use super::replayed::Replayed;
use crate::base::id::{EntryId, Origin};
use crate::entry::VerifiedEntry;
use crate::header::Kind;
use crate::payload::Payload;
use crate::state::{ChainEntry, Link};
use crate::verdict::{ChainPosition, Slot, SlotEntry, SlotRole, Verdict};

/// Table of replayed entries in the order of their arrival: position, clock, verdict
/// and slot of each, without what the entry says. Some 100 bytes an entry.
///
/// Entries are found by id through a hash table of row numbers. An id is a hash
/// already, so its first eight bytes serve as the hash value: deterministic, and free.
/// Somebody who signs entries can search for ids that begin alike, so that a lookup of
/// one compares all of them. To bring n entries into one place of a table with 2^k
/// places takes n · 2^k tries, which a slower lookup of these n entries does not repay.
///
/// The hash table holds row numbers, and the rows hold the ids. So it takes 6 to 12
/// bytes an entry. Nothing ever iterates over it: its order means nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct EntryTable {
    rows_by_id: HashTable<u32>,
    rows: Vec<Node>,
    /// By the number of the chain.
    chains: Vec<Chain>,
    /// Applied entries of all slots other than the originals that name them. In this order, those
    /// that decide what a slot shows stand at the ends of its parts.
    slots: BTreeSet<SlotKey>,
    /// Row of the first original with each origin: it names the slot of all.
    origins: BTreeMap<Origin, u32>,
}

/// Applied entry of a slot, in the order in which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SlotKey {
    /// Row of the original that names the slot.
    original: u32,
    role: SlotRole,
    lamport: u64,
    id: EntryId,
}

impl SlotKey {
    fn new(original: u32, part: SlotEntry) -> Self {
        let SlotEntry { id, lamport, role } = part;
        Self { original, role, lamport, id }
    }

    /// Returns the bounds of all entries of a slot with one of the parts between two.
    fn range(original: u32, from: SlotRole, to: SlotRole) -> RangeInclusive<Self> {
        let first = Self { original, role: from, lamport: 0, id: EntryId::from_bytes([0; 32]) };
        let id = EntryId::from_bytes([0xff; 32]);
        first..=Self { original, role: to, lamport: u64::MAX, id }
    }

    fn part(&self) -> SlotEntry {
        SlotEntry { id: self.id, lamport: self.lamport, role: self.role }
    }
}

/// Row of the table. 64 bytes, which is one cache line.
#[derive(Clone, Copy, Debug)]
struct Node {
    id: EntryId,
    seq: u64,
    lamport: u64,
    /// Row of the original that names the slot which the entry is in, plus one. `None` if it
    /// is void or in no slot.
    slot: Option<NonZeroU32>,
    chain: u32,
    kind: Kind,
    verdict: Verdict,
}

impl Node {
    fn position(&self) -> ChainPosition {
        ChainPosition { chain: self.chain, seq: self.seq }
    }

    /// Returns the row of the original of its slot.
    fn slot_row(&self) -> Option<u32> {
        self.slot?.get().checked_sub(1)
    }
}

/// Rows of a chain's entries in the order of their `seq`, which begins at `first`.
#[derive(Clone, Debug)]
struct Chain {
    first: u64,
    rows: Vec<u32>,
}

impl EntryTable {
    /// Adds an entry that was replayed, and sets the verdicts on others that it
    /// flipped. Returns whether the entry is new.
    pub(super) fn insert(&mut self, entry: &VerifiedEntry, replayed: &Replayed) -> bool {
        if !self.add(entry, replayed.position(), replayed.verdict()) {
            return false;
        }
        if let Some((original, part, _)) = replayed.slot() {
            self.set_slot(original, part, true);
        }
        for flip in replayed.flips() {
            if let Some(node) = self.node_mut(&flip.id) {
                node.verdict = flip.verdict;
            }
            if let Some((original, part)) = flip.slot {
                self.set_slot(original, part, flip.verdict.is_applied());
            }
        }
        true
    }

    /// Adds an entry that is in no slot yet. Returns whether it is new.
    ///
    /// 2^32 rows would take 256 GiB. So memory ends before row numbers do, and an entry
    /// beyond counts as known.
    pub(super) fn add(
        &mut self,
        entry: &VerifiedEntry,
        position: ChainPosition,
        verdict: Verdict,
    ) -> bool {
        let id = entry.id();
        let Ok(row) = u32::try_from(self.rows.len()) else { return false };
        if self.row(&id).is_some() {
            return false;
        }
        let ChainPosition { chain, seq } = position;
        let header = entry.decoded().header();
        let (lamport, kind) = (header.lamport(), header.kind());
        if let Payload::Transaction(transaction) = entry.decoded().payload()
            && let Some(origin) = transaction.origin()
        {
            self.origins.entry(origin).or_insert(row);
        }
        self.rows.push(Node { id, seq, lamport, slot: None, chain, kind, verdict });
        let rows = &self.rows;
        self.rows_by_id
            .insert_unique(hash(&id), row, |row| get(rows, *row).map_or(0, |node| hash(&node.id)));
        // A ledger numbers chains, and the entries of each, one by one.
        match usize::try_from(chain).ok().and_then(|chain| self.chains.get_mut(chain)) {
            Some(chain) => chain.rows.push(row),
            None => self.chains.push(Chain { first: seq, rows: vec![row] }),
        }
        true
    }

    /// Puts an entry into the slot of an original, or takes it out.
    fn set_slot(&mut self, original: EntryId, part: SlotEntry, applied: bool) {
        let Some(original) = self.row(&original) else { return };
        if let Some(node) = self.node_mut(&part.id) {
            let slot = NonZeroU32::MIN.checked_add(original);
            node.slot = slot.filter(|_| applied);
        }
        if get(&self.rows, original).is_some_and(|node| node.id == part.id) {
            return;
        }
        let key = SlotKey::new(original, part);
        if applied {
            self.slots.insert(key);
        } else {
            self.slots.remove(&key);
        }
    }

    fn row(&self, id: &EntryId) -> Option<u32> {
        let is_id = |row: &u32| get(&self.rows, *row).is_some_and(|node| node.id == *id);
        self.rows_by_id.find(hash(id), is_id).copied()
    }

    fn node(&self, id: &EntryId) -> Option<&Node> {
        get(&self.rows, self.row(id)?)
    }

    fn node_mut(&mut self, id: &EntryId) -> Option<&mut Node> {
        let row = self.row(id)?;
        self.rows.get_mut(usize::try_from(row).ok()?)
    }

    /// Returns the number of an entry in the order of arrival, counted from 0.
    pub(super) fn number(&self, id: &EntryId) -> Option<usize> {
        usize::try_from(self.row(id)?).ok()
    }

    /// Returns the entry with a number in that order.
    pub(super) fn id(&self, number: usize) -> Option<EntryId> {
        self.rows.get(number).map(|node| node.id)
    }

    /// Returns position and verdict of an entry, and the original of its slot.
    pub(super) fn status(&self, id: &EntryId) -> Option<(ChainPosition, Verdict, Option<EntryId>)> {
        let node = self.node(id)?;
        let original = node.slot_row().and_then(|row| get(&self.rows, row));
        Some((node.position(), node.verdict, original.map(|node| node.id)))
    }

    /// Returns the verdicts in the order of arrival.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> {
        self.rows.iter().map(|node| (node.id, node.verdict))
    }

    pub(super) fn link(&self, id: &EntryId) -> Option<Link> {
        self.node(id).map(|node| Link { position: node.position(), lamport: node.lamport })
    }

    pub(super) fn chain(&self, from: ChainPosition) -> Vec<ChainEntry> {
        let number = usize::try_from(from.chain).ok();
        let Some(chain) = number.and_then(|number| self.chains.get(number)) else {
            return Vec::new();
        };
        let skip = from.seq.saturating_sub(chain.first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let nodes = chain.rows.iter().skip(skip).filter_map(|row| get(&self.rows, *row));
        let entry = |node: &Node| ChainEntry {
            id: node.id,
            seq: node.seq,
            kind: node.kind,
            verdict: node.verdict,
        };
        nodes.map(entry).collect()
    }

    pub(super) fn first_with_origin(&self, origin: &Origin) -> Option<EntryId> {
        get(&self.rows, *self.origins.get(origin)?).map(|node| node.id)
    }

    pub(super) fn slot(&self, original: &EntryId) -> Vec<SlotEntry> {
        let Some(row) = self.row(original) else { return Vec::new() };
        let others =
            self.slots.range(SlotKey::range(row, SlotRole::Original, SlotRole::Restoration));
        self.naming(row).into_iter().chain(others.map(SlotKey::part)).collect()
    }

    /// Returns what a slot shows without some of its entries: of each part the entry at the end of
    /// its range that decides. Passes over the entries left out, and reads no others.
    pub(super) fn slot_without(&self, original: &EntryId, without: &BTreeSet<EntryId>) -> Slot {
        let Some(row) = self.row(original) else { return Slot::default() };
        let stays = |part: &SlotEntry| !without.contains(&part.id);
        let decisive = SlotRole::ALL.into_iter().filter_map(|role| {
            let mut parts = self.slots.range(SlotKey::range(row, role, role)).map(SlotKey::part);
            if role.first_decides() { parts.find(stays) } else { parts.rfind(stays) }
        });
        Slot::from_entries(self.naming(row).filter(stays).into_iter().chain(decisive))
    }

    /// Returns the part of the original in a row that names a slot, if it is applied and not in
    /// the slot of another one.
    fn naming(&self, row: u32) -> Option<SlotEntry> {
        let node = get(&self.rows, row).filter(|node| node.slot_row() == Some(row))?;
        Some(SlotEntry { id: node.id, lamport: node.lamport, role: SlotRole::Original })
    }
}

/// Returns the first eight bytes of an id: a hash value, as the id is a hash.
fn hash(id: &EntryId) -> u64 {
    let [first, ..] = id.as_bytes().as_chunks().0 else { return 0 };
    u64::from_le_bytes(*first)
}

fn get(rows: &[Node], row: u32) -> Option<&Node> {
    rows.get(usize::try_from(row).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::GroupId;
    use crate::draft::Draft;
    use crate::entry::read_stored;
    use crate::keys::DeviceKey;
    use crate::state::any_position;
    use proptest::prelude::*;

    #[test]
    fn a_node_is_a_cache_line() {
        assert_eq!(size_of::<Node>(), 64);
    }

    /// Entries whose ids differ in the last byte only.
    fn named() -> impl Fn(u8) -> VerifiedEntry {
        let device = DeviceKey::from_bytes(&[1; 64]);
        let at = any_position(
            GroupId::from_bytes([1; 32]),
            device.id(),
            7,
            EntryId::from_bytes([2; 32]),
            Vec::new(),
            7,
        );
        let entry = Draft::merge().sign(&device, &at, 0).unwrap();
        move |last| {
            let (bytes, signature) = (entry.decoded().as_bytes(), entry.decoded().signature());
            read_stored(id(last), bytes, signature).unwrap()
        }
    }

    fn id(last: u8) -> EntryId {
        let mut id = [5; 32];
        id[31] = last;
        EntryId::from_bytes(id)
    }

    #[test]
    fn ids_that_begin_alike_are_told_apart() {
        let named = named();
        let mut table = EntryTable::default();
        for n in 0..3 {
            let position = ChainPosition { chain: 0, seq: n.into() };
            assert!(table.add(&named(n), position, Verdict::Applied));
            for known in 0..=n {
                assert!(!table.add(&named(known), position, Verdict::Applied), "{known} of {n}");
                assert_eq!(table.number(&named(known).id()), Some(known.into()));
                assert_eq!(table.link(&named(known).id()).unwrap().position.seq, known.into());
            }
            assert_eq!(table.number(&named(n + 1).id()), None);
        }
    }

    proptest! {
        /// Two slots side by side, whose entries join and leave: each shows what all its entries
        /// together decide, whichever of them are left out.
        #[test]
        fn the_ends_of_the_parts_decide(
            changes in proptest::collection::vec((0u8..2, 0u8..60, any::<bool>()), 0..80),
            without in proptest::collection::btree_set(0u8..60, 0..10),
        ) {
            let (named, mut table) = (named(), EntryTable::default());
            for slot in 0..2 {
                let position = ChainPosition { chain: 0, seq: slot.into() };
                table.add(&named(slot), position, Verdict::Applied);
            }
            // Entries 0 and 1 name the slots. Every other one has its part and clock for good.
            let part = |n: u8| SlotEntry {
                id: id(n),
                lamport: if n < 2 { 7 } else { 5 + u64::from(n / 5 % 4) },
                role: if n < 2 { SlotRole::Original } else { SlotRole::ALL[usize::from(n % 5)] },
            };
            let mut slots = [BTreeMap::new(), BTreeMap::new()];
            for (slot, n, applied) in changes {
                // The original of the other slot stays in its own.
                let n = if n < 2 { slot } else { n };
                table.set_slot(id(slot), part(n), applied);
                let entries = &mut slots[usize::from(slot)];
                if applied {
                    entries.insert(part(n).id, part(n));
                } else {
                    entries.remove(&part(n).id);
                }
            }
            let without: BTreeSet<EntryId> = without.into_iter().map(id).collect();
            for (slot, entries) in (0..).zip(slots) {
                let mut found = table.slot(&id(slot));
                found.sort_unstable_by_key(|part| part.id);
                prop_assert_eq!(found, entries.values().copied().collect::<Vec<_>>());
                let all = Slot::from_entries(entries.values().copied());
                prop_assert_eq!(table.slot_without(&id(slot), &BTreeSet::new()), all);
                let rest = entries.into_values().filter(|part| !without.contains(&part.id));
                prop_assert_eq!(table.slot_without(&id(slot), &without), Slot::from_entries(rest));
            }
        }
    }
}
