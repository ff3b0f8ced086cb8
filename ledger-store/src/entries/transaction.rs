//! Writing entries, and everything derived from them, in one transaction.

use std::sync::Arc;

use ledger_core::engine::{
    Admission, AdmittedEntry, DecodedEntry, EntryIndex as _, Kind, Ledger, Replayed, SlotReference,
    VerifiedEntry,
};
use ledger_core::limits::{CHECKPOINT_INTERVAL, LedgerLimits};
use ledger_core::{DeviceId, EntryId, Speaks, Verdict};
use rusqlite::Connection;
#[cfg(feature = "import")]
use rusqlite::OptionalExtension as _;

use super::index::{StoredIndex, number, origin_of};
use super::left_out::LeftOut;
use super::projections::ListWriter;
use super::{Arrival, LoadedLedger, Opening, RecentArrivals, named};
use crate::StoreError;
use crate::database::GroupKey;
use crate::platform::Environment;
use crate::platform::environment::CallContext;

/// Number of checkpoints that are kept of a group.
const CHECKPOINTS_KEPT: u32 = 3;

/// Adds entries to one group inside a transaction of the caller.
pub(crate) struct GroupTransaction<'a> {
    connection: &'a Connection,
    group: GroupKey,
    loaded: LoadedLedger,
    index: StoredIndex<'a>,
    lists: ListWriter<'a>,
    /// The number of the last entry of all groups.
    last: i64,
    /// Whether verdicts on stored entries changed.
    flipped: bool,
    /// Whether a control entry was appended since what was left out was reviewed.
    unreviewed: bool,
    /// Whether an epoch entry was appended.
    begins_epoch: bool,
    context: &'a CallContext,
}

impl<'a> GroupTransaction<'a> {
    /// Must be inside a transaction that keeps other processes from writing.
    pub(crate) fn new(
        connection: &'a Connection,
        group: GroupKey,
        loaded: LoadedLedger,
        context: &'a CallContext,
    ) -> Result<Self, StoreError> {
        let (lists, last) = (ListWriter::new(connection, group), last(connection)?);
        let index = StoredIndex::new(connection, group, loaded.upto);
        Ok(Self {
            connection,
            group,
            loaded,
            index,
            lists,
            last,
            flipped: false,
            unreviewed: false,
            begins_epoch: false,
            context,
        })
    }

    /// Stores the genesis entry of a new group.
    pub(crate) fn insert_genesis(
        connection: &Connection,
        group: GroupKey,
        genesis: &VerifiedEntry,
        device: DeviceId,
    ) -> Result<LoadedLedger, StoreError> {
        let ledger = Arc::new(Ledger::from_genesis(genesis)?);
        let upto = after(last(connection)?)?;
        let beside = Beside { chain: 0, verdict: 0, slot: None };
        insert_entry(connection, group, upto, genesis, &beside)?;
        let opening = Opening { from_checkpoint: 0, replayed: 1, dropped_checkpoints: 0 };
        let mut recent = RecentArrivals::default();
        recent.push(upto, Arrival::new(genesis.decoded(), device));
        Ok(LoadedLedger {
            ledger,
            upto,
            flipped: 0,
            saved: 0,
            opening,
            standing_changed: true,
            device,
            spoken: None,
            recent: Arc::new(recent),
        })
    }

    pub(crate) fn group(&self) -> GroupKey {
        self.group
    }

