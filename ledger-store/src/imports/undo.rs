//! Undoing an import: its rows are cancelled, and what it cancelled counts again.

use std::sync::Arc;

use ledger_core::EntryId;
use ledger_core::engine::Kind;
use ledger_core::keys::DeviceKey;
use rusqlite::OptionalExtension as _;

use super::journal::{BEING_UNDONE, FINISHED};
use crate::StoreError;
use crate::entries::{GroupTransaction, NewEntry};
use crate::error::UndoError;
use crate::keyring::signing_key;
use crate::platform::progress::{OnProgress, Phase, Progress, call};
use crate::session::Session;

/// Result of undoing an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UndoneImport {
    /// Number of rows that count no more.
    pub cancelled: u64,
    /// Number of rows that the import had cancelled, and that count again.
    pub restored: u64,
    /// Number of rows that stay as they are, because somebody else recorded or cancelled them, too.
    pub kept: u64,
}

/// Undoes the import of a group that stopped half-way, or else the last one.
pub(super) fn undo(
    session: &Arc<Session>,
    group: ledger_core::GroupId,
    progress: OnProgress<'_>,
) -> Result<UndoneImport, StoreError> {
    let group = session.group(group)?;
    let batch = session.import_batch();
    let mut undone = UndoneImport::default();
    loop {
        let device = signing_key(&group)?;
        let mut part = undone;
        let left = group.write(|transaction| {
            let import = begin(transaction)?;
            let mut work = Work { transaction, device: &device, import, undone: &mut part };
            call(progress, work.progress()?)?;
            work.some(batch)
        })?;
        undone = part;
        if !left {
            return Ok(undone);
        }
    }
}

