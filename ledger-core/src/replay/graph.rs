//! What replay asks most of an index, without the entries themselves: where they
//! stand, what was said of them last, and which slots they belong to.

use core::num::NonZeroUsize;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::replayed::Replayed;
use crate::entry::{Header, VerifiedEntry};
use crate::id::EntryId;
use crate::payload::Kind;
use crate::state::{ChainEntry, Link};
use crate::verdict::{ChainPosition, SlotEntry, SlotRole, Verdict};

/// Entries by the order in which they came, some 100 bytes for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// By the beginnings of their ids: small, so that more of it is at hand. Never
    /// iterated: its order is another one each time.
    places: HashMap<u32, u32>,
    /// Of those whose beginning another one has, by chance or because somebody
    /// made them so, and of what comes after 2^32 entries.
    namesakes: BTreeMap<EntryId, usize>,
    nodes: Vec<Node>,
    chains: Vec<Chain>,
    /// The applied entries of each slot, other than its original.
    slots: HashMap<EntryId, Vec<SlotEntry>>,
}

/// 64 bytes: as many as come from memory at once.
#[derive(Clone, Copy, Debug)]
struct Node {
    id: EntryId,
    seq: u64,
    lamport: u64,
    /// If it is applied and in a slot, one more than the place of the entry that
    /// names the slot.
    slot: Option<NonZeroUsize>,
    chain: u32,
    kind: Kind,
    verdict: Verdict,
}

impl Node {
    fn point(&self) -> ChainPosition {
        ChainPosition { chain: self.chain, seq: self.seq }
    }

    /// The place of the entry that names its slot.
    fn slot_place(&self) -> Option<usize> {
        self.slot?.get().checked_sub(1)
    }
}

/// The entries of a chain by their place, from a seq on.
#[derive(Clone, Debug)]
struct Chain {
    first: u64,
    places: Vec<usize>,
}

impl Graph {
    /// Takes note of an entry that was replayed, and of the verdicts on others
    /// that it changed; whether it is new.
    pub(super) fn insert(&mut self, entry: &VerifiedEntry, replayed: &Replayed) -> bool {
        let place = self.nodes.len();
        if !self.put(entry, replayed.point(), replayed.verdict()) {
            return false;
        }
        if let Some((original, part, _)) = replayed.slot() {
            self.turn(place, original, part, true);
        }
        for flip in replayed.flips() {
            let Some(place) = self.place(&flip.id) else { continue };
            if let Some(node) = self.nodes.get_mut(place) {
                node.verdict = flip.verdict;
            }
            if let Some((original, part)) = flip.slot {
                self.turn(place, original, part, flip.verdict.is_applied());
            }
        }
        true
    }

    pub(super) fn put(
        &mut self,
        entry: &VerifiedEntry,
        point: ChainPosition,
        verdict: Verdict,
    ) -> bool {
        let (id, place) = (entry.id(), self.nodes.len());
        match (self.places.entry(beginning(&id)), u32::try_from(place)) {
            (Entry::Vacant(free), Ok(place)) => {
                free.insert(place);
            }
            (Entry::Occupied(taken), _) if is_at(&self.nodes, *taken.get(), &id) => return false,
            _ if self.namesakes.contains_key(&id) => return false,
            _ => {
                self.namesakes.insert(id, place);
            }
        }
        let ChainPosition { chain, seq } = point;
        let header: &Header = entry.decoded().header();
        let (lamport, kind) = (header.lamport(), header.kind());
        self.nodes.push(Node { id, seq, lamport, slot: None, chain, kind, verdict });
        // A ledger numbers its chains, and the entries of each, one by one.
        match usize::try_from(chain).ok().and_then(|chain| self.chains.get_mut(chain)) {
            Some(chain) => chain.places.push(place),
            None => self.chains.push(Chain { first: seq, places: vec![place] }),
        }
        true
    }

