//! A replica: a ledger in memory over rows on disk.
//!
//! Only this file calls `admit` and `replay` of the library, and `evaluate` as the oracle.

use std::collections::BTreeSet;

use ledger_core::engine::{
    Admission, ChainPosition, Evaluation, Frontier, Ledger, Replayed, VerifiedEntry, evaluate,
};
use ledger_core::{EntryId, GroupId, GroupState, Rule, Verdict};

use super::breaks::Break;
use super::disk::Disk;
use crate::Error;

/// Result of offering an entry to a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfferResult {
    /// The entry is stored now.
    Admitted {
        /// The verdict of the entry.
        verdict: Verdict,
        /// Other entries whose verdicts the entry changed, with the new verdicts.
        flips: Vec<(EntryId, Verdict)>,
    },
    /// The entry was stored before.
    Duplicate,
    /// The entry needs entries that are not stored.
    Missing(BTreeSet<EntryId>),
    /// The entry breaks a rule and is never stored.
    Refused(Rule),
}

/// Source from which a replica was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    /// A checkpoint that covered all rows.
    Checkpoint,
    /// A checkpoint, and this many rows replayed after it.
    Tail(usize),
    /// The genesis entry, as no checkpoint was saved.
    Genesis,
    /// The genesis entry, as each checkpoint was damaged or older than the last flip.
    Rebuilt,
}

/// A ledger and its rows.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    ledger: Ledger,
    /// The stored rows and checkpoints.
    pub(super) disk: Disk,
    /// The fault that was put into the replica on purpose.
    breaks: Option<Break>,
}

impl Replica {
    /// A replica that holds the genesis entry.
    ///
    /// # Errors
    /// If the entry is no genesis entry.
    pub(super) fn new(genesis: &VerifiedEntry, breaks: Option<Break>) -> Result<Replica, Error> {
        let mut disk = Disk::default();
        disk.insert(genesis.clone(), ChainPosition { chain: 0, seq: 0 }, Verdict::Applied);
        Ok(Replica { ledger: Ledger::from_genesis(genesis)?, disk, breaks })
    }

    /// The ledger.
    #[must_use]
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Offers an entry.
    ///
    /// # Errors
    /// If the whole set cannot be evaluated.
    pub(super) fn take(&mut self, entry: VerifiedEntry) -> Result<OfferResult, Error> {
        let index = self.disk.index_of_first(self.disk.len());
        let Ok(admission) = self.ledger.admit(entry, &index);
        let admitted = match admission {
            Admission::Duplicate => return Ok(OfferResult::Duplicate),
            Admission::Missing(ids) => return Ok(OfferResult::Missing(ids)),
            Admission::Refused(refusal) => return Ok(OfferResult::Refused(refusal.rule())),
            Admission::Admitted(admitted) => admitted,
        };
        let Ok(replayed) = self.ledger.replay(&admitted, &index);
        Ok(self.store(admitted.verified().clone(), &replayed))
    }

    /// Stores an entry that the ledger has replayed, and the verdicts that the entry changed.
    fn store(&mut self, entry: VerifiedEntry, replayed: &Replayed) -> OfferResult {
        let verdict = replayed.verdict();
        let stored = Break::verdict(self.breaks, entry.id(), verdict);
        let skips = Break::skips(self.breaks, &entry);
        self.disk.insert(entry, replayed.position(), stored);
        let flips: Vec<(EntryId, Verdict)> =
            replayed.flips().iter().map(|flip| (flip.id, flip.verdict)).collect();
        for (other, verdict) in flips.iter().filter(|_| !skips) {
            self.disk.set_verdict(other, *verdict);
            self.disk.flipped_at = self.disk.len();
        }
        OfferResult::Admitted { verdict, flips }
    }

    /// Saves a checkpoint.
    pub(super) fn checkpoint(&mut self) {
        let bytes = self.ledger.to_checkpoint();
        self.disk.save_checkpoint(bytes);
        if let (Some(Break::ShortCheckpoint), Some(saved)) =
            (self.breaks, self.disk.checkpoints.last_mut())
        {
            saved.rows = saved.rows.saturating_add(1);
        }
    }

