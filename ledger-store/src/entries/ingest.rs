//! Admitting entries that came from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::engine::{Admission, AdmittedEntry, DecodedEntry, Ledger, Payload, VerifiedEntry};
use ledger_core::seal::Topic;
use ledger_core::{EntryId, Refusal};

use super::left_out::LeftOut;
use super::verify::verify_on;
use super::waiting::{KnownWaiting, Waiting, may_count};
use super::{Arrival, GroupTransaction};
use crate::StoreError;

/// Result of admitting entries that came from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ingested {
    /// Entries that are new here. One that this device signed was lost here, as by going back to an old
    /// copy of the database.
    pub added: Vec<Arrival>,
    /// Number of entries that were here already.
    pub duplicates: u64,
    /// Entries that others depend on and that are not here: ask for these. The entries that depend
    /// on them wait, within bounds, and are admitted with them.
    pub missing: BTreeSet<EntryId>,
    /// Number of entries that were left out (SPEC §5.3): idle ones that no other entry needs, beyond
    /// the bytes that are kept of such entries.
    pub left_out: u64,
    /// Entries that can never be part of the ledger, each with the rule.
    pub refused: Vec<Refusal>,
}

impl Ingested {
    /// Verifies signatures, on up to `threads` threads. Returns the entries whose signatures hold;
    /// the others are refused.
    pub(crate) fn verify(
        &mut self,
        threads: usize,
        entries: Vec<DecodedEntry>,
        seed: &[u8; 32],
    ) -> Vec<VerifiedEntry> {
        let mut verified = Vec::with_capacity(entries.len());
        for result in verify_on(threads, entries, seed) {
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
/// Returns the report, the numbers of the new entries, and the entries that wait now. `may_go_on` is
/// asked before each entry is looked at; its error ends the work.
pub(crate) fn admit_batch<'b>(
    transaction: &mut GroupTransaction<'b>,
    verified: Vec<VerifiedEntry>,
    known: Option<KnownWaiting>,
    report: Ingested,
    may_go_on: &mut dyn FnMut() -> Result<(), StoreError>,
) -> Result<(Ingested, StoredNumbers, KnownWaiting), StoreError> {
    let (connection, group) = (transaction.connection(), transaction.group());
    let context = (transaction.ledger(), *transaction.limits());
    let (waiting, ready) = Waiting::open(connection, group, known, context)?;
    let memory = LeftOut { connection, group };
    let remembers = !memory.is_empty()?;
    let mut session = IngestSession {
        transaction,
        waiting,
        stored: StoredNumbers::new(),
        left_out: BTreeMap::new(),
        needed: BTreeSet::new(),
        keys: KeysInUse { memory, topics: BTreeMap::new() },
        memory,
        remembers,
        grew: false,
        report,
        may_go_on,
    };
    // After entries that this device signed, or another process admitted.
    session.review()?;
    let mut offered: Vec<Arc<VerifiedEntry>> =
        verified.into_iter().chain(ready).map(Arc::new).collect();
    while !offered.is_empty() {
        offered = session.round(offered)?;
        if offered.is_empty() {
            session.review()?;
            // Only now is it known what waits: an entry that may count can depend on entries
            // that were left out.
            offered = session.take_needed()?;
        }
    }
    session.end()
}

/// One batch of entries on their way into the ledger.
struct IngestSession<'a, 'b> {
    transaction: &'a mut GroupTransaction<'b>,
    waiting: Waiting<'b>,
    stored: StoredNumbers,
    /// Idle entries that no other entry needs so far, each with whether it may count when its
    /// author is accepted.
    left_out: BTreeMap<EntryId, (Arc<VerifiedEntry>, bool)>,
    /// Entries that an entry depends on which waits and must stay.
    needed: BTreeSet<EntryId>,
    keys: KeysInUse<'b>,
    memory: LeftOut<'b>,
    /// Whether the memory holds something.
    remembers: bool,
    /// Whether something was added to it.
    grew: bool,
    report: Ingested,
    /// Asked before each entry is looked at.
    may_go_on: &'a mut dyn FnMut() -> Result<(), StoreError>,
}

/// Keys under which entries came that are kept, as far as they were asked for.
struct KeysInUse<'a> {
    memory: LeftOut<'a>,
    topics: BTreeMap<Topic, bool>,
}

impl KeysInUse<'_> {
    /// Whether an epoch entry is the only one here of a key under which something came that is kept:
    /// without it, that key is worth nothing.
    fn needs(&mut self, ledger: &Ledger, entry: &VerifiedEntry) -> Result<bool, StoreError> {
        let Payload::Epoch(epoch) = entry.decoded().payload() else { return Ok(false) };
        if ledger.knows_epoch(epoch) {
            return Ok(false);
        }
        let topic = epoch.topic();
        if let Some(known) = self.topics.get(&topic) {
            return Ok(*known);
        }
        let came = self.memory.came_under(&topic)?;
        self.topics.insert(topic, came);
        Ok(came)
    }