    /// The entry at a place joins a slot, or leaves it.
    fn turn(&mut self, place: usize, original: EntryId, part: SlotEntry, applied: bool) {
        let first = if part.id == original { Some(place) } else { self.place(&original) };
        if let Some(node) = self.nodes.get_mut(place) {
            let first = first.filter(|_| applied);
            node.slot = first.and_then(|first| NonZeroUsize::MIN.checked_add(first));
        }
        if part.role == SlotRole::Original {
            return;
        }
        let slot = self.slots.entry(original).or_default();
        slot.retain(|other| other.id != part.id);
        if applied {
            slot.push(part);
        }
    }

    /// The place of an entry in the order in which they came.
    pub(super) fn place(&self, id: &EntryId) -> Option<usize> {
        match self.places.get(&beginning(id)) {
            Some(place) if is_at(&self.nodes, *place, id) => usize::try_from(*place).ok(),
            _ => self.namesakes.get(id).copied(),
        }
    }

    /// The entry at a place in that order.
    pub(super) fn id(&self, place: usize) -> Option<EntryId> {
        self.nodes.get(place).map(|node| node.id)
    }

    /// Where an entry stands, its verdict, and the original of its slot.
    pub(super) fn judged(&self, id: &EntryId) -> Option<(ChainPosition, Verdict, Option<EntryId>)> {
        let node = self.node(id)?;
        Some((node.point(), node.verdict, node.slot_place().and_then(|place| self.id(place))))
    }

    fn node(&self, id: &EntryId) -> Option<&Node> {
        self.nodes.get(self.place(id)?)
    }

    /// The verdicts, in the order in which the entries came.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> {
        self.nodes.iter().map(|node| (node.id, node.verdict))
    }

    pub(super) fn link(&self, id: &EntryId) -> Option<Link> {
        self.node(id).map(|node| Link { point: node.point(), lamport: node.lamport })
    }

    pub(super) fn chain(&self, from: ChainPosition) -> Vec<ChainEntry> {
        let number = usize::try_from(from.chain).ok();
        let Some(chain) = number.and_then(|number| self.chains.get(number)) else {
            return Vec::new();
        };
        let skip = from.seq.saturating_sub(chain.first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let nodes = chain.places.iter().skip(skip).filter_map(|place| self.nodes.get(*place));
        let entry = |node: &Node| ChainEntry {
            id: node.id,
            seq: node.seq,
            kind: node.kind,
            verdict: node.verdict,
        };
        nodes.map(entry).collect()
    }

    pub(super) fn slot(&self, original: &EntryId) -> Vec<SlotEntry> {
        let place = self.place(original);
        let node = place.and_then(|place| self.nodes.get(place));
        let first = node.filter(|node| node.slot_place() == place);
        let role = SlotRole::Original;
        let first = first.map(|node| SlotEntry { id: node.id, lamport: node.lamport, role });
        let others = self.slots.get(original).into_iter().flatten().copied();
        first.into_iter().chain(others).collect()
    }
}

/// The first four bytes of an id.
fn beginning(id: &EntryId) -> u32 {
    let [first, ..] = id.as_bytes().as_chunks().0 else { return 0 };
    u32::from_be_bytes(*first)
}

/// Whether the entry at a place is this one.
fn is_at(nodes: &[Node], place: u32, id: &EntryId) -> bool {
    let node = usize::try_from(place).ok().and_then(|place| nodes.get(place));
    node.is_some_and(|node| node.id == *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::entry::read_stored;
    use crate::id::GroupId;
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
        let mut graph = Graph::default();
        for n in 0..3 {
            let point = ChainPosition { chain: 0, seq: n.into() };
            assert!(graph.put(&named(n), point, Verdict::Applied));
            for known in 0..=n {
                assert!(!graph.put(&named(known), point, Verdict::Applied), "{known} of {n}");
                assert_eq!(graph.place(&named(known).id()), Some(known.into()));
                assert_eq!(graph.link(&named(known).id()).unwrap().point.seq, known.into());
            }
            assert_eq!(graph.place(&named(n + 1).id()), None);
        }
    }
}
