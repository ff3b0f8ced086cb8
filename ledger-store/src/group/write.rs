//! Writing entries and everything derived from them, in one transaction.

use std::collections::BTreeSet;

use ledger_core::{
    Admission, AdmittedEntry, Content, EntryId, Ledger, Refusal, Replayed, Slot, Verdict,
    VerifiedEntry, limits::CHECKPOINT_INTERVAL,
};
use rusqlite::{Connection, OptionalExtension as _};

use super::index::StoredIndex;
use super::load::{evaluate_stored, last_number};
use super::{GroupKey, Opening, derived};
use crate::StoreError;
use crate::store::LoadedLedger;

/// How many checkpoints of a group are kept.
const CHECKPOINTS_KEPT: u32 = 3;

/// Adds entries to one group inside the caller's transaction.
pub(crate) struct Writer<'a> {
    connection: &'a Connection,
    group: GroupKey,
    loaded: LoadedLedger,
}

/// What became of one entry.
pub(super) enum Outcome {
    Added,
    Duplicate,
    Missing(BTreeSet<EntryId>),
    Refused(Refusal),
}

impl<'a> Writer<'a> {
    pub(super) fn new(connection: &'a Connection, group: GroupKey, loaded: LoadedLedger) -> Self {
        Self { connection, group, loaded }
    }

    /// Keeps the genesis entry of a new group.
    pub(crate) fn found(
        connection: &Connection,
        group: GroupKey,
        genesis: &VerifiedEntry,
    ) -> Result<LoadedLedger, StoreError> {
        let ledger = Ledger::found(genesis)?;
        let upto = insert_entry(connection, group, genesis, 0, None)?;
        let opening = Opening { from_checkpoint: 0, replayed: 1, dropped_checkpoints: 0 };
        Ok(LoadedLedger { ledger, upto, opening })
    }