    /// Whether an entry that waits must stay, with all that it depends on (SPEC §5.3, c and d).
    fn must_stay(&mut self, ledger: &Ledger, entry: &VerifiedEntry) -> Result<bool, StoreError> {
        Ok(may_count(ledger, entry) || self.needs(ledger, entry)?)
    }
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
            // The app cannot be called back here: this call holds the writer permit.
            (self.may_go_on)()?;
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
                    if self.may_leave_out(&admitted)? {
                        let accepted = self.transaction.ledger().is_enrolment_accepted(&admitted);
                        self.left_out.insert(id, (entry, !accepted));
                        continue;
                    }
                    self.transaction.append(&admitted)?;
                    if self.remembers {
                        self.memory.forget(&id)?;
                    }
                    self.stored.push((id, self.transaction.last()));
                    released.extend(self.waiting.release(&id)?.into_iter().map(Arc::new));
                    let signed_here = device == self.transaction.device();
                    self.report.added.push(Arrival { entry: id, signed_here });
                }
                Admission::Duplicate => {
                    self.report.duplicates = self.report.duplicates.saturating_add(1);
                }
                Admission::Missing(ids) => {
                    // It depends on an entry that is left out, and cannot count either.
                    let behind = ids.iter().any(|id| self.left_out.contains_key(id));
                    let ledger = self.transaction.ledger();
                    let must_stay = self.keys.must_stay(ledger, &entry)?;
                    if behind && !self.needed.contains(&id) && !must_stay {
                        self.left_out.insert(id, (entry, true));
                    } else {
                        let entry = Arc::unwrap_or_clone(entry);
                        if self.remembers {
                            self.memory.forget(&id)?;
                        }
                        for gone in self.waiting.hold(entry, ids, must_stay, ledger)? {
                            self.remember(gone.decoded())?;
                        }
                    }
                }
                Admission::Refused(refusal) => {
                    if self.remembers {
                        self.memory.forget(&id)?;
                    }
                    self.report.refused.push(refusal);
                }
            }
        }
        Ok(released)
    }

    /// Whether an idle entry is left out (SPEC §5.3).
    fn may_leave_out(&mut self, admitted: &AdmittedEntry) -> Result<bool, StoreError> {
        let (ledger, limits) = (self.transaction.ledger(), self.transaction.limits());
        let entry = admitted.verified();
        if self.needed.contains(&entry.id())
            || !ledger.is_surplus(admitted, limits, self.transaction.index())?
        {
            return Ok(false);
        }
        let keys = &mut self.keys;
        let waits = |waiting: &VerifiedEntry| keys.must_stay(ledger, waiting);
        if self.waiting.needs(&entry.id(), waits)? {
            return Ok(false);
        }
        Ok(!self.keys.needs(ledger, entry)?)
    }

    /// Finds anew who accounts for what waits, and what may count, if a control entry came.
    ///
    /// Looks at all of it, so it is done when nothing more can be admitted, not after each link of
    /// a chain that waited.
    fn review(&mut self) -> Result<(), StoreError> {
        if !self.transaction.is_standing_changed() {
            return Ok(());
        }
        #[cfg(test)]
        tests::REVIEWS.set(tests::REVIEWS.get().saturating_add(1));
        self.waiting.review(self.transaction.ledger());
        if self.remembers {
            self.memory.review(self.transaction.ledger())?;
        }
        self.transaction.set_reviewed();
        Ok(())
    }

    /// Takes out the entries that were left out and turn out to be needed: those on which an entry
    /// depends, directly or not, that waits and must stay.
    fn take_needed(&mut self) -> Result<Vec<Arc<VerifiedEntry>>, StoreError> {
        let ledger = self.transaction.ledger();
        let mut open: Vec<EntryId> = Vec::new();
        for id in self.left_out.keys() {
            if self.waiting.needs(id, |entry| self.keys.must_stay(ledger, entry))? {
                open.push(*id);
            }
        }
        let mut taken = Vec::new();
        while let Some(id) = open.pop() {
            if let Some((entry, _)) = self.left_out.remove(&id) {
                open.extend(entry.decoded().header().dependencies());
                self.needed.insert(id);
                taken.push(entry);
            }
        }
        Ok(taken)
    }

    fn remember(&mut self, entry: &DecodedEntry) -> Result<(), StoreError> {
        (self.remembers, self.grew) = (true, true);
        self.memory.remember(entry, self.transaction.ledger())
    }

    fn end(mut self) -> Result<(Ingested, StoredNumbers, KnownWaiting), StoreError> {
        let left_out = std::mem::take(&mut self.left_out);
        self.report.left_out = u64::try_from(left_out.len()).unwrap_or(u64::MAX);
        for (entry, may_count_later) in left_out.values() {
            let entry = entry.decoded();
            if *may_count_later || matches!(entry.payload(), Payload::Epoch(_)) {
                self.remember(entry)?;
            }
        }
        self.report.missing = self.waiting.missing();
        if self.grew {
            self.memory.limit(self.transaction.limits().left_out_ids)?;
        }
        if self.remembers {
            self.report.missing.extend(self.memory.wanted()?);
        }
        Ok((self.report, self.stored, self.waiting.into_known()))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use ledger_core::engine::{Draft, VerifiedEntry};
    use ledger_core::hazmat::any_position;
    use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};

    use super::{Ingested, admit_batch};
    use crate::{Group, NewEntry, StoreError, StoreOptions};

    thread_local! {
        /// Number of times that all that waits was looked at.
        pub(super) static REVIEWS: Cell<u64> = const { Cell::new(0) };
    }

    /// A group, and 40 links of the chain of somebody who may write.
    fn group_and_chain() -> (Group, Vec<VerifiedEntry>) {
        let store = StoreOptions::new().in_memory().unwrap();
        let group = store.create_group("Flat", "Anna").unwrap();
        let (ben, entropy) = (DeviceKey::from_bytes(&[1; 64]), RootEntropy::from_bytes([1; 32]));
        let card = SignedCard::new(group.id(), "Ben", &entropy, 0, &ben).unwrap();
        let member = card.card().member();
        let added =
            group.entries().append(vec![NewEntry::Member { card: Box::new(card) }]).unwrap();
        let ledger = group.ledger().unwrap();
        let first = ledger.first_position(ben.id(), added[0]).unwrap();
        let mut chain: Vec<VerifiedEntry> = Vec::new();
        for n in 0..40 {
            let back = chain.last().map_or(first.backlink(), VerifiedEntry::id);
            let clock = first.lamport() + n;
            let at = any_position(group.id(), ben.id(), n, back, vec![], clock);
            let nonce = [u8::try_from(n).unwrap(); 16];
            let draft = Draft::placeholder(ledger.state(), member, &format!("P{n}"), nonce);
            chain.push(draft.unwrap().sign(&ben, &at, 0).unwrap());
        }
        (group, chain)
    }

    /// A chain of control entries that waited is released link by link. What still waits is looked
    /// at once after it, not after each link.
    #[test]
    fn a_chain_of_waiting_control_entries_is_reviewed_once() {
        let (group, chain) = group_and_chain();
        group.entries().ingest_verified(chain[1..].to_vec()).unwrap();
        REVIEWS.set(0);
        let report = group.entries().ingest_verified(chain[..1].to_vec()).unwrap();
        assert_eq!(report.added.len(), 40);
        assert_eq!(REVIEWS.get(), 1);
    }

    /// However many entries one entry releases, the call asks before each of them whether to go on.
    /// Stopped at any of them, it stores none, and everything waits as before.
    #[test]
    fn a_batch_asks_before_each_entry_whether_to_go_on() {
        let (group, chain) = group_and_chain();
        group.entries().ingest_verified(chain[1..].to_vec()).unwrap();
        let before = (group.ledger().unwrap().frontier().entries(), group.waiting().unwrap());
        let release = |stop_at: u32| {
            let mut asked = 0;
            let admitted = group.0.write(|transaction| {
                let mut may_go_on = || {
                    asked += 1;
                    if asked == stop_at { Err(StoreError::Cancelled) } else { Ok(()) }
                };
                let first = chain[..1].to_vec();
                admit_batch(transaction, first, None, Ingested::default(), &mut may_go_on)
            });
            (admitted.map(|(report, ..)| report.added.len()), asked)
        };
        for stop_at in [1, 2, 20, 40] {
            let (stopped, asked) = release(stop_at);
            assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
            assert_eq!(asked, stop_at);
            let after = (group.ledger().unwrap().frontier().entries(), group.waiting().unwrap());
            assert_eq!(after, before);
        }
        let (added, asked) = release(0);
        assert_eq!((added.unwrap(), asked), (40, 40));
        assert_eq!(group.waiting().unwrap().total, 0);
    }
}