    pub(crate) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// Time and randomness for new entries.
    pub(crate) fn environment(&self) -> &'a dyn Environment {
        self.context
    }

    /// Limits of what is kept for others.
    pub(crate) fn limits(&self) -> &LedgerLimits {
        self.context.limits()
    }

    /// What the app wants its devices to say that they read.
    pub(super) fn speaks(&self) -> Option<&Speaks> {
        self.context.speaks()
    }

    /// Whether a device is known to have said so.
    pub(super) fn has_spoken(&self, device: DeviceId) -> bool {
        self.loaded.spoken == Some(device)
    }

    pub(super) fn set_spoken(&mut self, device: DeviceId) {
        self.loaded.spoken = Some(device);
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.loaded.ledger
    }

    /// The ledger with what it covers.
    #[cfg(feature = "import")]
    pub(crate) fn loaded(&self) -> &LoadedLedger {
        &self.loaded
    }

    /// The stored entries that the ledger covers.
    pub(crate) fn index(&self) -> &StoredIndex<'a> {
        &self.index
    }

    /// The number of the entry that was stored last.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// Whether control entries came since who accounts for waiting entries was found.
    pub(super) fn is_standing_changed(&self) -> bool {
        self.loaded.standing_changed
    }

    /// Notes that what waits and what was left out was reviewed.
    pub(super) fn set_reviewed(&mut self) {
        (self.unreviewed, self.loaded.standing_changed) = (false, false);
    }

    /// Whether an epoch entry was appended.
    pub(crate) fn has_begun_epoch(&self) -> bool {
        self.begins_epoch
    }

    /// An entry that must be stored.
    pub(crate) fn stored(&self, id: EntryId) -> Result<Arc<VerifiedEntry>, StoreError> {
        let found = self.index().entry(&id)?;
        found.ok_or_else(|| StoreError::Damaged(format!("entry {id} is gone")))
    }

    /// The device that writes here.
    pub(super) fn device(&self) -> DeviceId {
        self.loaded.device
    }

    /// The index of the person's root key in this group.
    pub(crate) fn root_index(&self) -> Result<u32, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT root_index FROM groups WHERE grp = ?1")?;
        Ok(statement.query_row([self.group.0], |row| row.get(0))?)
    }

    /// The stored verdict of an entry.
    pub(crate) fn verdict(&self, id: &EntryId) -> Result<Verdict, StoreError> {
        let n = number(self.connection, *id)?;
        let mut statement =
            self.connection.prepare_cached("SELECT verdict FROM entries WHERE n = ?1")?;
        super::index::verdict(statement.query_row([n], |row| row.get(0))?)
    }

    /// An imported row that was recorded before: what its slot shows. One that is void was not.
    #[cfg(feature = "import")]
    pub(crate) fn recorded_row(
        &self,
        origin: ledger_core::Origin,
    ) -> Result<Option<RecordedRow>, StoreError> {
        recorded_row(self.connection, self.group, origin)
    }

    /// Whether a row was recorded before, cancelled or not.
    pub(crate) fn has_origin(&self, origin: ledger_core::Origin) -> Result<bool, StoreError> {
        has_origin(self.connection, self.group, origin)
    }

    /// Whether an entry may be appended now. Changes nothing.
    pub(crate) fn admit(
        &self,
        entry: impl Into<Arc<VerifiedEntry>>,
    ) -> Result<Admission, StoreError> {
        self.loaded.ledger.admit(entry, &self.index)
    }

    /// Replays and stores an admitted entry, and brings all derived tables up to date.
    pub(crate) fn append(&mut self, entry: &AdmittedEntry) -> Result<Verdict, StoreError> {
        let replayed = Arc::make_mut(&mut self.loaded.ledger).replay(entry, &self.index)?;
        let n = after(self.last)?;
        self.insert(n, entry.verified(), &replayed)?;
        (self.last, self.loaded.upto) = (n, n);
        let arrival = Arrival::new(entry.verified().decoded(), self.loaded.device);
        Arc::make_mut(&mut self.loaded.recent).push(n, arrival);
        self.index.advance(n, entry.verified().decoded(), replayed.position());
        // It can enrol a device, or change which enrolments have prospects.
        if entry.verified().decoded().header().kind().is_control() {
            (self.unreviewed, self.loaded.standing_changed) = (true, true);
        }
        self.begins_epoch |= entry.verified().decoded().header().kind() == Kind::EPOCH;
        self.flip(&replayed)?;
        Ok(replayed.verdict())
    }

    /// Stores an entry, and updates the lists of its slot.
    fn insert(
        &mut self,
        n: i64,
        verified: &VerifiedEntry,
        replayed: &Replayed,
    ) -> Result<(), StoreError> {
        let (entry, slot, named) = (verified.decoded(), replayed.slot(), replayed.slot_reference());
        // A slot is named after its original: the entry that this one names or whose origin it has,
        // or this one itself.
        let original = match (named, slot) {
            (Some(SlotReference { original, .. }), _) => Some(number(self.connection, original)?),
            (None, slot) => slot.map(|_| n),
        };
        let (chain, verdict) = (replayed.position().chain, replayed.verdict().code());
        let beside = Beside { chain, verdict, slot: original.filter(|_| slot.is_some()) };
        insert_entry(self.connection, self.group, n, verified, &beside)?;
        self.note_arrival(n, entry)?;
        self.note_origin(n, entry)?;
        let Some(original) = original else { return Ok(()) };
        if let Some(named) = named {
            named::insert(self.connection, original, named.endorses, n, entry)?;
        }
        let Some((_, _, slot)) = slot else { return Ok(()) };
        let state = self.loaded.ledger.state();
        if original == n {
            // No other entry can be in a slot before its original.
            self.lists.open(state, n, entry)?;
        } else {
            self.lists.update(state, original, &slot, Some((n, entry)))?;
        }
        Ok(())
    }

    /// Notes when an entry came that can make epochs unusable, or begins one: no author's clock may
    /// decide how old it is.
    fn note_arrival(&self, n: i64, entry: &DecodedEntry) -> Result<(), StoreError> {
        if !matches!(entry.header().kind(), Kind::STATEMENT | Kind::ROTATION | Kind::EPOCH) {
            return Ok(());
        }
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO arrivals (n, grp, ms) VALUES (?1, ?2, ?3)")?;
        let ms = i64::try_from(self.environment().now_ms()).unwrap_or(i64::MAX);
        statement.execute((n, self.group.0, ms))?;
        Ok(())
    }

    /// Stores the changed verdicts of earlier entries, and updates the lists.
    fn flip(&mut self, replayed: &Replayed) -> Result<(), StoreError> {
        if replayed.flips().is_empty() {
            return Ok(());
        }
        let connection = self.connection;
        let mut set =
            connection.prepare_cached("UPDATE entries SET verdict = ?2, slot = ?3 WHERE n = ?1")?;
        for flip in replayed.flips() {
            let n = number(connection, flip.id)?;
            let applied = flip.verdict.is_applied();
            let slot = match flip.slot.filter(|_| applied) {
                Some((original, _)) => Some(number(connection, original)?),
                None => None,
            };
            set.execute((n, flip.verdict.code(), slot))?;
        }
        for (original, slot) in replayed.slots() {
            let original = number(connection, original)?;
            self.lists.update(self.loaded.ledger.state(), original, &slot, None)?;
        }
        connection
            .prepare_cached("UPDATE groups SET flipped = ?2 WHERE grp = ?1")?
            .execute((self.group.0, self.loaded.upto))?;
        self.loaded.flipped = self.loaded.upto;
        self.flipped = true;
        Ok(())
    }

    /// Notes the imported row that an original came from, whatever its verdict: the first one with
    /// an origin names the slot of all.
    fn note_origin(&self, n: i64, entry: &DecodedEntry) -> Result<(), StoreError> {
        let Some(origin) = origin_of(entry) else { return Ok(()) };
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO origins (grp, origin, n) VALUES (?1, ?2, ?3)")?;
        statement.execute((self.group.0, origin.as_bytes(), n))?;
        Ok(())
    }

    /// Saves a checkpoint if entries came since the last one.
    pub(crate) fn save_checkpoint(&mut self) -> Result<(), StoreError> {
        if self.loaded.is_unsaved() {
            self.checkpoint()?;
            self.loaded.saved = self.loaded.ledger.frontier().entries();
        }
        Ok(())
    }

    /// Ends a batch: saves a checkpoint if one is due.
    pub(crate) fn finish(mut self) -> Result<LoadedLedger, StoreError> {
        self.lists.finish()?;
        if self.unreviewed {
            // This device added, removed or vouched for somebody.
            LeftOut { connection: self.connection, group: self.group }
                .review(&self.loaded.ledger)?;
        }
        let entries = self.loaded.ledger.frontier().entries();
        if self.flipped {
            // A checkpoint that covers less than the last changed verdict cannot be used any more.
            self.connection.execute(
                "DELETE FROM checkpoints WHERE grp = ?1 AND upto < ?2",
                (self.group.0, self.loaded.upto),
            )?;
        }
        if self.flipped || entries.saturating_sub(self.loaded.saved) >= CHECKPOINT_INTERVAL {
            self.checkpoint()?;
            self.loaded.saved = entries;
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

/// Fate of a row that was recorded before.
#[cfg(feature = "import")]
pub(crate) enum RecordedRow {
    Counts,
    /// Somebody cancelled it; the original that its list has.
    Cancelled(EntryId),
}

/// What the slot of an origin shows. `None` if it shows nothing.
#[cfg(feature = "import")]
pub(crate) fn recorded_row(
    connection: &Connection,
    group: GroupKey,
    origin: ledger_core::Origin,
) -> Result<Option<RecordedRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT n, cancelled FROM expenses
         WHERE n = (SELECT min(n) FROM origins WHERE grp = ?1 AND origin = ?2)",
    )?;
    let key = (group.0, origin.as_bytes());
    let found: Option<(i64, bool)> =
        statement.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((n, cancelled)) = found else { return Ok(None) };
    if !cancelled {
        return Ok(Some(RecordedRow::Counts));
    }
    let mut statement = connection.prepare_cached("SELECT id FROM entries WHERE n = ?1")?;
    let id = statement.query_row([n], |row| row.get(0)).optional()?;
    let gone = || StoreError::Damaged(format!("entry number {n} is gone"));
    Ok(Some(RecordedRow::Cancelled(EntryId::from_bytes(id.ok_or_else(gone)?))))
}

