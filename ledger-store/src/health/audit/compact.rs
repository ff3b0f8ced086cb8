//! Core's sparse index, with the numbers under which entries are stored. For work that goes through
//! a whole group and trusts nothing derived.

use std::ops::Deref;
use std::sync::Arc;

use ledger_core::engine::{
    AdmittedEntry, EntryIndex as _, EntrySource, Ledger, Replayed, Slot, SparseIndex, VerifiedEntry,
};
use ledger_core::{EntryId, Refusal};
use rusqlite::Connection;

use crate::StoreError;
use crate::entries::index::stored_entry;

/// The entries that were replayed so far.
pub(super) struct CompactIndex<'a>(SparseIndex<Numbers<'a>>);

/// Reads entries by their numbers, and derives their ids from their bytes.
pub(super) struct Numbers<'a> {
    connection: &'a Connection,
    /// The numbers in the order of replay, which ascend.
    numbers: Vec<i64>,
}

/// The correct values of the derived columns beside an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DerivedColumns {
    pub(super) chain: u32,
    pub(super) verdict: u8,
    /// Number of the slot's original, if the entry is applied and has a slot.
    pub(super) slot: Option<i64>,
}

impl Numbers<'_> {
    fn read(&self, n: i64) -> Result<Option<VerifiedEntry>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1")?;
        let mut rows = statement.query([n])?;
        rows.next()?.map(stored_entry).transpose()
    }
}

impl EntrySource for Numbers<'_> {
    type Error = StoreError;

    fn entry(&self, place: usize, _: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, StoreError> {
        let Some(n) = self.numbers.get(place) else { return Ok(None) };
        Ok(self.read(*n)?.map(Arc::new))
    }
}

impl<'a> CompactIndex<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self(SparseIndex::new(Numbers { connection, numbers: Vec::new() }))
    }

    /// Begins a ledger with the genesis entry, stored as number `n`.
    pub(super) fn begin(&mut self, genesis: &VerifiedEntry, n: i64) -> Result<Ledger, Refusal> {
        let ledger = self.0.begin(genesis)?;
        self.0.source_mut().numbers.push(n);
        Ok(ledger)
    }

    /// Adds an entry that was replayed, stored as number `n`, and the verdicts on other entries
    /// that it changed.
    pub(super) fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed, n: i64) {
        self.0.insert(entry, replayed);
        self.0.source_mut().numbers.push(n);
    }

    fn numbers(&self) -> &[i64] {
        &self.source().numbers
    }

    /// The entries with their numbers, in the order in which they came.
    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, EntryId)> + '_ {
        self.numbers().iter().copied().zip(self.ids())
    }

    /// The number of the last entry.
    pub(super) fn last(&self) -> Option<i64> {
        self.numbers().last().copied()
    }

    /// The number under which an entry is stored.
    pub(super) fn number(&self, id: &EntryId) -> Option<i64> {
        self.numbers().get(self.0.number(id)?).copied()
    }

    /// The entry that is stored under a number.
    pub(super) fn id(&self, n: i64) -> Option<EntryId> {
        self.0.id(self.numbers().binary_search(&n).ok()?)
    }

    /// The correct values of the derived columns beside an entry.
    pub(super) fn derived_columns(&self, id: &EntryId) -> Option<DerivedColumns> {
        let (position, verdict, slot) = self.0.status(id)?;
        let slot = slot.and_then(|original| self.number(&original));
        Some(DerivedColumns { chain: position.chain, verdict: verdict.code(), slot })
    }

    /// The slot of an original, if it shows anything.
    pub(super) fn shown(&self, original: &EntryId) -> Result<Option<Slot>, StoreError> {
        let slot = self.slot_shown(original)?;
        Ok(slot.content().map(|_| slot))
    }

    /// An entry, read from the database.
    pub(super) fn read(&self, n: i64) -> Result<Option<VerifiedEntry>, StoreError> {
        self.source().read(n)
    }
}

impl<'a> Deref for CompactIndex<'a> {
    type Target = SparseIndex<Numbers<'a>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
