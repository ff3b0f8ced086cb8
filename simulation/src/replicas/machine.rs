//! A machine that runs a replica: batches, waiting entries, crashes and restarts.

use std::collections::BTreeSet;

use ledger_core::engine::{VerifiedEntry, WaitingEntries};
use ledger_core::{EntryId, GroupId, StateDigest, Verdict};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::tally::Tally;

use super::breaks::Break;
use super::disk::Disk;
use super::flood;
use super::replica::{OfferResult, Replica, Restart};
use crate::Error;

/// Record of an admitted entry, for the checks.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// The entry that was admitted.
    pub(super) id: EntryId,
    /// The state before it.
    pub(super) before: StateDigest,
    /// The state after it.
    pub(super) after: StateDigest,
    /// The entries whose verdicts changed, with the new verdicts.
    pub(super) flips: Vec<(EntryId, Verdict)>,
}

/// A machine with a disk, and a replica while the machine is up.
pub(super) struct Machine {
    group: GroupId,
    breaks: Option<Break>,
    /// The replica, while it is up.
    pub(super) replica: Option<Replica>,
    /// The disk, while it is down.
    disk: Disk,
    pending: WaitingEntries,
    /// Entries that [`Break::DroppedPending`] lost.
    forgotten: BTreeSet<EntryId>,
    /// One record for each row but the first, in the order of ingest.
    pub(super) arrivals: Vec<Arrival>,
}

const STORAGE: &str = "storage and crashes";
const ARRIVALS: &str = "arrivals";

impl Machine {
    /// A machine whose replica holds the genesis entry.
    ///
    /// # Errors
    /// If the entry is no genesis entry.
    pub(super) fn new(genesis: &VerifiedEntry, breaks: Option<Break>) -> Result<Machine, Error> {
        let replica = Replica::new(genesis, breaks)?;
        Ok(Machine {
            group: replica.ledger().group(),
            breaks,
            replica: Some(replica),
            disk: Disk::default(),
            pending: WaitingEntries::new(),
            forgotten: BTreeSet::new(),
            arrivals: Vec::new(),
        })
    }

    /// Whether an entry is stored.
    #[must_use]
    pub(super) fn holds(&self, id: &EntryId) -> bool {
        let disk = self.replica.as_ref().map_or(&self.disk, |replica| &replica.disk);
        disk.row(id).is_some() || self.forgotten.contains(id)
    }

    /// Ingests a batch in one transaction, unless the replica is down. With `crash`, the replica
    /// crashes after that many entries, before the commit.
    ///
    /// # Errors
    /// If an entry cannot be judged.
    pub(super) fn ingest(
        &mut self,
        batch: Vec<VerifiedEntry>,
        crash: Option<usize>,
        tally: &mut Tally,
    ) -> Result<Option<Violation>, Error> {
        let Some(mut replica) = self.replica.take() else {
            tally.add("network", "batch to a replica that is down", 1);
            return Ok(None);
        };
        tally.add("network", "batch", 1);
        tally.add("network", "batch of several entries", usize::from(batch.len() > 1));
        let (saved, noted) = (replica.disk.clone(), self.arrivals.len());
        let mut found = None;
        for (n, entry) in batch.into_iter().enumerate() {
            if crash == Some(n) {
                break;
            }
            found = found.or(self.offer(&mut replica, entry, tally)?);
        }
        if crash.is_some() {
            tally.add(STORAGE, "crash in a batch", 1);
            let lost = replica.disk.len().saturating_sub(saved.len());
            tally.add(STORAGE, "entries of a batch lost in a crash", lost);
            self.arrivals.truncate(noted);
            if self.breaks == Some(Break::HalfBatch) {
                replica.disk = saved;
                self.replica = Some(replica);
            } else {
                self.disk = saved;
            }
            self.pending = WaitingEntries::new();
            return Ok(found);
        }
        if self.breaks == Some(Break::LostRow) && replica.disk.len() > saved.len() {
            replica.disk.drop_last_row();
            self.arrivals.pop();
        }
        self.replica = Some(replica);
        Ok(found)
    }

