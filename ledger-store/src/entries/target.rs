//! The original that a new entry is to change, and whether changing it would have an effect.

use ledger_core::engine::{DecodedEntry, EntryIndex as _, Payload, RefIndex};
use ledger_core::{EntryId, Transaction};
use rusqlite::OptionalExtension as _;

use super::GroupTransaction;
use super::index::{number, slot_number};
use super::shown::{slot_of, version_shown};
use crate::StoreError;

/// The slot of an original, as it is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Neither the original nor a copy of it counts.
    Nothing,
    Content,
    Cancelled,
    /// It is no expense or transfer; the verdict on the new entry says so.
    Foreign,
}

impl GroupTransaction<'_> {
    /// The original that a correction or cancellation is to name: that of `id` if that is itself a
    /// correction or cancellation, as lists show its id.
    ///
    /// # Errors
    /// [`StoreError::AlreadyCancelled`] or [`StoreError::NotCounted`] if the entry would change
    /// nothing.
    pub(super) fn changeable(&self, id: EntryId) -> Result<EntryId, StoreError> {
        let original = self.original_of(id)?;
        match self.shown(original)? {
            Shown::Content | Shown::Foreign => Ok(original),
            Shown::Cancelled => Err(StoreError::AlreadyCancelled(original)),
            Shown::Nothing => Err(StoreError::NotCounted(original)),
        }
    }

    /// The original that a restoration is to name.
    ///
    /// # Errors
    /// [`StoreError::NotCancelled`] or [`StoreError::NotCounted`] if it would change nothing.
    pub(super) fn restorable(&self, id: EntryId) -> Result<EntryId, StoreError> {
        let original = self.original_of(id)?;
        match self.shown(original)? {
            Shown::Cancelled | Shown::Foreign => Ok(original),
            Shown::Content => Err(StoreError::NotCancelled(original)),
            Shown::Nothing => Err(StoreError::NotCounted(original)),
        }
    }

    /// Checks that a copy of an entry would be shown: that neither the original nor another copy is.
    ///
    /// # Errors
    /// [`StoreError::AlreadyCancelled`] or [`StoreError::AlreadyCounts`] otherwise.
    pub(super) fn copyable(&self, id: EntryId) -> Result<EntryId, StoreError> {
        let original = self.original_of(id)?;
        match self.shown(original)? {
            Shown::Nothing | Shown::Foreign => Ok(original),
            Shown::Cancelled => Err(StoreError::AlreadyCancelled(original)),
            Shown::Content => Err(StoreError::AlreadyCounts(original)),
        }
    }

    /// The entry that an endorsement is to name (SPEC §4.9): a correction itself, as nothing else is
    /// endorsed with it. Of an original or a copy, the version that the slot shows, which is what the
    /// author sees; the original if the slot shows nothing.
    pub(super) fn endorsable(&self, id: EntryId) -> Result<EntryId, StoreError> {
        let Some(entry) = self.index().entry(&id)? else { return Ok(id) };
        if matches!(entry.decoded().payload(), Payload::Correction(_)) {
            return Ok(id);
        }
        let slot = slot_of(self.connection(), self.group(), entry.decoded())?;
        let shown = match slot {
            Some((slot, _)) => version_shown(self.connection(), slot)?,
            None => None,
        };
        match shown {
            Some(shown) => Ok(shown),
            None => self.original_of(id),
        }
    }

    /// The original that an entry belongs to; the entry itself if it is an original, is of another
    /// kind, or is not here.
    pub(super) fn original_of(&self, id: EntryId) -> Result<EntryId, StoreError> {
        let mut id = id;
        // A correction may name a copy, which names the original.
        for _ in 0..2 {
            let Some(entry) = self.index().entry(&id)? else { break };
            let Some(named) = named(entry.decoded()) else { break };
            id = named;
        }
        Ok(id)
    }

    /// The content that the slot of an original shows, if it shows any.
    pub(super) fn content_shown(
        &self,
        original: EntryId,
    ) -> Result<Option<Transaction>, StoreError> {
        let slot = self.slot_of(original, self.stored(original)?.decoded())?;
        let Some(content) = version_shown(self.connection(), slot)? else { return Ok(None) };
        let entry = self.stored(content)?;
        Ok(self.ledger().state().transaction_of(entry.decoded()))
    }

    /// The number of the slot of an original.
    fn slot_of(&self, original: EntryId, entry: &DecodedEntry) -> Result<i64, StoreError> {
        let n = number(self.connection(), original)?;
        slot_number(self.connection(), self.group(), entry, n)
    }

    fn shown(&self, original: EntryId) -> Result<Shown, StoreError> {
        let Some(entry) = self.index().entry(&original)? else {
            return Err(StoreError::UnknownEntry(vec![original]));
        };
        if !matches!(entry.decoded().payload(), Payload::Transaction(_)) {
            return Ok(Shown::Foreign);
        }
        let mut statement =
            self.connection().prepare_cached("SELECT cancelled FROM expenses WHERE n = ?1")?;
        let slot = self.slot_of(original, entry.decoded())?;
        let row: Option<bool> = statement.query_row([slot], |row| row.get(0)).optional()?;
        Ok(match row {
            None => Shown::Nothing,
            Some(false) => Shown::Content,
            Some(true) => Shown::Cancelled,
        })
    }
}

/// The entry that a change or copy names.
fn named(entry: &DecodedEntry) -> Option<EntryId> {
    let target: RefIndex = match entry.payload() {
        Payload::Correction(correction) => correction.target(),
        Payload::Cancellation(cancellation) => cancellation.target(),
        Payload::Restoration(restoration) => restoration.target(),
        Payload::Copy(copy) => copy.original(),
        _ => return None,
    };
    entry.header().refs().get(target.as_usize()).copied()
}
