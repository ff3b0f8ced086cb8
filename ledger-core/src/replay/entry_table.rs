//! Table of replayed entries: what replay asks of an index most often, in memory.

use core::num::NonZeroU32;
use std::collections::BTreeMap;

use hashbrown::HashTable;

use super::replayed::Replayed;
use crate::base::id::{EntryId, Origin};
use crate::entry::VerifiedEntry;
use crate::header::Kind;
use crate::payload::Payload;
use crate::state::{ChainEntry, Link};
use crate::verdict::{ChainPosition, SlotEntry, SlotRole, Verdict};

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
    /// Applied entries of each slot other than the original that names it, by that one's row.
    slots: BTreeMap<u32, Vec<SlotEntry>>,
    /// Row of the first original with each origin: it names the slot of all.
    origins: BTreeMap<Origin, u32>,
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
        let slot = self.slots.entry(original).or_default();
        slot.retain(|other| other.id != part.id);
        if applied {
            slot.push(part);
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
        let node = get(&self.rows, row).filter(|node| node.slot_row() == Some(row));
        let role = SlotRole::Original;
        let first = node.map(|node| SlotEntry { id: node.id, lamport: node.lamport, role });
        let others = self.slots.get(&row).into_iter().flatten().copied();
        first.into_iter().chain(others).collect()
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

    #[test]
    fn a_node_is_a_cache_line() {
        assert_eq!(size_of::<Node>(), 64);
    }

    #[test]
    fn ids_that_begin_alike_are_told_apart() {
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
        let named = |last: u8| {
            let mut id = [5; 32];
            id[31] = last;
            let (bytes, signature) = (entry.decoded().as_bytes(), entry.decoded().signature());
            read_stored(EntryId::from_bytes(id), bytes, signature).unwrap()
        };
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
}
