//! The handle by which callers use a group.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::engine::{Admission, Draft, Ledger, VerifiedEntry};
use ledger_core::keys::DeviceKey;
use ledger_core::{DeviceId, DraftError, EntryId, GroupId, GroupState, MemberId, Verdict};
use rusqlite::{Connection, TransactionBehavior};

use super::index::StoredIndex;
use super::{GroupKey, GroupTransaction, NewEntry, Opening};
use crate::environment::CallContext;
use crate::progress::{OnProgress, Progress};
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

impl Group {
    pub(crate) fn new(store: Store, id: GroupId, key: GroupKey, device: DeviceId) -> Self {
        Self { store, id, key, device }
    }

    /// The group's id.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.id
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The device that writes here.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Members and balances.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn state(&self) -> Result<GroupState, StoreError> {
        Ok(self.ledger()?.state().clone())
    }

    /// State and frontier, as they are now: later changes do not show in it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn ledger(&self) -> Result<Arc<Ledger>, StoreError> {
        self.look(|_, loaded| Ok(Arc::clone(&loaded.ledger)))
    }

    /// Runs queries on one snapshot, with the ledger of the same moment.
    pub(crate) fn look<T>(
        &self,
        work: impl FnOnce(&Connection, &LoadedLedger) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.store.snapshot(|snapshot| {
            let loaded = snapshot.ledger(self.key, self.id)?;
            work(snapshot.connection(), &loaded)
        })
    }

    /// This device's keys.
    pub(crate) fn device_key(&self) -> Result<DeviceKey, StoreError> {
        self.store.device(&self.device)
    }

    /// Opens the ledger now, which else the first call does that needs it, and keeps
    /// it in memory. That takes milliseconds from a checkpoint. If there is none that
    /// checks out, all entries are replayed, microseconds for each: then `progress` is
    /// told how far that has come, and may stop it. Changes nothing in the database.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::StoreOptions;
    /// # let store = StoreOptions::new().in_memory()?;
    /// # let group = store.found_group("Flat", "Anna")?;
    /// // On a thread of the app, before it shows the group.
    /// let opening = group.prepare(&mut |progress| {
    ///     println!("{}: {} of {}", progress.phase.name(), progress.done, progress.total);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(opening.dropped_checkpoints, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped: what was done is forgotten, and
    /// whatever needs the ledger next begins anew. [`StoreError`] if the database
    /// cannot be read.
    pub fn prepare(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Opening, StoreError> {
        self.store.snapshot_apart(|snapshot| {
            let mut progress = self.store.stopped_by(progress);
            Ok(snapshot.ledger_telling(self.key, self.id, Some(&mut progress))?.opening)
        })
    }

    /// How the ledger was opened: from which checkpoint, and how many entries
    /// were replayed on top.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn opening(&self) -> Result<Opening, StoreError> {
        self.look(|_, loaded| Ok(loaded.opening))
    }

    /// The heads by which devices compare what they have: two devices with the
    /// same and the same state digest agree (SPEC §5.3).
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn agreed_heads(&self) -> Result<BTreeSet<EntryId>, StoreError> {
        self.look(|connection, loaded| {
            let index = StoredIndex::new(connection, self.key, loaded.upto);
            loaded.ledger.agreed_heads(&index)
        })
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
        let device = self.signing_key()?;
        self.write(|writer| {
            entries.iter().map(|entry| self.record(writer, &device, entry)).collect()
        })
    }

    /// Signs one entry at the place where the writer stands, and keeps it.
    pub(crate) fn record(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        entry: &NewEntry,
    ) -> Result<EntryId, StoreError> {
        let environment = writer.environment();
        self.merge_heads(writer, device)?;
        let draft = entry.draft(writer, self.device, environment)?;
        self.keep(writer, device, draft)
    }

    /// Signs a draft at the place where the writer stands, and keeps it.
    pub(crate) fn keep(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        draft: Draft,
    ) -> Result<EntryId, StoreError> {
        self.refuse_fork(writer)?;
        let position = writer.ledger().next_position(self.device);
        let position = position.ok_or(DraftError::ForeignDevice)?;
        let signed = draft.sign(device, &position, writer.environment().now_ms())?;
        Self::keep_signed(writer, signed)
    }

    /// Keeps an entry that was signed here.
    fn keep_signed(
        writer: &mut GroupTransaction<'_>,
        signed: VerifiedEntry,
    ) -> Result<EntryId, StoreError> {
        let id = signed.id();
        match writer.admit(signed)? {
            Admission::Admitted(entry) => {
                // Whoever records something wants it to count.
                if let Verdict::Void(reason) = writer.keep(&entry)? {
                    return Err(StoreError::WouldBeVoid(reason));
                }
            }
            Admission::Duplicate => {}
            Admission::Refused(refusal) => return Err(StoreError::Refused(refusal)),
            // A caller can name an original that is not in the ledger.
            Admission::Missing(ids) => {
                return Err(StoreError::UnknownEntry(ids.into_iter().collect()));
            }
        }
        Ok(id)
    }

    /// Joins heads until one entry can have all of them as parents, so that
    /// nobody can keep others from writing by forking.
    pub(crate) fn merge_heads(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
    ) -> Result<(), StoreError> {
        self.refuse_fork(writer)?;
        while writer.ledger().next_position(self.device).is_none() {
            let home = match writer.ledger().home(self.device) {
                Some(home) => Some((home, writer.stored(home)?.decoded().header().lamport())),
                None => None,
            };
            let position = writer.ledger().merge_position(self.device, home);
            let position = position.ok_or(DraftError::ForeignDevice)?;
            let now_ms = writer.environment().now_ms();
            Self::keep_signed(writer, Draft::merge().sign(device, &position, now_ms)?)?;
        }
        Ok(())
    }

    /// Runs `work` in one transaction; keeps all of it or nothing.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let drawn = CallContext::from(self.store.environment())?;
        self.store.write(|connection| self.write_on(connection, &drawn, work))
    }

    /// As [`Group::write`], for who has the turn to write.
    pub(super) fn write_on<T>(
        &self,
        connection: &mut Connection,
        drawn: &CallContext,
        work: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.store.write_group(connection, (self.key, self.id), drawn, work)
    }
}

impl Store {
    /// Runs `work` on a group in one transaction; keeps all of it or nothing.
    pub(crate) fn write_group<T>(
        &self,
        connection: &mut Connection,
        (key, id): (GroupKey, GroupId),
        drawn: &CallContext,
        work: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // Before the transaction begins, so that it is not newer.
        let known = self.memory().ledgers.get(&key).cloned();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let loaded = load(&tx, key, id, known, None)?;
        let mut writer = GroupTransaction::new(&tx, key, loaded, drawn)?;
        let result = work(&mut writer)?;
        let loaded = writer.finish()?;
        tx.commit()?;
        self.memory().learn(key, loaded);
        Ok(result)
    }
}

/// As `load::load`, for a group that somebody may have deleted.
pub(crate) fn load(
    connection: &Connection,
    key: GroupKey,
    id: GroupId,
    known: Option<LoadedLedger>,
    progress: Option<OnProgress<'_>>,
) -> Result<LoadedLedger, StoreError> {
    super::load::load(connection, key, id, known, progress).map_err(|error| match error {
        StoreError::Database(rusqlite::Error::QueryReturnedNoRows) => StoreError::UnknownGroup(id),
        error => error,
    })
}
