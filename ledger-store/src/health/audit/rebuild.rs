//! Replay of a group from the bytes of its entries alone.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{Admission, CheckpointError, Ledger, VerifiedEntry, verify_batch};
use ledger_core::{EntryId, GroupId, Rule};
use rusqlite::Connection;

use super::compact::CompactIndex;
use super::stored::Stored;
use crate::StoreError;
use crate::database::GroupKey;
use crate::health::{Problem, Table};
use crate::platform::Environment;
use crate::platform::environment::random;
use crate::platform::progress::{Meter, OnProgress, Phase};

/// Number of signatures that are verified at once.
const BATCH: usize = 256;

/// A group, replayed from its first entry.
pub(super) struct Rebuilt<'a> {
    pub(super) group: GroupKey,
    pub(super) index: CompactIndex<'a>,
    /// The ledger; none without a genesis entry.
    pub(super) ledger: Option<Ledger>,
    /// Number of the last entry that changed the verdict of another entry.
    pub(super) flipped: i64,
    /// Number of entries, sound or not.
    pub(super) entries: u64,
    pub(super) problems: Vec<Problem>,
}

/// Verifies every entry in the order of ingest, a batch at a time, and replays it: form, hash,
/// signature, links. Also checks that every checkpoint is what the entries up to it give.
pub(super) fn rebuild<'a>(
    connection: &'a Connection,
    group: GroupKey,
    id: GroupId,
    environment: &dyn Environment,
    progress: OnProgress<'_>,
) -> Result<Rebuilt<'a>, StoreError> {
    let numbers: Vec<i64> = {
        let mut statement =
            connection.prepare("SELECT n FROM entries WHERE grp = ?1 ORDER BY n")?;
        let rows = statement.query_map([group.0], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    let entries = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
    let index = CompactIndex::new(connection);
    let mut work = Work {
        connection,
        id,
        checkpoints: checkpoints(connection, group)?,
        unplaced: BTreeSet::new(),
        silent: 0,
        rebuilt: Rebuilt { group, index, ledger: None, flipped: 0, entries, problems: Vec::new() },
    };
    let mut meter = Meter::new(progress, Phase::Verifying, entries)?;
    for batch in numbers.chunks(BATCH) {
        work.batch(batch, environment, &mut meter)?;
    }
    meter.end();
    work.end()
}

/// The stored checkpoints, by the number of the last entry that they cover.
fn checkpoints(
    connection: &Connection,
    group: GroupKey,
) -> Result<BTreeMap<i64, Vec<u8>>, StoreError> {
    let mut statement =
        connection.prepare("SELECT upto, ledger FROM checkpoints WHERE grp = ?1")?;
    let rows = statement.query_map([group.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

struct Work<'a> {
    connection: &'a Connection,
    id: GroupId,
    /// Checkpoints that were not compared so far.
    checkpoints: BTreeMap<i64, Vec<u8>>,
    /// Entries that are stored and not in the ledger.
    unplaced: BTreeSet<EntryId>,
    /// Number of those that are not in the ledger only because other entries are not.
    silent: u64,
    rebuilt: Rebuilt<'a>,
}

impl<'a> Work<'a> {
    fn report(&mut self, problem: Problem) {
        self.rebuilt.problems.push(problem);
    }

    fn batch(
        &mut self,
        numbers: &[i64],
        environment: &dyn Environment,
        meter: &mut Meter<'_>,
    ) -> Result<(), StoreError> {
        let (mut rows, mut decoded) = (Vec::new(), Vec::new());
        for n in numbers {
            let stored = match Stored::load(self.connection, *n).map_err(StoreError::from) {
                Ok(stored) => stored,
                // After a page that is not authentic, SQLite reads nothing more on this connection.
                Err(StoreError::Damaged(found)) => {
                    return Err(StoreError::Damaged(format!("{found}, at entry number {n}")));
                }
                Err(error) => {
                    let found = format!("entry number {n} cannot be read: {error}");
                    self.report(Problem::entry(None, found));
                    continue;
                }
            };
            match stored.decode() {
                Ok(entry) => {
                    decoded.push(entry);
                    rows.push(stored);
                }
                Err(problem) => self.lost(stored.id, problem),
            }
        }
        let seed = random(environment)?;
        for (stored, verified) in rows.into_iter().zip(verify_batch(decoded, &seed)) {
            match verified {
                Ok(entry) => {
                    let problem = stored.check(entry.decoded());
                    self.rebuilt.problems.extend(problem);
                    self.place(entry, stored.n)?;
                }
                Err(refusal) => self.lost(stored.id, stored.refused(&refusal)),
            }
            meter.step()?;
        }
        Ok(())
    }

    /// Notes an entry that is not in the ledger, and why.
    fn lost(&mut self, id: EntryId, problem: Problem) {
        self.unplaced.insert(id);
        self.report(problem);
    }

    /// Admits and replays an entry whose signature holds.
    fn place(&mut self, entry: VerifiedEntry, n: i64) -> Result<(), StoreError> {
        let id = entry.id();
        let rebuilt = &mut self.rebuilt;
        let Some(ledger) = &mut rebuilt.ledger else {
            if id != self.id.genesis() {
                self.unplaced.insert(id);
                return Ok(());
            }
            match rebuilt.index.begin(&entry, n) {
                Ok(ledger) => {
                    rebuilt.ledger = Some(ledger);
                    // The entries that are stored before the genesis entry.
                    for id in self.unplaced.clone() {
                        let found = "it stands before its dependencies";
                        self.report(Problem::entry(Some(id), found));
                    }
                    self.checkpoint(n);
                }
                Err(refusal) => self.lost(id, Problem::refused(Some(id), &refusal)),
            }
            return Ok(());
        };
        let admitted = match ledger.admit(entry, &*rebuilt.index)? {
            Admission::Admitted(admitted) => admitted,
            Admission::Duplicate => {
                self.report(Problem::entry(Some(id), "it is stored twice"));
                return Ok(());
            }
            Admission::Refused(refusal) => {
                self.lost(id, Problem::refused(Some(id), &refusal));
                return Ok(());
            }
            Admission::Missing(ids) => return self.missing(id, &ids),
        };
        let replayed = ledger.replay(&admitted, &*rebuilt.index)?;
        rebuilt.index.insert(&admitted, &replayed, n);
        if !replayed.flips().is_empty() {
            rebuilt.flipped = n;
        }
        self.checkpoint(n);
        Ok(())
    }

    fn missing(&mut self, id: EntryId, missing: &BTreeSet<EntryId>) -> Result<(), StoreError> {
        if missing.iter().all(|missing| self.unplaced.contains(missing)) {
            self.silent = self.silent.saturating_add(1);
            self.unplaced.insert(id);
            return Ok(());
        }
        let sql = "SELECT 1 FROM entries WHERE id = ?1 AND grp = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut gone = Vec::new();
        for missing in missing {
            if !self.unplaced.contains(missing)
                && !statement.exists((missing.as_bytes(), self.rebuilt.group.0))?
            {
                gone.push(missing.to_string());
            }
        }
        let problem = if gone.is_empty() {
            Problem::entry(Some(id), "it stands before its dependencies")
        } else {
            let found = format!("it depends on entries that are not there: {}", gone.join(", "));
            Problem { rule: Some(Rule::A4), ..Problem::entry(Some(id), found) }
        };
        self.lost(id, problem);
        Ok(())
    }

    /// Compares the checkpoint that covers up to `n`, if there is one.
    fn checkpoint(&mut self, n: i64) {
        let Some(bytes) = self.checkpoints.remove(&n) else { return };
        let right = match (&self.rebuilt.ledger, Ledger::from_checkpoint(self.id, &bytes)) {
            (Some(ledger), Ok(found)) => *ledger == found,
            // A checkpoint of another version; opening the group drops it.
            (_, Err(CheckpointError::Layout(_))) => true,
            _ => false,
        };
        // If entries are damaged, the correct checkpoint is not known.
        if !right && self.unplaced.is_empty() {
            let found = "the checkpoint behind it is not what the entries make";
            let id = self.rebuilt.index.id(n);
            self.report(Problem::derived(Table::Checkpoints, id, found));
        }
    }

    fn end(mut self) -> Result<Rebuilt<'a>, StoreError> {
        if self.rebuilt.ledger.is_none() {
            self.report(Problem::entry(None, "the genesis entry is gone"));
        }
        if self.silent > 0 {
            let found = format!("{} more entries depend on those and have no place", self.silent);
            self.report(Problem::entry(None, found));
        }
        for (upto, _) in std::mem::take(&mut self.checkpoints) {
            let found = format!("a checkpoint covers up to number {upto}, which is no entry");
            self.report(Problem::derived(Table::Checkpoints, None, found));
        }
        let sql = "SELECT flipped FROM groups WHERE grp = ?1";
        let flipped: i64 =
            self.connection.query_row(sql, [self.rebuilt.group.0], |row| row.get(0))?;
        if flipped != self.rebuilt.flipped && self.unplaced.is_empty() {
            let entry = self.rebuilt.index.id(self.rebuilt.flipped);
            let found = "the last entry that changed verdicts is another one";
            self.report(Problem::derived(Table::Groups, entry, found));
        }
        Ok(self.rebuilt)
    }
}
