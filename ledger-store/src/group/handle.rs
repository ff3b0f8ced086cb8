//! The handle by which callers use a group.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::{
    DecodedEntry, DeviceId, DeviceKey, Draft, DraftError, EntryId, GroupId, GroupState, Ledger,
    MemberId, Refusal, Verdict, VerifiedEntry, verify_batch,
};
use rusqlite::{Connection, TransactionBehavior};

use super::index::StoredIndex;
use super::pending::Waiting;
use super::write::{Outcome, Surplus};
use super::{GroupKey, NewEntry, Opening, Writer, load};
use crate::environment::random;
use crate::store::LoadedLedger;
use crate::{Store, StoreError};

/// One group of an open store. A handle, as [`Store`] is: cheap to clone, and
/// keeps the database open.
#[derive(Clone)]
pub struct Group {
    pub(super) store: Store,
    pub(super) id: GroupId,
    pub(crate) key: GroupKey,
    pub(super) device: DeviceId,
}

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

impl Group {
    pub(crate) fn new(store: Store, id: GroupId, key: GroupKey, device: DeviceId) -> Self {
        Self { store, id, key, device }
    }

    /// The group's id.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.id
    }

    /// Members and balances.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn state(&self) -> Result<GroupState, StoreError> {
        Ok(self.ledger()?.state().clone())
    }

    /// State and frontier.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn ledger(&self) -> Result<Ledger, StoreError> {
        let mut inner = self.store.lock();
        let inner = &mut *inner;
        let tx = inner.connection.unchecked_transaction()?;
        let loaded = load(&tx, self.key, self.id, inner.ledgers.get(&self.key).cloned())?;
        let mark = inner.feed.mark(&tx, self.key)?;
        tx.commit()?;
        inner.feed.observe(self.key, &loaded, mark);
        let ledger = loaded.ledger.clone();
        inner.ledgers.insert(self.key, loaded);
        Ok(ledger)
    }

    /// This device's keys.
    pub(crate) fn device_key(&self) -> Result<DeviceKey, StoreError> {
        self.store.device(&self.device)
    }

    /// How the ledger was opened: from which checkpoint, and how many entries
    /// were replayed on top.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn opening(&self) -> Result<Opening, StoreError> {
        self.ledger()?;
        Ok(self.store.lock().ledgers.get(&self.key).map(|l| l.opening).unwrap_or_default())
    }

    /// The heads by which devices compare what they have: two devices with the
    /// same and the same state digest agree (SPEC §5.3).
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn agreed_heads(&self) -> Result<BTreeSet<EntryId>, StoreError> {
        let ledger = self.ledger()?;
        let inner = self.store.lock();
        let index = StoredIndex { connection: &inner.connection, group: self.key, upto: i64::MAX };
        ledger.agreed_heads(&index)
    }

    /// The member who uses this device.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn me(&self) -> Result<Option<MemberId>, StoreError> {
        Ok(self.ledger()?.state().device_owner(self.device))
    }

    /// Signs and keeps new entries of this device, all or none, durably.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if one of them cannot be an entry,
    /// [`StoreError::WouldBeVoid`] if one would not count, as when this device was
    /// removed; then none is kept.
    pub fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<EntryId>, StoreError> {
        let device = self.device_key()?;
        self.write(|writer| {
            entries.iter().map(|entry| self.record(writer, &device, entry)).collect()
        })
    }

    /// Signs one entry at the place where the writer stands, and keeps it.
    pub(crate) fn record(
        &self,
        writer: &mut Writer<'_>,
        device: &DeviceKey,
        entry: &NewEntry,
    ) -> Result<EntryId, StoreError> {
        let environment = self.store.environment();
        self.merge_heads(writer, device)?;
        let draft = entry.draft(writer, self.device, environment)?;
        self.keep(writer, device, draft)
    }

    /// Signs a draft at the place where the writer stands, and keeps it.
    pub(super) fn keep(
        &self,
        writer: &mut Writer<'_>,
        device: &DeviceKey,
        draft: Draft,
    ) -> Result<EntryId, StoreError> {
        let position = writer.ledger().next_position(self.device);
        let position = position.ok_or(DraftError::ForeignDevice)?;
        let signed = draft.sign(device, &position, self.store.environment().now_ms())?;
        let id = signed.id();
        match writer.ingest(vec![signed], Surplus::Keep)?.pop() {
            // Whoever records something wants it to count.
            Some(Outcome::Added(Verdict::Void(reason))) => Err(StoreError::WouldBeVoid(reason)),
            None | Some(Outcome::Added(_) | Outcome::Duplicate | Outcome::LeftOut(_)) => Ok(id),
            Some(Outcome::Refused(refusal)) => Err(StoreError::Refused(refusal)),
            // A caller can name an original that is not in the ledger.
            Some(Outcome::Missing(ids)) => Err(StoreError::UnknownEntry(ids.into_iter().collect())),
        }
    }

    /// Joins heads until one entry can have all of them as parents, so that
    /// nobody can keep others from writing by forking.
    pub(super) fn merge_heads(
        &self,
        writer: &mut Writer<'_>,
        device: &DeviceKey,
    ) -> Result<(), StoreError> {
        while writer.ledger().next_position(self.device).is_none() {
            let position = writer.ledger().merge_position(self.device);
            let position = position.ok_or(DraftError::ForeignDevice)?;
            let now_ms = self.store.environment().now_ms();
            let merge = Draft::merge().sign(device, &position, now_ms)?;
            writer.ingest(vec![merge], Surplus::Keep)?;
        }
        Ok(())
    }

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
        let mut verified: Vec<VerifiedEntry> = Vec::with_capacity(decoded.len());
        for result in verify_batch(decoded, &seed) {
            match result {
                Ok(entry) => verified.push(entry),
                Err(refusal) => report.refused.push(refusal),
            }
        }
        self.take_in(verified, report)
    }

    /// As [`Group::ingest`], for entries that the caller has verified, perhaps on
    /// threads of its own.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is kept.
    pub fn ingest_verified(&self, entries: Vec<VerifiedEntry>) -> Result<Ingested, StoreError> {
        self.take_in(entries, Ingested::default())
    }

    fn take_in(
        &self,
        mut verified: Vec<VerifiedEntry>,
        mut report: Ingested,
    ) -> Result<Ingested, StoreError> {
        let known = self.store.lock().pending.remove(&self.key);
        let pending = self.write(|writer| {
            let (mut waiting, ready) = Waiting::open(writer.connection(), self.key, known)?;
            verified.extend(ready);
            let (mut left_out, mut surplus) = (BTreeMap::new(), Surplus::LeaveOut);
            while !verified.is_empty() {
                // Dependencies have smaller clocks, so they come first.
                verified.sort_by_key(|entry| (entry.decoded().header().lamport(), entry.id()));
                let offered = std::mem::take(&mut verified);
                let outcomes = writer.ingest(offered.clone(), surplus)?;
                for (entry, outcome) in offered.into_iter().zip(outcomes) {
                    match outcome {
                        Outcome::Added(_) => {
                            verified.extend(waiting.release(&entry.id())?);
                            report.added.push(entry.id());
                        }
                        Outcome::Duplicate => {
                            report.duplicates = report.duplicates.saturating_add(1);
                        }
                        // Behind what is left out, by a device like its author's.
                        Outcome::Missing(ids)
                            if ids.iter().any(|id| left_out.contains_key(id))
                                && !may_write(writer.ledger(), &entry) =>
                        {
                            left_out.insert(entry.id(), entry);
                        }
                        Outcome::Missing(ids) => waiting.hold(entry, ids)?,
                        Outcome::LeftOut(entry) => {
                            left_out.insert(entry.id(), *entry);
                        }
                        Outcome::Refused(refusal) => report.refused.push(refusal),
                    }
                }
                if verified.is_empty() {
                    // Somebody who may write may have built on what was left out.
                    verified = waiting.needed(writer.ledger(), &mut left_out);
                    surplus = Surplus::Keep;
                }
            }
            report.left_out = u64::try_from(left_out.len()).unwrap_or(u64::MAX);
            report.missing = waiting.missing();
            Ok(waiting.into_pending())
        })?;
        self.store.lock().pending.insert(self.key, pending);
        Ok(report)
    }

    /// Runs `work` in one transaction; keeps all of it or nothing.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut inner = self.store.lock();
        let inner = &mut *inner;
        // Gone if this fails: then it is read again.
        let known = inner.ledgers.remove(&self.key);
        let tx = inner.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let loaded = load(&tx, self.key, self.id, known)?;
        let mut writer = Writer::new(&tx, self.key, loaded);
        let result = work(&mut writer)?;
        let loaded = writer.finish()?;
        let mark = inner.feed.mark(&tx, self.key)?;
        tx.commit()?;
        inner.feed.observe(self.key, &loaded, mark);
        inner.ledgers.insert(self.key, loaded);
        Ok(result)
    }
}

/// Whether the device that signed an entry may write.
fn may_write(ledger: &Ledger, entry: &VerifiedEntry) -> bool {
    let device = entry.decoded().header().device();
    ledger.state().devices().any(|(_, id, _)| id == device)
}

/// As [`load::load`], for a group that somebody may have deleted.
pub(super) fn load(
    connection: &Connection,
    key: GroupKey,
    id: GroupId,
    known: Option<LoadedLedger>,
) -> Result<LoadedLedger, StoreError> {
    load::load(connection, key, id, known).map_err(|error| match error {
        StoreError::Database(rusqlite::Error::QueryReturnedNoRows) => StoreError::UnknownGroup(id),
        error => error,
    })
}
