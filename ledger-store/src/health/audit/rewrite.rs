//! Rewriting of all derived rows of a group.

use ledger_core::engine::{DecodedEntry, Ledger};
use ledger_core::{EntryId, GroupId, Origin};
use rusqlite::Connection;

use super::compact::DerivedColumns;
use super::derive::{self, DerivedRows, Expense};
use super::rebuild::Rebuilt;
use super::stored::Stored;
use super::waiting;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::named;
use crate::entries::projections::{DELETE_TEXTS, ListWriter};
use crate::health::Problem;
use crate::platform::Environment;
use crate::platform::progress::{Meter, OnProgress, Phase};

/// Deletes the derived rows of a group.
const DELETE: [&str; 8] = [
    DELETE_TEXTS,
    "DELETE FROM found_by WHERE term IN (SELECT term FROM terms WHERE grp = ?1)",
    "DELETE FROM terms WHERE grp = ?1",
    "DELETE FROM expenses WHERE grp = ?1 OR n IN (SELECT n FROM entries WHERE grp = ?1)",
    "DELETE FROM named WHERE original IN (SELECT n FROM entries WHERE grp = ?1)
         OR n IN (SELECT n FROM entries WHERE grp = ?1)",
    "DELETE FROM origins WHERE grp = ?1",
    "DELETE FROM checkpoints WHERE grp = ?1",
    "DELETE FROM underived WHERE grp = ?1",
];

/// Deletes rows of no group and no entry, which no group's rewrite would find.
const STRAYS: [&str; 10] = [
    "DELETE FROM terms WHERE grp NOT IN (SELECT grp FROM groups)",
    "DELETE FROM found_by WHERE term NOT IN (SELECT term FROM terms)",
    "DELETE FROM expenses WHERE n NOT IN (SELECT n FROM entries)",
    "DELETE FROM named WHERE original NOT IN (SELECT n FROM entries)
         OR n NOT IN (SELECT n FROM entries)",
    "DELETE FROM origins WHERE grp NOT IN (SELECT grp FROM groups)",
    "DELETE FROM checkpoints WHERE grp NOT IN (SELECT grp FROM groups)",
    "DELETE FROM arrivals WHERE n NOT IN (SELECT n FROM entries)",
    "DELETE FROM left_out WHERE grp NOT IN (SELECT grp FROM groups)",
    "INSERT INTO texts (texts) VALUES ('delete-all')",
    "DELETE FROM underived WHERE grp NOT IN (SELECT grp FROM groups)",
];

/// Deletes all rows that belong to no group, and all words.
pub(crate) fn clear(connection: &Connection) -> Result<(), StoreError> {
    for sql in STRAYS {
        connection.execute(sql, [])?;
    }
    Ok(())
}

/// Writes all derived rows of a group whose entries are sound.
pub(super) fn write(
    connection: &Connection,
    id: GroupId,
    rebuilt: &Rebuilt<'_>,
    ledger: &Ledger,
    environment: &dyn Environment,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    let group = rebuilt.group;
    for sql in DELETE {
        connection.execute(sql, [group.0])?;
    }
    let mut meter = Meter::new(progress, Phase::Rebuilding, rebuilt.entries)?;
    let lists = ListWriter::new(connection, group);
    let mut rewrite = Rewrite { connection, group, lists, ids: Vec::new() };
    derive::derive(connection, rebuilt, ledger.state(), &mut rewrite, &mut meter)?;
    rewrite.lists.finish()?;
    rewrite.ids()?;
    connection
        .execute("UPDATE groups SET flipped = ?2 WHERE grp = ?1", (group.0, rebuilt.flipped))?;
    if let Some(upto) = rebuilt.index.last() {
        connection.execute(
            "INSERT INTO checkpoints (grp, upto, ledger) VALUES (?1, ?2, ?3)",
            (group.0, upto, ledger.to_checkpoint()),
        )?;
    }
    for wrong in waiting::wrong(connection, group, id, &rebuilt.index, environment)? {
        // An entry that waits for nothing is admitted by the next ingest.
        if !(wrong.sound && waiting::correct_id(connection, wrong.row, &rebuilt.index)?) {
            connection.execute("DELETE FROM pending WHERE p = ?1", [wrong.row])?;
        }
    }
    meter.end();
    Ok(())
}

struct Rewrite<'a> {
    connection: &'a Connection,
    group: GroupKey,
    lists: ListWriter<'a>,
    /// Entries with a wrong id beside them.
    ids: Vec<(i64, EntryId)>,
}

impl Rewrite<'_> {
    /// Corrects wrong ids. First sets each to something that is no id, because two entries may have
    /// swapped theirs.
    fn ids(&self) -> Result<(), StoreError> {
        let mut set = self.connection.prepare("UPDATE entries SET id = ?2 WHERE n = ?1")?;
        for (n, _) in &self.ids {
            set.execute((n, n.to_be_bytes()))?;
        }
        for (n, id) in &self.ids {
            set.execute((n, id.as_bytes()))?;
        }
        Ok(())
    }
}

impl DerivedRows for Rewrite<'_> {
    fn entry(
        &mut self,
        stored: &Stored,
        entry: &DecodedEntry,
        derived: DerivedColumns,
    ) -> Result<(), StoreError> {
        if stored.id != entry.id() {
            self.ids.push((stored.n, entry.id()));
        }
        let Some(columns) = stored.columns.corrected(entry, derived) else { return Ok(()) };
        self.connection
            .prepare_cached(
                "UPDATE entries SET chain = ?2, seq = ?3, lamport = ?4, kind = ?5, verdict = ?6,
                 slot = ?7 WHERE n = ?1",
            )?
            .execute((
                stored.n,
                columns.chain,
                columns.seq,
                columns.lamport,
                columns.kind,
                columns.verdict,
                columns.slot,
            ))?;
        Ok(())
    }

    fn expense(&mut self, expense: Expense) -> Result<(), StoreError> {
        let Expense { n, content, cancelled, listed, .. } = expense;
        self.lists.insert(n, content, cancelled, listed)
    }

    fn named(
        &mut self,
        original: i64,
        endorses: bool,
        n: i64,
        entry: &DecodedEntry,
    ) -> Result<(), StoreError> {
        named::insert(self.connection, original, endorses, n, entry)
    }

    fn origin(&mut self, origin: Origin, n: i64, _: EntryId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO origins (grp, origin, n) VALUES (?1, ?2, ?3)")?
            .execute((self.group.0, origin.as_bytes(), n))?;
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), StoreError> {
        Err(StoreError::Damaged(problem.found))
    }
}
