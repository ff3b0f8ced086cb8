//! Taking in entries that came from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::engine::{Admission, DecodedEntry, VerifiedEntry, verify_batch};
use ledger_core::{EntryId, Refusal};

use rusqlite::{Connection, TransactionBehavior};

use super::pending::Waiting;
use super::{Group, GroupTransaction};
use crate::StoreError;
use crate::environment::{CallContext, random};

/// What became of entries that came from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Entries that are new here.
    pub added: Vec<EntryId>,
    /// How many were here already.
    pub duplicates: u64,
    /// Entries that others depend on and that are not here: ask for these. What
    /// depends on them waits, within bounds, and gets in with them.
    pub missing: BTreeSet<EntryId>,
    /// How many entries were left out: signed by a device that was removed or
    /// never accepted, needed by nobody, and there are enough of them.
    pub left_out: u64,
    /// Entries that can never be part of the ledger, each with the rule.
    pub refused: Vec<Refusal>,
}

impl Ingested {
    /// Those whose signatures hold; the others are refused.
    pub(super) fn verify(
        &mut self,
        entries: Vec<DecodedEntry>,
        seed: &[u8; 32],
    ) -> Vec<VerifiedEntry> {
        let mut verified = Vec::with_capacity(entries.len());
        for result in verify_batch(entries, seed) {
            match result {
                Ok(entry) => verified.push(entry),
                Err(refusal) => self.refused.push(refusal),
            }
        }
        verified
    }
}

impl Group {
    /// Takes entries from elsewhere, in any order: header and payload, and the
    /// signature. One transaction; what is refused or misses something is
    /// reported, the rest is kept.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is kept.
    pub fn ingest(&self, entries: &[(Vec<u8>, [u8; 64])]) -> Result<Ingested, StoreError> {
        let mut report = Ingested::default();
        let mut decoded = Vec::with_capacity(entries.len());
        for (bytes, signature) in entries {
            match DecodedEntry::decode(bytes, signature) {
                Ok(entry) => decoded.push(entry),
                Err(refusal) => report.refused.push(refusal),
            }
        }
        let seed = random(self.store.environment())?;
        let verified = report.verify(decoded, &seed);
        self.take_in(verified, report, |_, _| Ok(()))
    }

    /// As [`Group::ingest`], for entries that the caller has verified, perhaps on
    /// threads of its own.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is kept.
    pub fn ingest_verified(&self, entries: Vec<VerifiedEntry>) -> Result<Ingested, StoreError> {
        self.take_in(entries, Ingested::default(), |_, _| Ok(()))
    }

    /// Puts back the genesis entry of a group that lost it to damage: see
    /// [`Store::repair`](crate::Store::repair).
    fn begin_again(
        &self,
        connection: &mut Connection,
        verified: &mut Vec<VerifiedEntry>,
    ) -> Result<Option<EntryId>, StoreError> {
        let Some(place) = verified.iter().position(|entry| entry.id() == self.id.genesis()) else {
            return Ok(None);
        };
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if tx.prepare_cached("SELECT 1 FROM entries WHERE grp = ?1")?.exists([self.key.0])? {
            return Ok(None);
        }
        let genesis = verified.swap_remove(place);
        GroupTransaction::found(&tx, self.key, &genesis)?;
        tx.commit()?;
        Ok(Some(genesis.id()))
    }

