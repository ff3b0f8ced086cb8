//! What is derived from a group's entries, row by row.

use ledger_core::engine::DecodedEntry;
use ledger_core::{EntryId, GroupState, Origin, Transaction};
use rusqlite::Connection;

use super::compact::Judged;
use super::rebuild::Rebuilt;
use super::stored::Stored;
use crate::StoreError;
use crate::entries::named;
use crate::entries::projections::Listed;
use crate::health::{Problem, Table};
use crate::platform::progress::Meter;

/// A row of the list of expenses, and what it is found by.
pub(super) struct Expense {
    /// n and id of the slot's original.
    pub(super) n: i64,
    pub(super) original: EntryId,
    /// n of the entry whose content is shown.
    pub(super) content: i64,
    pub(super) cancelled: bool,
    pub(super) listed: Listed,
}

/// Whoever compares or writes what is derived.
pub(super) trait Rows {
    /// What should stand beside an entry.
    fn entry(
        &mut self,
        stored: &Stored,
        entry: &DecodedEntry,
        judged: Judged,
    ) -> Result<(), StoreError>;

    fn expense(&mut self, expense: Expense) -> Result<(), StoreError>;

    /// Entry number `n` changes or endorses the original with this number.
    fn named(
        &mut self,
        original: i64,
        endorses: bool,
        n: i64,
        entry: &DecodedEntry,
    ) -> Result<(), StoreError>;

    /// Applied entry number `n` came from a row of an import.
    fn origin(&mut self, origin: Origin, n: i64, id: EntryId) -> Result<(), StoreError>;

    /// Something cannot be derived.
    fn problem(&mut self, problem: Problem) -> Result<(), StoreError>;
}

/// Tells everything that is derived from the entries that have a place.
pub(super) fn derive(
    connection: &Connection,
    rebuilt: &Rebuilt<'_>,
    state: &GroupState,
    rows: &mut impl Rows,
    meter: &mut Meter<'_>,
) -> Result<(), StoreError> {
    for (n, id) in rebuilt.index.entries() {
        let stored = Stored::load(connection, n)?;
        let Ok(entry) = stored.decode() else { continue };
        let Some(judged) = rebuilt.index.judged(&id) else { continue };
        rows.entry(&stored, &entry, judged)?;
        if let Some((original, endorses)) = named::original(&entry, |id| fetch(rebuilt, id))? {
            rows.named(original, endorses, n, &entry)?;
        }
        let origin = entry.payload().transaction().and_then(Transaction::origin);
        if let Some(origin) = origin.filter(|_| judged.is_applied()) {
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

/// What the list should say of the slot that an entry opened.
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
        (Some(n), Listed::of(entry, state))
    } else {
        let found = fetch(rebuilt, shown)?;
        let listed = found.as_ref().and_then(|(_, shown)| Listed::of(shown, state));
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