    /// Offers an entry, and then the entries that waited for it.
    fn offer(
        &mut self,
        replica: &mut Replica,
        entry: VerifiedEntry,
        tally: &mut Tally,
    ) -> Result<Option<Violation>, Error> {
        let (mut ready, mut waited) = (vec![entry], false);
        while let Some(entry) = ready.pop() {
            let id = entry.id();
            let before = replica.ledger().state().digest();
            match replica.take(entry.clone())? {
                OfferResult::Admitted { flips, .. } => {
                    let row = if waited { "admitted after waiting" } else { "admitted at once" };
                    tally.add(ARRIVALS, row, 1);
                    let after = replica.ledger().state().digest();
                    self.arrivals.push(Arrival { id, before, after, flips });
                    let released = self.pending.release(&id);
                    // A control entry can enrol devices that have entries here.
                    if entry.decoded().header().kind().is_control() {
                        self.pending.set_accounts(|entry| replica.ledger().waiting_account(entry));
                    }
                    if self.breaks == Some(Break::DroppedPending) {
                        self.forgotten.extend(released.iter().map(VerifiedEntry::id));
                    } else {
                        ready.extend(released);
                    }
                }
                OfferResult::Duplicate => tally.add(ARRIVALS, "duplicate", 1),
                OfferResult::Refused(rule) => {
                    tally.add(ARRIVALS, format!("refused by {rule:?}"), 1)
                }
                OfferResult::Missing(missing) => {
                    tally.add(ARRIVALS, "waits", 1);
                    let account = replica.ledger().waiting_account(entry.decoded());
                    for (gone, device) in self.pending.hold_for(account, entry, missing) {
                        tally.add(ARRIVALS, "gave way while waiting", 1);
                        if device != flood::device() {
                            let detail = format!("{gone} gave way to a flood");
                            return Ok(violation("5: nothing lost", detail));
                        }
                    }
                }
            }
            waited = true;
        }
        Ok(None)
    }

    /// Saves a checkpoint, if the replica is up.
    pub(super) fn checkpoint(&mut self, tally: &mut Tally) {
        if let Some(replica) = &mut self.replica {
            replica.checkpoint();
            tally.add(STORAGE, "checkpoint saved", 1);
        }
    }

    /// Flips a bit of the newest checkpoint on disk.
    pub(super) fn damage(&mut self, bit: usize, tally: &mut Tally) {
        let disk = self.replica.as_mut().map_or(&mut self.disk, |replica| &mut replica.disk);
        let Some(newest) = disk.checkpoints.last_mut() else { return };
        flip(&mut newest.bytes, bit);
        tally.add(STORAGE, "checkpoint damaged", 1);
    }

    /// Loses everything that is in memory only.
    pub(super) fn crash(&mut self, tally: &mut Tally) {
        if let Some(replica) = self.replica.take() {
            self.disk = replica.disk;
            self.pending = WaitingEntries::new();
            tally.add(STORAGE, "crash between batches", 1);
        }
    }

    /// Restarts the replica from its disk; a replica that is up closes in good order first.
    ///
    /// # Errors
    /// If the ledger on disk is not the one that was in memory.
    pub(super) fn restart(&mut self, tally: &mut Tally) -> Result<(), Error> {
        let was = self.replica.take();
        if let Some(replica) = &was {
            self.disk = replica.disk.clone();
        }
        let disk = std::mem::take(&mut self.disk);
        let (replica, how) = Replica::restart(self.group, disk, self.breaks)?;
        let row = match how {
            Restart::Checkpoint => "restart from a checkpoint that covers all",
            Restart::Tail(_) => "restart from a checkpoint, tail replayed",
            Restart::Genesis => "restart from the genesis entry, no checkpoint",
            Restart::Rebuilt => "restart from the genesis entry, checkpoints damaged or too old",
        };
        tally.add(STORAGE, row, 1);
        if let Some(was) = was
            && was.ledger() != replica.ledger()
        {
            return Err("the ledger after a restart is not the one before".into());
        }
        self.replica = Some(replica);
        Ok(())
    }
}

/// Flips a bit of some bytes; the number of the bit wraps around at their end.
pub(super) fn flip(bytes: &mut [u8], bit: usize) {
    let place = (bit / 8).checked_rem(bytes.len()).unwrap_or(0);
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << (bit % 8);
    }
}