    /// Takes entries in, and does `then` in the same transaction.
    pub(super) fn take_in(
        &self,
        mut verified: Vec<VerifiedEntry>,
        mut report: Ingested,
        then: impl FnOnce(&mut GroupTransaction<'_>, &Placed) -> Result<(), StoreError>,
    ) -> Result<Ingested, StoreError> {
        let drawn = CallContext::from(self.store.environment())?;
        self.store.write(|connection| {
            report.added.extend(self.begin_again(connection, &mut verified)?);
            let known = self.store.memory().pending.remove(&self.key);
            let (report, pending) = self.write_on(connection, &drawn, |writer| {
                let (waiting, ready) = Waiting::open(writer.connection(), self.key, known)?;
                let mut intake = IngestSession {
                    writer,
                    waiting,
                    placed: Placed::new(),
                    left_out: BTreeMap::new(),
                    needed: BTreeSet::new(),
                    report,
                };
                let mut offered: Vec<Arc<VerifiedEntry>> =
                    verified.into_iter().chain(ready).map(Arc::new).collect();
                while !offered.is_empty() {
                    offered = intake.round(offered)?;
                    if offered.is_empty() {
                        // Somebody who may write may have built on what was left out.
                        offered = intake.needed();
                    }
                }
                let (report, placed, pending) = intake.end();
                then(writer, &placed)?;
                Ok((report, pending))
            })?;
            self.store.memory().pending.insert(self.key, pending);
            Ok(report)
        })
    }
}

/// The entries that are new, with the numbers under which they are stored.
pub(super) type Placed = Vec<(EntryId, i64)>;

/// One call of [`Group::ingest`], as it goes on.
struct IngestSession<'a, 'b> {
    writer: &'a mut GroupTransaction<'b>,
    waiting: Waiting<'b>,
    placed: Placed,
    /// What nobody needs so far.
    left_out: BTreeMap<EntryId, Arc<VerifiedEntry>>,
    /// What entries of somebody who may write depend on.
    needed: BTreeSet<EntryId>,
    report: Ingested,
}

impl IngestSession<'_, '_> {
    /// Takes in what can be now; gives back what waited for that.
    fn round(
        &mut self,
        mut offered: Vec<Arc<VerifiedEntry>>,
    ) -> Result<Vec<Arc<VerifiedEntry>>, StoreError> {
        // Dependencies have smaller clocks, so they come first.
        offered.sort_by_key(|entry| (entry.decoded().header().lamport(), entry.id()));
        let mut released = Vec::new();
        for entry in offered {
            let id = entry.id();
            let header = entry.decoded().header();
            let (device, seq) = (header.device(), header.seq());
            let last = self.writer.ledger().frontier().last_seq(device);
            if last.is_none_or(|last| seq > last) {
                // Behind the end of its chain.
                self.writer.index().lacks(id);
            }
            match self.writer.admit(Arc::clone(&entry))? {
                Admission::Admitted(admitted) => {
                    if !self.needed.contains(&id) && self.writer.ledger().is_surplus(&admitted) {
                        self.left_out.insert(id, entry);
                        continue;
                    }
                    self.writer.keep(&admitted)?;
                    self.placed.push((id, self.writer.last()));
                    released.extend(self.waiting.release(&id)?.into_iter().map(Arc::new));
                    self.report.added.push(id);
                }
                Admission::Duplicate => {
                    self.report.duplicates = self.report.duplicates.saturating_add(1);
                }
                Admission::Missing(ids) => {
                    // Behind what is left out, by a device like its author's.
                    let behind = ids.iter().any(|id| self.left_out.contains_key(id));
                    if behind && !self.writer.ledger().state().may_write(device) {
                        self.left_out.insert(id, entry);
                    } else {
                        self.waiting.hold(Arc::unwrap_or_clone(entry), ids)?;
                    }
                }
                Admission::Refused(refusal) => self.report.refused.push(refusal),
            }
        }
        Ok(released)
    }

    /// Takes out what was left out and turns out to be needed.
    fn needed(&mut self) -> Vec<Arc<VerifiedEntry>> {
        self.waiting.needed(self.writer.ledger().state(), &mut self.left_out, &mut self.needed)
    }

    fn end(mut self) -> (Ingested, Placed, ledger_core::engine::Pending) {
        self.report.left_out = u64::try_from(self.left_out.len()).unwrap_or(u64::MAX);
        self.report.missing = self.waiting.missing();
        (self.report, self.placed, self.waiting.into_pending())
    }
}
