//! What replay asks most of an index, without the entries themselves: where they
//! stand, what was said of them last, and which slots they belong to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{ChainEntry, Link, Replayed, SlotEntry, SlotRole, Verdict};
use crate::control::Point;
use crate::entry::{Header, VerifiedEntry};
use crate::id::EntryId;
use crate::payload::Kind;

/// Entries by the order in which they came, some 150 bytes for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// Never iterated: its order is another one each time.
    places: HashMap<EntryId, usize>,
    nodes: Vec<Node>,
    chains: Vec<Chain>,
    /// The applied entries of each slot, other than its original.
    slots: HashMap<EntryId, Vec<SlotEntry>>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    id: EntryId,
    point: Point,
    lamport: u64,
    kind: Kind,
    verdict: Verdict,
    /// The place of its slot's original, if it is applied and in a slot.
    slot: Option<usize>,
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
        if !self.put(entry, replayed.point(), replayed.verdict()) {
            return false;
        }
        if let Some((original, part, _)) = replayed.slot() {
            self.turn(original, part, true);
        }
        for flip in replayed.flips() {
            let place = self.places.get(&flip.id).copied();
            if let Some(node) = place.and_then(|place| self.nodes.get_mut(place)) {
                node.verdict = flip.verdict;
            }
            if let Some((original, part)) = flip.slot {
                self.turn(original, part, flip.verdict.is_applied());
            }
        }
        true
    }

    pub(super) fn put(&mut self, entry: &VerifiedEntry, point: Point, verdict: Verdict) -> bool {
        let (id, place) = (entry.id(), self.nodes.len());
        let header: &Header = entry.decoded().header();
        match self.places.entry(id) {
            Entry::Occupied(_) => return false,
            Entry::Vacant(free) => free.insert(place),
        };
        let (lamport, kind) = (header.lamport(), header.kind());
        self.nodes.push(Node { id, point, lamport, kind, verdict, slot: None });
        // A ledger numbers its chains, and the entries of each, one by one.
        match usize::try_from(point.chain).ok().and_then(|chain| self.chains.get_mut(chain)) {
            Some(chain) => chain.places.push(place),
            None => self.chains.push(Chain { first: point.seq, places: vec![place] }),
        }
        true
    }

    /// An entry joins a slot, or leaves it.
    fn turn(&mut self, original: EntryId, part: SlotEntry, applied: bool) {
        let place = self.place(&part.id);
        let first = if part.id == original { place } else { self.place(&original) };
        if let Some(node) = place.and_then(|place| self.nodes.get_mut(place)) {
            node.slot = first.filter(|_| applied);
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
        self.places.get(id).copied()
    }

    /// The entry at a place in that order.
    pub(super) fn id(&self, place: usize) -> Option<EntryId> {
        self.nodes.get(place).map(|node| node.id)
    }

    /// Where an entry stands, its verdict, and the original of its slot.
    pub(super) fn judged(&self, id: &EntryId) -> Option<(Point, Verdict, Option<EntryId>)> {
        let node = self.node(id)?;
        Some((node.point, node.verdict, node.slot.and_then(|place| self.id(place))))
    }

    fn node(&self, id: &EntryId) -> Option<&Node> {
        self.nodes.get(self.place(id)?)
    }

    /// The verdicts, in the order in which the entries came.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> {
        self.nodes.iter().map(|node| (node.id, node.verdict))
    }

    pub(super) fn link(&self, id: &EntryId) -> Option<Link> {
        self.node(id).map(|node| Link { point: node.point, lamport: node.lamport })
    }

    pub(super) fn chain(&self, from: Point) -> Vec<ChainEntry> {
        let number = usize::try_from(from.chain).ok();
        let Some(chain) = number.and_then(|number| self.chains.get(number)) else {
            return Vec::new();
        };
        let skip = from.seq.saturating_sub(chain.first);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let nodes = chain.places.iter().skip(skip).filter_map(|place| self.nodes.get(*place));
        let entry = |node: &Node| ChainEntry {
            id: node.id,
            seq: node.point.seq,
            kind: node.kind,
            verdict: node.verdict,
        };
        nodes.map(entry).collect()
    }

    pub(super) fn slot(&self, original: &EntryId) -> Vec<SlotEntry> {
        let first = self
            .node(original)
            .filter(|node| node.slot.is_some() && node.slot == self.place(original));
        let role = SlotRole::Original;
        let first = first.map(|node| SlotEntry { id: node.id, lamport: node.lamport, role });
        let others = self.slots.get(original).into_iter().flatten().copied();
        first.into_iter().chain(others).collect()
    }
}