/// The import to be undone, marked as such.
fn begin(transaction: &GroupTransaction<'_>) -> Result<i64, StoreError> {
    let connection = transaction.connection();
    let mut statement = connection.prepare_cached(
        "SELECT imp, state FROM imports WHERE grp = ?1 ORDER BY state = ?2, imp DESC LIMIT 1",
    )?;
    let found: Option<(i64, i64)> = statement
        .query_row((transaction.group().0, FINISHED), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (import, state) = found.ok_or(UndoError::NoImport)?;
    if state == BEING_UNDONE {
        return Ok(import);
    }
    if state == FINISHED {
        let mut statement = connection.prepare_cached(
            "SELECT count(*) FROM imported i JOIN entries e ON e.n BETWEEN i.first AND i.last
             WHERE i.imp = ?1 AND e.kind IN (?2, ?3) AND EXISTS (
                SELECT 1 FROM entries c WHERE c.slot = e.slot AND c.slot <> c.n AND c.kind = ?4)",
        )?;
        let kinds = [Kind::EXPENSE, Kind::TRANSFER, Kind::CORRECTION].map(Kind::number);
        let [expense, transfer, correction] = kinds;
        let key = (import, expense, transfer, correction);
        let edited: u64 = statement.query_row(key, |row| row.get(0))?;
        if edited > 0 {
            return Err(UndoError::ImportEdited(edited).into());
        }
    }
    let mut statement = connection.prepare_cached(
        "UPDATE imports SET state = ?2, done = 0, total =
            (SELECT coalesce(sum(last - first + 1), 0) FROM imported WHERE imp = ?1)
         WHERE imp = ?1",
    )?;
    statement.execute((import, BEING_UNDONE))?;
    Ok(import)
}

/// Undoing in one transaction.
struct Work<'t, 'a> {
    transaction: &'t mut GroupTransaction<'a>,
    device: &'t DeviceKey,
    import: i64,
    undone: &'t mut UndoneImport,
}

/// Entry that the import wrote.
struct Written {
    n: i64,
    id: EntryId,
    kind: u16,
    /// The number of its slot. `None` if it is void.
    slot: Option<i64>,
}

impl Work<'_, '_> {
    fn progress(&self) -> Result<Progress, StoreError> {
        let sql = "SELECT done, total FROM imports WHERE imp = ?1";
        let mut statement = self.transaction.connection().prepare_cached(sql)?;
        let (done, total) =
            statement.query_row([self.import], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Progress { phase: Phase::Importing, done, total })
    }

    /// Undoes as many entries as one transaction takes, the last ones first. Returns whether some are
    /// left.
    fn some(&mut self, batch: usize) -> Result<bool, StoreError> {
        let connection = self.transaction.connection();
        let range = connection
            .prepare_cached(
                "SELECT first, last FROM imported WHERE imp = ?1 ORDER BY first DESC LIMIT 1",
            )?
            .query_row([self.import], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((first, last)) = range else {
            connection
                .prepare_cached("DELETE FROM imports WHERE imp = ?1")?
                .execute([self.import])?;
            return Ok(false);
        };
        let written = self.written(first, last, batch)?;
        let lowest = match written.last() {
            Some(entry) if written.len() == batch => entry.n,
            _ => first,
        };
        for entry in written {
            self.undo(&entry)?;
        }
        let key = (self.import, first);
        match lowest > first {
            true => connection
                .prepare_cached("UPDATE imported SET last = ?3 WHERE imp = ?1 AND first = ?2")?
                .execute((self.import, first, lowest.saturating_sub(1)))?,
            false => connection
                .prepare_cached("DELETE FROM imported WHERE imp = ?1 AND first = ?2")?
                .execute(key)?,
        };
        let passed = last.saturating_sub(lowest).saturating_add(1);
        connection
            .prepare_cached("UPDATE imports SET done = done + ?2 WHERE imp = ?1")?
            .execute((self.import, passed))?;
        Ok(true)
    }

    fn written(&self, first: i64, last: i64, batch: usize) -> Result<Vec<Written>, StoreError> {
        let mut statement = self.transaction.connection().prepare_cached(
            "SELECT n, id, kind, slot FROM entries
             WHERE n BETWEEN ?1 AND ?2 AND grp = ?3 ORDER BY n DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(batch).unwrap_or(i64::MAX);
        let rows =
            statement.query_map((first, last, self.transaction.group().0, limit), |row| {
                let id = EntryId::from_bytes(row.get(1)?);
                Ok(Written { n: row.get(0)?, id, kind: row.get(2)?, slot: row.get(3)? })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes the opposite of an entry, if it still has an effect, and nobody else did the same.
    fn undo(&mut self, entry: &Written) -> Result<(), StoreError> {
        let (kind, Some(slot)) = (entry.kind, entry.slot) else { return Ok(()) };
        let is = |of: Kind| kind == of.number();
        let is_row = is(Kind::EXPENSE) || is(Kind::TRANSFER);
        if !is_row && !is(Kind::CANCELLATION) && !is(Kind::RESTORATION) {
            return Ok(());
        }
        let connection = self.transaction.connection();
        let cancelled: Option<bool> = connection
            .prepare_cached("SELECT cancelled FROM expenses WHERE n = ?1")?
            .query_row([slot], |row| row.get(0))
            .optional()?;
        // Somebody took it back already.
        if cancelled != Some(is(Kind::CANCELLATION)) {
            return Ok(());
        }
        let same = if is_row { [Kind::EXPENSE, Kind::TRANSFER] } else { [Kind::CANCELLATION; 2] };
        if !is(Kind::RESTORATION) && self.is_of_others(slot, same)? {
            self.undone.kept = self.undone.kept.saturating_add(1);
            return Ok(());
        }
        let sql = "SELECT id FROM entries WHERE n = ?1";
        let original: [u8; 32] =
            connection.prepare_cached(sql)?.query_row([slot], |row| row.get(0))?;
        let original = if is_row { entry.id } else { EntryId::from_bytes(original) };
        if is(Kind::CANCELLATION) {
            self.transaction.record(self.device, &NewEntry::Restoration { original })?;
            self.undone.restored = self.undone.restored.saturating_add(1);
        } else {
            let reason = None;
            self.transaction.record(self.device, &NewEntry::Cancellation { original, reason })?;
            self.undone.cancelled = self.undone.cancelled.saturating_add(1);
        }
        Ok(())
    }

    /// Whether an entry in the slot, of one of these kinds, was not written by this import.
    fn is_of_others(&self, slot: i64, kinds: [Kind; 2]) -> Result<bool, StoreError> {
        let mut statement = self.transaction.connection().prepare_cached(
            "SELECT 1 FROM (
                SELECT n, kind FROM entries WHERE n = ?1 AND slot = ?1
                UNION ALL SELECT n, kind FROM entries WHERE slot = ?1 AND slot <> n
             ) e WHERE e.kind IN (?2, ?3)
                AND NOT EXISTS (SELECT 1 FROM imported i
                    WHERE i.imp = ?4 AND e.n BETWEEN i.first AND i.last)",
        )?;
        let [one, other] = kinds.map(Kind::number);
        Ok(statement.exists((slot, one, other, self.import))?)
    }
}