/// Whether the slot of an origin shows something, cancelled or not.
pub(crate) fn has_origin(
    connection: &Connection,
    group: GroupKey,
    origin: ledger_core::Origin,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM expenses
         WHERE n = (SELECT min(n) FROM origins WHERE grp = ?1 AND origin = ?2)",
    )?;
    Ok(statement.exists((group.0, origin.as_bytes()))?)
}

/// The number of the last entry of all groups.
fn last(connection: &Connection) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(n), 0) FROM entries")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn after(n: i64) -> Result<i64, StoreError> {
    n.checked_add(1).ok_or_else(|| StoreError::Damaged(format!("entry number {n} is too large")))
}

/// The derived columns beside an entry.
struct Beside {
    chain: u32,
    verdict: u8,
    slot: Option<i64>,
}

fn insert_entry(
    connection: &Connection,
    group: GroupKey,
    n: i64,
    entry: &VerifiedEntry,
    beside: &Beside,
) -> Result<(), StoreError> {
    let decoded = entry.decoded();
    let header = decoded.header();
    let mut statement = connection.prepare_cached(
        "INSERT INTO entries
         (n, grp, id, chain, seq, lamport, kind, verdict, slot, entry, signature)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    statement.execute((
        n,
        group.0,
        decoded.id().as_bytes(),
        beside.chain,
        header.seq(),
        header.lamport(),
        header.kind().number(),
        beside.verdict,
        beside.slot,
        decoded.as_bytes(),
        decoded.signature(),
    ))?;
    Ok(())
}
