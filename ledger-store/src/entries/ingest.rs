//! Admitting entries that came from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::engine::{Admission, DecodedEntry, VerifiedEntry, WaitingEntries, verify_batch};
use ledger_core::{EntryId, Refusal};

use super::GroupTransaction;
use super::waiting::Waiting;
use crate::StoreError;

/// Result of admitting entries that came from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Entries that are new here.
    pub added: Vec<EntryId>,
    /// Number of entries that were here already.
    pub duplicates: u64,
    /// Entries that others depend on and that are not here: ask for these. The entries that depend
    /// on them wait, within bounds, and are admitted with them.
    pub missing: BTreeSet<EntryId>,
    /// Number of entries that were left out: signed by a device that was removed or never accepted,
    /// needed by no other entry, and beyond the number that is kept of such entries.
    pub left_out: u64,
    /// Entries that can never be part of the ledger, each with the rule.
    pub refused: Vec<Refusal>,
}

impl Ingested {
    /// Verifies signatures. Returns the entries whose signatures hold; the others are refused.
    pub(crate) fn verify(
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

/// The new entries, each with the number under which it is stored.
pub(crate) type StoredNumbers = Vec<(EntryId, i64)>;

/// Admits verified entries in any order; what depends on entries that are not here waits.
///
/// `known` are the entries that waited after the last call, if nobody has changed them since.
/// Returns the report, the numbers of the new entries, and the entries that wait now.
pub(crate) fn admit_batch<'b>(
    transaction: &mut GroupTransaction<'b>,
    verified: Vec<VerifiedEntry>,
    known: Option<WaitingEntries>,
    report: Ingested,
) -> Result<(Ingested, StoredNumbers, WaitingEntries), StoreError> {
    let limits = *transaction.limits();
    let (waiting, ready) =
        Waiting::open(transaction.connection(), transaction.group(), known, limits)?;
    let mut session = IngestSession {
        transaction,
        waiting,
        stored: StoredNumbers::new(),
        left_out: BTreeMap::new(),
        needed: BTreeSet::new(),
        report,
    };
    let mut offered: Vec<Arc<VerifiedEntry>> =
        verified.into_iter().chain(ready).map(Arc::new).collect();
    while !offered.is_empty() {
        offered = session.round(offered)?;
        if offered.is_empty() {
            // Only now is it known what waits: an entry of a device that may write can depend
            // on entries that were left out.
            offered = session.take_needed();
        }
    }
    Ok(session.end())
}

/// One batch of entries on their way into the ledger.
struct IngestSession<'a, 'b> {
    transaction: &'a mut GroupTransaction<'b>,
    waiting: Waiting<'b>,
    stored: StoredNumbers,
    /// Entries of devices without rights that no other entry needs so far.
    left_out: BTreeMap<EntryId, Arc<VerifiedEntry>>,
    /// Entries that an entry of a device with rights depends on.
    needed: BTreeSet<EntryId>,
    report: Ingested,
}

impl IngestSession<'_, '_> {
    /// Admits the entries that can be admitted now. Returns the entries that waited for them.
    fn round(
        &mut self,
        mut offered: Vec<Arc<VerifiedEntry>>,
    ) -> Result<Vec<Arc<VerifiedEntry>>, StoreError> {
        // Dependencies have smaller clocks, so this order admits most entries at the first try.
        offered.sort_by_key(|entry| (entry.decoded().header().lamport(), entry.id()));
        let mut released = Vec::new();
        for entry in offered {
            let id = entry.id();
            let header = entry.decoded().header();
            let (device, seq) = (header.device(), header.seq());
            let last = self.transaction.ledger().frontier().last_seq(device);
            if last.is_none_or(|last| seq > last) {
                // After the end of its chain, so it cannot be stored.
                self.transaction.index().lacks(id);
            }
            match self.transaction.admit(Arc::clone(&entry))? {
                Admission::Admitted(admitted) => {
                    if !self.needed.contains(&id) && self.transaction.ledger().is_surplus(&admitted)
                    {
                        self.left_out.insert(id, entry);
                        continue;
                    }
                    self.transaction.append(&admitted)?;
                    self.stored.push((id, self.transaction.last()));
                    released.extend(self.waiting.release(&id)?.into_iter().map(Arc::new));
                    self.report.added.push(id);
                }
                Admission::Duplicate => {
                    self.report.duplicates = self.report.duplicates.saturating_add(1);
                }
                Admission::Missing(ids) => {
                    // It depends on an entry that is left out, and its device has no rights either.
                    let behind = ids.iter().any(|id| self.left_out.contains_key(id));
                    if behind && !self.transaction.ledger().state().may_write(device) {
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

    /// Takes out the entries that were left out and turn out to be needed.
    fn take_needed(&mut self) -> Vec<Arc<VerifiedEntry>> {
        self.waiting.needed(self.transaction.ledger().state(), &mut self.left_out, &mut self.needed)
    }

    fn end(mut self) -> (Ingested, StoredNumbers, WaitingEntries) {
        self.report.left_out = u64::try_from(self.left_out.len()).unwrap_or(u64::MAX);
        self.report.missing = self.waiting.missing();
        (self.report, self.stored, self.waiting.into_pending())
    }
}
