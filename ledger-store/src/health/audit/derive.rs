//! The derived rows of a group, worked out from its entries.

use ledger_core::engine::{DecodedEntry, EntryIndex as _};
use ledger_core::{EntryId, GroupState, Origin};
use rusqlite::Connection;

use super::compact::DerivedColumns;
use super::rebuild::Rebuilt;
use super::stored::Stored;
use crate::StoreError;
use crate::entries::index::origin_of;
use crate::entries::named;
use crate::entries::projections::ListedContent;
use crate::health::{Problem, Table};
use crate::platform::progress::Meter;

/// A row of the list of expenses, with the conditions by which it is found.
pub(super) struct Expense {
    /// Number and id of the slot's original.
    pub(super) n: i64,
    pub(super) original: EntryId,
    /// Number of the entry whose content is shown.
    pub(super) content: i64,
    pub(super) cancelled: bool,
    pub(super) listed: ListedContent,
}

/// A consumer of derived rows: it compares them or writes them.
pub(super) trait DerivedRows {
    /// Receives the correct derived columns of an entry.
    fn entry(
        &mut self,
        stored: &Stored,
        entry: &DecodedEntry,
        derived: DerivedColumns,
    ) -> Result<(), StoreError>;

    fn expense(&mut self, expense: Expense) -> Result<(), StoreError>;

    /// Receives that entry number `n` changes or endorses the original with this number, or
    /// records it once more under one origin.
    fn named(
        &mut self,
        original: i64,
        endorses: bool,
        n: i64,
        entry: &DecodedEntry,
    ) -> Result<(), StoreError>;

    /// Receives that original number `n` came from an imported row.
    fn origin(&mut self, origin: Origin, n: i64, id: EntryId) -> Result<(), StoreError>;

    /// Receives a row that cannot be derived.
    fn problem(&mut self, problem: Problem) -> Result<(), StoreError>;
}

/// Passes all rows that are derived from the entries in the ledger to `rows`.
pub(super) fn derive(
    connection: &Connection,
    rebuilt: &Rebuilt<'_>,
    state: &GroupState,
    rows: &mut impl DerivedRows,
    meter: &mut Meter<'_>,
) -> Result<(), StoreError> {
    for (n, id) in rebuilt.index.entries() {
        let stored = Stored::load(connection, n)?;
        let Ok(entry) = stored.decode() else { continue };
        let Some(derived) = rebuilt.index.derived_columns(&id) else { continue };
        rows.entry(&stored, &entry, derived)?;
        let first = |origin| rebuilt.index.first_with_origin(&origin);
        if let Some((original, endorses)) =
            named::original(&entry, &|id| fetch(rebuilt, id), &first)?
        {
            rows.named(original, endorses, n, &entry)?;
        }
        if let Some(origin) = origin_of(&entry) {
            rows.origin(origin, n, id)?;
        }
        match expense(rebuilt, state, n, &entry)? {
            Ok(Some(expense)) => rows.expense(expense)?,
            Ok(None) => {}
            Err(problem) => rows.problem(problem)?,
        }
        meter.step()?;
    }
    Ok(())
}

fn fetch(rebuilt: &Rebuilt<'_>, id: EntryId) -> Result<Option<(i64, DecodedEntry)>, StoreError> {
    let Some(n) = rebuilt.index.number(&id) else { return Ok(None) };
    Ok(rebuilt.index.read(n)?.map(|entry| (n, entry.decoded().clone())))
}

/// The row of the list of expenses for the slot of an original.
fn expense(
    rebuilt: &Rebuilt<'_>,
    state: &GroupState,
    n: i64,
    entry: &DecodedEntry,
) -> Result<Result<Option<Expense>, Problem>, StoreError> {
    let original = entry.id();
    let Some(slot) = rebuilt.index.shown(&original)? else { return Ok(Ok(None)) };
    let Some(shown) = slot.content() else { return Ok(Ok(None)) };
    let (content, listed) = if shown == original {
        (Some(n), ListedContent::from_entry(entry, state))
    } else {
        let found = fetch(rebuilt, shown)?;
        let listed = found.as_ref().and_then(|(_, shown)| ListedContent::from_entry(shown, state));
        (found.map(|(n, _)| n), listed)
    };
    let cancelled = slot.is_cancelled();
    Ok(match content.zip(listed) {
        Some((content, listed)) => Ok(Some(Expense { n, original, content, cancelled, listed })),
        None => {
            let found = "what the list of expenses should say of it cannot be told: a bug";
            Err(Problem::derived(Table::Expenses, Some(original), found))
        }
    })
}