    pub(super) fn connection(&self) -> &'a Connection {
        self.connection
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.loaded.ledger
    }

    /// Whether a row of an import was recorded before. One that was recorded
    /// and cancelled since counts as recorded.
    #[cfg(feature = "import")]
    pub(crate) fn has_origin(&self, origin: ledger_core::Origin) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM origins WHERE grp = ?1 AND origin = ?2")?;
        Ok(statement.exists((self.group.0, origin.as_bytes()))?)
    }

    /// Admits, judges and keeps entries whose clocks ascend, and updates what
    /// is derived; one outcome for each.
    ///
    /// Money by people whom nothing concerns goes the short way. From the
    /// first entry on that needs more, the rest is evaluated with everything
    /// that is stored, from scratch and once.
    pub(super) fn ingest(
        &mut self,
        entries: Vec<VerifiedEntry>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(entries.len());
        let mut entries = entries.into_iter();
        while let Some(entry) = entries.next() {
            let index = StoredIndex {
                connection: self.connection,
                group: self.group,
                upto: self.loaded.upto,
            };
            let admitted = match self.loaded.ledger.admit(entry.clone(), &index)? {
                Admission::Admitted(admitted) => Some(admitted),
                Admission::Undecided(_) => None,
                Admission::Duplicate => {
                    outcomes.push(Outcome::Duplicate);
                    continue;
                }
                Admission::Missing(ids) => {
                    outcomes.push(Outcome::Missing(ids));
                    continue;
                }
                Admission::Refused(refusal) => {
                    outcomes.push(Outcome::Refused(refusal));
                    continue;
                }
            };
            let replayed = match &admitted {
                Some(admitted) => self.loaded.ledger.replay(admitted, &index)?,
                None => None,
            };
            match admitted.zip(replayed) {
                Some((admitted, replayed)) => {
                    self.loaded.upto = self.keep(&admitted, &replayed)?;
                    outcomes.push(Outcome::Added);
                }
                None => {
                    let rest = std::iter::once(entry).chain(entries).collect();
                    outcomes.extend(self.evaluate(rest)?);
                    break;
                }
            }
        }
        Ok(outcomes)
    }

    /// Evaluates everything from scratch with these entries, keeps those that
    /// are admitted, and writes again whatever is derived.
    fn evaluate(&mut self, entries: Vec<VerifiedEntry>) -> Result<Vec<Outcome>, StoreError> {
        let id = self.loaded.ledger.group();
        let evaluation = evaluate_stored(self.connection, self.group, id, entries.clone())?;
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in &entries {
            let id = entry.id();
            let refused = evaluation.refused().iter().find(|refusal| refusal.entry() == Some(id));
            outcomes.push(if let Some(ids) = evaluation.missing().get(&id) {
                Outcome::Missing(ids.clone())
            } else if let Some(refusal) = refused {
                Outcome::Refused(refusal.clone())
            } else if self.find(&id)?.is_some() {
                Outcome::Duplicate
            } else {
                let verdict = evaluation.verdict(id).map_or(0, Verdict::code);
                insert_entry(self.connection, self.group, entry, verdict, None)?;
                Outcome::Added
            });
        }
        derived::rewrite(self.connection, self.group, &evaluation)?;
        self.loaded.ledger = evaluation.ledger().clone();
        self.loaded.upto = last_number(self.connection, self.group)?;
        // Opening from here on need not evaluate again.
        self.checkpoint()?;
        Ok(outcomes)
    }

    fn find(&self, id: &EntryId) -> Result<Option<i64>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT n FROM entries WHERE id = ?1")?;
        Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
    }

    fn keep(&self, entry: &AdmittedEntry, replayed: &Replayed) -> Result<i64, StoreError> {
        let verified = entry.verified();
        let code = replayed.verdict().code();
        let Some((original, _, slot)) = replayed.slot() else {
            return insert_entry(self.connection, self.group, verified, code, None);
        };
        let slot_of = if original == verified.id() {
            SlotOf::Own
        } else {
            SlotOf::Entry(
                self.find(&original)?
                    .ok_or_else(|| StoreError::Damaged(format!("entry {original} is gone")))?,
            )
        };
        let n = insert_entry(self.connection, self.group, verified, code, Some(slot_of))?;
        let original = match slot_of {
            SlotOf::Own => n,
            SlotOf::Entry(original) => original,
        };
        self.project(original, &slot)?;
        if let Some(origin) = verified.decoded().payload().content().and_then(Content::origin) {
            let mut statement = self
                .connection
                .prepare_cached("INSERT OR IGNORE INTO origins (grp, origin) VALUES (?1, ?2)")?;
            statement.execute((self.group.0, origin.as_bytes()))?;
        }
        Ok(n)
    }

    /// Brings the list of expenses up to date with what a slot shows.
    fn project(&self, original: i64, slot: &Slot) -> Result<(), StoreError> {
        // A slot whose original is void shows nothing and has no row.
        let Some(shown) = slot.content() else { return Ok(()) };
        let mut statement = self
            .connection
            .prepare_cached("SELECT n, entry, signature FROM entries WHERE id = ?1")?;
        let (n, date) = {
            let mut rows = statement.query([shown.as_bytes()])?;
            let gone = || StoreError::Damaged(format!("entry {shown} is gone"));
            let row = rows.next()?.ok_or_else(gone)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let entry = ledger_core::DecodedEntry::decode(bytes, &row.get(2)?)?;
            let content = entry.payload().content().ok_or_else(gone)?;
            (row.get::<_, i64>(0)?, content.date().yyyymmdd())
        };
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO expenses (n, grp, date, content, cancelled) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (n) DO UPDATE SET date = ?3, content = ?4, cancelled = ?5",
        )?;
        statement.execute((original, self.group.0, date, n, slot.is_cancelled()))?;
        Ok(())
    }

    /// Ends a batch: saves a checkpoint if one is due.
    pub(super) fn finish(self) -> Result<LoadedLedger, StoreError> {
        let entries = self.loaded.ledger.frontier().entries();
        let covered: Option<i64> = self.connection.query_row(
            "SELECT max(upto) FROM checkpoints WHERE grp = ?1",
            [self.group.0],
            |row| row.get(0),
        )?;
        let since: u64 = self.connection.query_row(
            "SELECT count(*) FROM
             (SELECT 1 FROM entries WHERE grp = ?1 AND n > ?2 LIMIT ?3)",
            (self.group.0, covered.unwrap_or(0), CHECKPOINT_INTERVAL),
            |row| row.get(0),
        )?;
        if entries >= CHECKPOINT_INTERVAL && since >= CHECKPOINT_INTERVAL {
            self.checkpoint()?;
        }
        Ok(self.loaded)
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO checkpoints (grp, upto, ledger) VALUES (?1, ?2, ?3)",
            (self.group.0, self.loaded.upto, self.loaded.ledger.to_checkpoint()),
        )?;
        self.connection.execute(
            "DELETE FROM checkpoints WHERE grp = ?1 AND upto NOT IN
             (SELECT upto FROM checkpoints WHERE grp = ?1 ORDER BY upto DESC LIMIT ?2)",
            (self.group.0, CHECKPOINTS_KEPT),
        )?;
        Ok(())
    }
}

/// The slot of an entry that is about to be inserted.
#[derive(Clone, Copy)]
enum SlotOf {
    /// The one that it opens.
    Own,
    /// The one that this entry opened.
    Entry(i64),
}

fn insert_entry(
    connection: &Connection,
    group: GroupKey,
    entry: &VerifiedEntry,
    verdict: u8,
    slot: Option<SlotOf>,
) -> Result<i64, StoreError> {
    let decoded = entry.decoded();
    let header = decoded.header();
    connection
        .prepare_cached("INSERT OR IGNORE INTO devices (id) VALUES (?1)")?
        .execute([header.device().as_bytes()])?;
    let n: i64 = connection
        .prepare_cached("SELECT coalesce(max(n), 0) + 1 FROM entries")?
        .query_row([], |row| row.get(0))?;
    let slot = slot.map(|slot| match slot {
        SlotOf::Own => n,
        SlotOf::Entry(original) => original,
    });
    let mut statement = connection.prepare_cached(
        "INSERT INTO entries (n, grp, id, dev, seq, lamport, kind, verdict, slot, entry, signature)
         VALUES (?1, ?2, ?3, (SELECT dev FROM devices WHERE id = ?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute((
        n,
        group.0,
        decoded.id().as_bytes(),
        header.device().as_bytes(),
        header.seq(),
        header.lamport(),
        header.kind().number(),
        verdict,
        slot,
        decoded.as_bytes(),
        decoded.signature(),
    ))?;
    Ok(n)
}
