//! One replica: a ledger in memory over rows on disk.
//!
//! The one place where the simulation calls `admit`, `replay` and `evaluate`, the latter as the
//! oracle.

use std::collections::BTreeSet;

use ledger_core::engine::{
    Admission, ChainPosition, Evaluation, Frontier, Ledger, Replayed, VerifiedEntry, evaluate,
};
use ledger_core::{EntryId, GroupId, GroupState, Rule, Verdict};

use super::breaks::Break;
use super::disk::Disk;
use crate::Error;

/// What became of an entry that was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is in.
    In {
        /// Its verdict.
        verdict: Verdict,
        /// Other entries whose verdicts it changed, with the new ones.
        flips: Vec<(EntryId, Verdict)>,
    },
    /// It was in before.
    Duplicate,
    /// It waits for these.
    Missing(BTreeSet<EntryId>),
    /// It never gets in.
    Refused(Rule),
}

/// How a replica came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    /// From a checkpoint that covered all rows.
    Checkpoint,
    /// From a checkpoint, with this many rows replayed on top.
    Tail(usize),
    /// From the genesis entry; no checkpoint was saved.
    Genesis,
    /// From the genesis entry; each checkpoint was damaged or older than the last flip.
    Rebuilt,
}

/// A ledger and its rows.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    ledger: Ledger,
    /// The rows.
    pub(super) disk: Disk,
    /// What is broken in it on purpose.
    breaks: Option<Break>,
}

impl Replica {
    /// Begins with the genesis entry.
    ///
    /// # Errors
    /// If it is not one.
    pub(super) fn found(genesis: &VerifiedEntry, breaks: Option<Break>) -> Result<Replica, Error> {
        let mut disk = Disk::default();
        disk.put(genesis.clone(), ChainPosition { chain: 0, seq: 0 }, Verdict::Applied);
        Ok(Replica { ledger: Ledger::found(genesis)?, disk, breaks })
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
    pub(super) fn take(&mut self, entry: VerifiedEntry) -> Result<Taken, Error> {
        let index = self.disk.first(self.disk.len());
        let Ok(admission) = self.ledger.admit(entry, &index);
        let admitted = match admission {
            Admission::Duplicate => return Ok(Taken::Duplicate),
            Admission::Missing(ids) => return Ok(Taken::Missing(ids)),
            Admission::Refused(refusal) => return Ok(Taken::Refused(refusal.rule())),
            Admission::Admitted(admitted) => admitted,
        };
        let Ok(replayed) = self.ledger.replay(&admitted, &index);
        Ok(self.store(admitted.verified().clone(), &replayed))
    }

    /// Stores an entry that the ledger has taken, and the verdicts that it changed.
    fn store(&mut self, entry: VerifiedEntry, replayed: &Replayed) -> Taken {
        let verdict = replayed.verdict();
        let stored = Break::verdict(self.breaks, entry.id(), verdict);
        let skips = Break::skips(self.breaks, &entry);
        self.disk.put(entry, replayed.point(), stored);
        let flips: Vec<(EntryId, Verdict)> =
            replayed.flips().iter().map(|flip| (flip.id, flip.verdict)).collect();
        for (other, verdict) in flips.iter().filter(|_| !skips) {
            self.disk.judge(other, *verdict);
            self.disk.flipped_at = self.disk.len();
        }
        Taken::In { verdict, flips }
    }

    /// Saves a checkpoint.
    pub(super) fn checkpoint(&mut self) {
        let bytes = self.ledger.to_checkpoint();
        self.disk.save(bytes);
        if let (Some(Break::ShortCheckpoint), Some(saved)) =
            (self.breaks, self.disk.checkpoints.last_mut())
        {
            saved.rows = saved.rows.saturating_add(1);
        }
    }

    /// Comes back with nothing but what is on disk: from the newest checkpoint that may be used,
    /// else from the genesis entry. Then the rows say what they said before.
    ///
    /// # Errors
    /// If replaying the rows says something else than when they came.
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
                tail(&mut ledger, &disk, rows)?;
            }
            let how = if behind == 0 { Restart::Checkpoint } else { Restart::Tail(behind) };
            return Ok((Replica { ledger, disk, breaks }, how));
        }
        let how = if disk.checkpoints.is_empty() { Restart::Genesis } else { Restart::Rebuilt };
        let mut rows = disk.from(0);
        let genesis = rows.next().ok_or("a disk without a genesis entry")?;
        let mut replica = Replica::found(&genesis.entry, breaks)?;
        for row in rows {
            match replica.take(row.entry.as_ref().clone())? {
                Taken::In { .. } => {}
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

/// Replays the rows from this one on. No verdict before them changed since they came.
fn tail(ledger: &mut Ledger, disk: &Disk, rows: usize) -> Result<(), Error> {
    for row in disk.from(rows) {
        let (id, index) = (row.entry.id(), disk.first(row.number));
        let Ok(admission) = ledger.admit(row.entry.as_ref().clone(), &index);
        let Admission::Admitted(admitted) = admission else {
            return Err(format!("{id} was stored, now it is {admission:?}").into());
        };
        let Ok(replayed) = ledger.replay(&admitted, &index);
        if let Some(flip) = replayed.flips().first() {
            return Err(format!("{id} in the tail changes the verdict on {}", flip.id).into());
        }
        let (point, verdict) = (replayed.point(), replayed.verdict());
        if (point, verdict) != (row.point, row.verdict) {
            let was = (row.point, row.verdict);
            return Err(format!("{id} was {was:?}, replayed it is {verdict:?} at {point:?}").into());
        }
    }
    Ok(())
}

/// What the oracle, evaluation from scratch, says of a set.
#[derive(Clone, Debug)]
pub(super) struct Oracle(pub(super) Evaluation);

impl Oracle {
    /// Evaluates a set.
    ///
    /// # Errors
    /// If it lacks the genesis entry.
    pub(super) fn of(group: GroupId, entries: Vec<VerifiedEntry>) -> Result<Oracle, Error> {
        Ok(Oracle(evaluate(group, entries)?))
    }

    /// Its state.
    #[must_use]
    pub(super) fn state(&self) -> &GroupState {
        self.0.state()
    }

    /// Its frontier.
    #[must_use]
    pub(super) fn frontier(&self) -> &Frontier {
        self.0.view().frontier()
    }
}
