//! Writing entries and everything derived from them, in one transaction.

use std::collections::BTreeSet;

use ledger_core::{
    Admission, AdmittedEntry, Content, DecodedEntry, EntryId, Ledger, Refusal, Replayed, Slot,
    Verdict, VerifiedEntry, limits::CHECKPOINT_INTERVAL,
};
use rusqlite::{Connection, OptionalExtension as _};

use super::index::StoredIndex;
use super::{GroupKey, Opening, named, projections};
use crate::StoreError;
use crate::store::LoadedLedger;

/// How many checkpoints of a group are kept.
const CHECKPOINTS_KEPT: u32 = 3;

/// Adds entries to one group inside the caller's transaction.
pub(crate) struct Writer<'a> {
    connection: &'a Connection,
    group: GroupKey,
    loaded: LoadedLedger,
    /// Whether verdicts on stored entries changed.
    flipped: bool,
}

/// What became of one entry.
pub(super) enum Outcome {
    Added(Verdict),
    Duplicate,
    Missing(BTreeSet<EntryId>),
    /// Nobody needs it, and there are enough of its kind.
    LeftOut(Box<VerifiedEntry>),
    Refused(Refusal),
}

/// Whether entries that may be left out are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Surplus {
    LeaveOut,
    Keep,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(connection: &'a Connection, group: GroupKey, loaded: LoadedLedger) -> Self {
        Self { connection, group, loaded, flipped: false }
    }

    /// Keeps the genesis entry of a new group.
    pub(crate) fn found(
        connection: &Connection,
        group: GroupKey,
        genesis: &VerifiedEntry,
    ) -> Result<LoadedLedger, StoreError> {
        let ledger = Ledger::found(genesis)?;
        let upto = insert_entry(connection, group, genesis, 0, 0, None)?;
        let opening = Opening { from_checkpoint: 0, replayed: 1, dropped_checkpoints: 0 };
        Ok(LoadedLedger { ledger, upto, opening })
    }

    pub(super) fn connection(&self) -> &'a Connection {
        self.connection
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.loaded.ledger
    }

    /// What is stored, as far as the ledger covers it.
    pub(super) fn index(&self) -> StoredIndex<'a> {
        StoredIndex { connection: self.connection, group: self.group, upto: self.loaded.upto }
    }

    /// Under which of the person's root keys they are in this group.
    pub(super) fn root_index(&self) -> Result<u32, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT root_index FROM groups WHERE grp = ?1")?;
        Ok(statement.query_row([self.group.0], |row| row.get(0))?)
    }

    /// What was said last of a stored entry.
    pub(super) fn verdict(&self, id: &EntryId) -> Result<Verdict, StoreError> {
        let n = self.number(id)?;
        let mut statement =
            self.connection.prepare_cached("SELECT verdict FROM entries WHERE n = ?1")?;
        super::index::verdict(statement.query_row([n], |row| row.get(0))?)
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
    pub(super) fn ingest(
        &mut self,
        entries: Vec<VerifiedEntry>,
        surplus: Surplus,
    ) -> Result<Vec<Outcome>, StoreError> {
        entries.into_iter().map(|entry| self.ingest_one(entry, surplus)).collect()
    }

    fn ingest_one(
        &mut self,
        entry: VerifiedEntry,
        surplus: Surplus,
    ) -> Result<Outcome, StoreError> {
        let (connection, group) = (self.connection, self.group);
        let index = self.index();
        let admitted = match self.loaded.ledger.admit(entry, &index)? {
            Admission::Admitted(admitted) => admitted,
            Admission::Duplicate => return Ok(Outcome::Duplicate),
            Admission::Missing(ids) => return Ok(Outcome::Missing(ids)),
            Admission::Refused(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        if surplus == Surplus::LeaveOut && self.loaded.ledger.is_surplus(&admitted) {
            return Ok(Outcome::LeftOut(Box::new(admitted.verified().clone())));
        }
        let replayed = self.loaded.ledger.replay(&admitted, &index)?;
        self.loaded.upto = self.keep(&admitted, &replayed)?;
        named::note(connection, group, self.loaded.upto, admitted.verified().decoded())?;
        self.flip(&replayed)?;
        Ok(Outcome::Added(replayed.verdict()))
    }

    /// Writes the verdicts on earlier entries that changed, and what follows.
    fn flip(&mut self, replayed: &Replayed) -> Result<(), StoreError> {
        if replayed.flips().is_empty() {
            return Ok(());
        }
        let mut set = self
            .connection
            .prepare_cached("UPDATE entries SET verdict = ?2, slot = ?3 WHERE n = ?1")?;
        for flip in replayed.flips() {
            let n = self.number(&flip.id)?;
            let applied = flip.verdict.is_applied();
            let slot = match flip.slot.filter(|_| applied) {
                Some((original, _)) => Some(self.number(&original)?),
                None => None,
            };
            set.execute((n, flip.verdict.code(), slot))?;
            self.note_origin(n, applied)?;
        }
        for (original, slot) in replayed.slots() {
            self.project(self.number(&original)?, &slot)?;
        }
        self.connection
            .prepare_cached("UPDATE groups SET flipped = ?2 WHERE grp = ?1")?
            .execute((self.group.0, self.loaded.upto))?;
        self.flipped = true;
        Ok(())
    }

    /// Notes which row of an import an entry came from, if it is applied.
    fn note_origin(&self, n: i64, applied: bool) -> Result<(), StoreError> {
        let bytes: Vec<u8> = self
            .connection
            .prepare_cached("SELECT entry FROM entries WHERE n = ?1")?
            .query_row([n], |row| row.get(0))?;
        let entry = DecodedEntry::decode(&bytes, &[0; 64])?;
        let origin = entry.payload().content().and_then(Content::origin);
        let Some(origin) = origin else { return Ok(()) };
        let change = if applied {
            "INSERT INTO origins (grp, origin, n) VALUES (?1, ?2, ?3)"
        } else {
            "DELETE FROM origins WHERE grp = ?1 AND origin = ?2 AND n = ?3"
        };
        let mut statement = self.connection.prepare_cached(change)?;
        statement.execute((self.group.0, origin.as_bytes(), n))?;
        Ok(())
    }

    fn number(&self, id: &EntryId) -> Result<i64, StoreError> {
        self.find(id)?.ok_or_else(|| StoreError::Damaged(format!("entry {id} is gone")))
    }

    fn find(&self, id: &EntryId) -> Result<Option<i64>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT n FROM entries WHERE id = ?1")?;
        Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
    }

    fn keep(&self, entry: &AdmittedEntry, replayed: &Replayed) -> Result<i64, StoreError> {
        let verified = entry.verified();
        let code = replayed.verdict().code();
        let chain = replayed.point().chain;
        let insert = |slot| insert_entry(self.connection, self.group, verified, chain, code, slot);
        let Some((original, _, slot)) = replayed.slot() else { return insert(None) };
        let slot_of = if original == verified.id() {
            SlotOf::Own
        } else {
            SlotOf::Entry(self.number(&original)?)
        };
        let n = insert(Some(slot_of))?;
        let original = match slot_of {
            SlotOf::Own => n,
            SlotOf::Entry(original) => original,
        };
        self.project(original, &slot)?;
        if verified.decoded().payload().content().and_then(Content::origin).is_some() {
            self.note_origin(n, true)?;
        }
        Ok(n)
    }

    /// Brings the lists of expenses up to date with what a slot shows.
    fn project(&self, original: i64, slot: &Slot) -> Result<(), StoreError> {
        projections::update(self.connection, self.group, self.ledger().state(), original, slot)
    }

    /// Ends a batch: saves a checkpoint if one is due.
    pub(crate) fn finish(self) -> Result<LoadedLedger, StoreError> {
        if self.flipped {
            // Of no use from here on.
            self.connection.execute(
                "DELETE FROM checkpoints WHERE grp = ?1 AND upto < ?2",
                (self.group.0, self.loaded.upto),
            )?;
            self.checkpoint()?;
            return Ok(self.loaded);
        }
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
    chain: u32,
    verdict: u8,
    slot: Option<SlotOf>,
) -> Result<i64, StoreError> {
    let decoded = entry.decoded();
    let header = decoded.header();
    let n: i64 = connection
        .prepare_cached("SELECT coalesce(max(n), 0) + 1 FROM entries")?
        .query_row([], |row| row.get(0))?;
    let slot = slot.map(|slot| match slot {
        SlotOf::Own => n,
        SlotOf::Entry(original) => original,
    });
    let mut statement = connection.prepare_cached(
        "INSERT INTO entries
         (n, grp, id, chain, seq, lamport, kind, verdict, slot, entry, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute((
        n,
        group.0,
        decoded.id().as_bytes(),
        chain,
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