    /// Restores a replica from its disk: from the newest checkpoint that may be used, else from the
    /// genesis entry.
    ///
    /// # Errors
    /// If replaying the rows gives other verdicts or positions than the stored ones.
    pub(super) fn restart(
        group: GroupId,
        disk: Disk,
        breaks: Option<Break>,
    ) -> Result<(Replica, Restart), Error> {
        let current = |rows: usize| rows >= disk.flipped_at || breaks == Some(Break::OldCheckpoint);
        let usable = disk.checkpoints.iter().rev().filter(|saved| current(saved.rows));
        let mut loaded = usable.filter_map(|saved| {
            Some((Ledger::from_checkpoint(group, &saved.bytes).ok()?, saved.rows))
        });
        if let Some((mut ledger, rows)) = loaded.next() {
            let behind = disk.len().saturating_sub(rows);
            if breaks != Some(Break::ForgottenTail) {
                replay_tail(&mut ledger, &disk, rows)?;
            }
            let how = if behind == 0 { Restart::Checkpoint } else { Restart::Tail(behind) };
            return Ok((Replica { ledger, disk, breaks }, how));
        }
        let how = if disk.checkpoints.is_empty() { Restart::Genesis } else { Restart::Rebuilt };
        let mut rows = disk.from(0);
        let genesis = rows.next().ok_or("a disk without a genesis entry")?;
        let mut replica = Replica::new(&genesis.entry, breaks)?;
        for row in rows {
            match replica.take(row.entry.as_ref().clone())? {
                OfferResult::Admitted { .. } => {}
                other => return Err(format!("{} was stored, now {other:?}", row.entry.id()).into()),
            }
        }
        for (old, new) in disk.from(0).zip(replica.disk.from(0)) {
            let (id, old, new) =
                (old.entry.id(), (old.point, old.verdict), (new.point, new.verdict));
            if old != new {
                return Err(format!("{id} was {old:?}, rebuilt it is {new:?}").into());
            }
        }
        Ok((replica, how))
    }
}

/// Replays the rows from this number on. No verdict of a row before them has changed since.
fn replay_tail(ledger: &mut Ledger, disk: &Disk, rows: usize) -> Result<(), Error> {
    for row in disk.from(rows) {
        let (id, index) = (row.entry.id(), disk.index_of_first(row.number));
        let Ok(admission) = ledger.admit(row.entry.as_ref().clone(), &index);
        let Admission::Admitted(admitted) = admission else {
            return Err(format!("{id} was stored, now it is {admission:?}").into());
        };
        let Ok(replayed) = ledger.replay(&admitted, &index);
        if let Some(flip) = replayed.flips().first() {
            return Err(format!("{id} in the tail changes the verdict on {}", flip.id).into());
        }
        let (point, verdict) = (replayed.position(), replayed.verdict());
        if (point, verdict) != (row.point, row.verdict) {
            let was = (row.point, row.verdict);
            return Err(format!("{id} was {was:?}, replayed it is {verdict:?} at {point:?}").into());
        }
    }
    Ok(())
}

/// Evaluation of a set of entries from scratch: the oracle for incremental evaluation.
#[derive(Clone, Debug)]
pub(super) struct Oracle(pub(super) Evaluation);

impl Oracle {
    /// Evaluates a set.
    ///
    /// # Errors
    /// If the set lacks the genesis entry.
    pub(super) fn new(group: GroupId, entries: Vec<VerifiedEntry>) -> Result<Oracle, Error> {
        Ok(Oracle(evaluate(group, entries)?))
    }

    /// The state that the set means.
    #[must_use]
    pub(super) fn state(&self) -> &GroupState {
        self.0.state()
    }

    /// The frontier of the set.
    #[must_use]
    pub(super) fn frontier(&self) -> &Frontier {
        self.0.view().frontier()
    }
}
