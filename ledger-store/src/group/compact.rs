//! An index of entries that keeps what replay asks for most in memory, some 150
//! bytes an entry, and reads the entries themselves from the database. For work
//! that goes through a whole group and trusts nothing derived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::{
    AdmittedEntry, ChainEntry, EntryId, EntryIndex, Kind, Link, Point, Replayed, Slot, SlotEntry,
    Verdict, VerifiedEntry,
};
use rusqlite::Connection;

use super::index::{role, stored_entry, verdict};
use crate::StoreError;

/// The number of an entry in this index, in the order in which they came.
type Place = u32;

/// The entries that were replayed so far.
pub(super) struct CompactIndex<'a> {
    connection: &'a Connection,
    places: BTreeMap<EntryId, Place>,
    rows: Vec<Row>,
    chains: BTreeMap<Point, Place>,
    /// The applied changes of each slot: the original, then the change.
    slots: BTreeSet<(Place, Place)>,
}

#[derive(Clone, Copy)]
struct Row {
    id: EntryId,
    n: i64,
    lamport: u64,
    point: Point,
    kind: u16,
    verdict: u8,
    /// Its slot's original, or [`NONE`].
    slot: Place,
}

/// No slot.
const NONE: Place = Place::MAX;

/// What the columns beside an entry should say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) chain: u32,
    pub(super) verdict: u8,
    /// n of the slot's original, if the entry is applied and has one.
    pub(super) slot: Option<i64>,
}

impl Judged {
    pub(super) fn is_applied(self) -> bool {
        Verdict::from_code(self.verdict).is_some_and(Verdict::is_applied)
    }
}

impl<'a> CompactIndex<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            places: BTreeMap::new(),
            rows: Vec::new(),
            chains: BTreeMap::new(),
            slots: BTreeSet::new(),
        }
    }

    /// Makes room for so many entries, and no more.
    pub(super) fn reserve(&mut self, entries: u64) {
        self.rows.reserve_exact(usize::try_from(entries).unwrap_or(0));
    }

    /// Puts in the genesis entry, stored as number `n`.
    pub(super) fn begin(&mut self, genesis: &VerifiedEntry, n: i64) {
        self.put(genesis, n, Point { chain: 0, seq: 0 }, Verdict::Applied);
    }

    /// Puts in an entry that was replayed, stored as number `n`, and the
    /// verdicts on others that it changed.
    pub(super) fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed, n: i64) {
        self.put(entry.verified(), n, replayed.point(), replayed.verdict());
        let id = entry.verified().id();
        if let Some((original, ..)) = replayed.slot() {
            self.set_slot(&original, &id, true);
        }
        for flip in replayed.flips() {
            if let Some(row) = self.find_mut(&flip.id) {
                row.verdict = flip.verdict.code();
            }
            if let Some((original, _)) = flip.slot {
                self.set_slot(&original, &flip.id, flip.verdict.is_applied());
            }
        }
    }

    fn put(&mut self, entry: &VerifiedEntry, n: i64, point: Point, verdict: Verdict) {
        // 2^32 entries do not fit into a phone's memory, nor into a group.
        let place = Place::try_from(self.rows.len()).unwrap_or(Place::MAX);
        let header = entry.decoded().header();
        self.rows.push(Row {
            id: entry.id(),
            n,
            lamport: header.lamport(),
            point,
            kind: header.kind().number(),
            verdict: verdict.code(),
            slot: NONE,
        });
        self.places.insert(entry.id(), place);
        self.chains.insert(point, place);
    }

    fn set_slot(&mut self, original: &EntryId, id: &EntryId, applied: bool) {
        let (Some(original), Some(place)) = (self.place(original), self.place(id)) else { return };
        if let Some(row) = self.find_mut(id) {
            row.slot = if applied { original } else { NONE };
        }
        if applied && place != original {
            self.slots.insert((original, place));
        } else {
            self.slots.remove(&(original, place));
        }
    }

    fn place(&self, id: &EntryId) -> Option<Place> {
        self.places.get(id).copied()
    }

    fn find_mut(&mut self, id: &EntryId) -> Option<&mut Row> {
        let place = usize::try_from(self.place(id)?).ok()?;
        self.rows.get_mut(place)
    }

    fn row(&self, place: Place) -> Option<&Row> {
        self.rows.get(usize::try_from(place).ok()?)
    }

    fn find(&self, id: &EntryId) -> Option<&Row> {
        self.row(*self.places.get(id)?)
    }

    /// The entries with their numbers, in the order in which they came.
    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, EntryId)> + '_ {
        self.rows.iter().map(|row| (row.n, row.id))
    }

    /// The number of the last entry.
    pub(super) fn last(&self) -> Option<i64> {
        self.rows.last().map(|row| row.n)
    }

    /// The number under which an entry is stored.
    pub(super) fn number(&self, id: &EntryId) -> Option<i64> {
        self.find(id).map(|row| row.n)
    }

    /// The entry that is stored under a number.
    pub(super) fn id(&self, n: i64) -> Option<EntryId> {
        // They came in the order of their numbers.
        let place = self.rows.binary_search_by_key(&n, |row| row.n).ok()?;
        self.rows.get(place).map(|row| row.id)
    }

    /// What the columns beside an entry should say.
    pub(super) fn judged(&self, id: &EntryId) -> Option<Judged> {
        let row = self.find(id)?;
        let slot = self.row(row.slot).map(|original| original.n);
        Some(Judged { chain: row.point.chain, verdict: row.verdict, slot })
    }

    /// What the slot shows that an entry opened, if it shows anything.
    pub(super) fn shown(&self, original: &EntryId) -> Option<Slot> {
        let slot = Slot::of(self.in_slot(self.place(original)?));
        slot.content().map(|_| slot)
    }

    fn in_slot(&self, original: Place) -> impl Iterator<Item = SlotEntry> + '_ {
        let itself = self.row(original).filter(|row| row.slot == original);
        let changes = self.slots.range((original, 0)..=(original, Place::MAX));
        let changes = changes.filter_map(|(_, change)| self.row(*change));
        itself.into_iter().chain(changes).map(|row| SlotEntry {
            id: row.id,
            lamport: row.lamport,
            role: role(row.kind),
        })
    }

    /// An entry, read from the database.
    pub(super) fn read(&self, n: i64) -> Result<Option<VerifiedEntry>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1")?;
        let mut rows = statement.query([n])?;
        rows.next()?.map(stored_entry).transpose()
    }
}

impl EntryIndex for CompactIndex<'_> {
    type Error = StoreError;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, StoreError> {
        Ok(self.find(id).map(|row| Link { point: row.point, lamport: row.lamport }))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, StoreError> {
        let entry = self.entry(id)?;
        let headers = entry.iter().map(|entry| entry.decoded().header());
        Ok(headers.flat_map(|header| header.dependencies()).copied().collect())
    }

    fn chain(&self, from: Point) -> Result<Vec<ChainEntry>, StoreError> {
        let end = Point { chain: from.chain, seq: u64::MAX };
        let rows = self.chains.range(from..=end).filter_map(|(_, place)| self.row(*place));
        rows.map(|row| {
            Ok(ChainEntry {
                id: row.id,
                seq: row.point.seq,
                kind: Kind::from_number(row.kind),
                verdict: verdict(row.verdict)?,
            })
        })
        .collect()
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, StoreError> {
        let Some(n) = self.number(id) else { return Ok(None) };
        Ok(self.read(n)?.map(Arc::new))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, StoreError> {
        Ok(self.place(original).into_iter().flat_map(|place| self.in_slot(place)).collect())
    }
}
