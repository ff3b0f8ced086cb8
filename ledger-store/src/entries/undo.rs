//! Undoing the last act of this device: the opposite entry, if there is one.

use std::sync::Arc;

use ledger_core::engine::{Kind, VerifiedEntry};
use ledger_core::keys::DeviceKey;
use ledger_core::{DeviceId, DraftError, EntryId, Hints, Transaction, Verdict};
use rusqlite::OptionalExtension as _;

use super::index::origin_of;
use super::shown::{content_before, slot_of};
use super::{GroupTransaction, NewEntry};
use crate::StoreError;
use crate::error::UndoError;

/// What a slot shows, and whether it is cancelled.
pub(crate) const SHOWN: &str = "SELECT c.id, x.cancelled
     FROM expenses x JOIN entries c ON c.n = x.content WHERE x.n = ?1";

/// The applied originals of a slot.
pub(crate) const ORIGINALS: &str = "SELECT id FROM entries WHERE n = ?1 AND slot = ?1
     UNION ALL SELECT id FROM entries WHERE slot = ?1 AND slot <> n AND kind IN (16, 17)";

/// The last act of a device, and the entry that undid it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// The entry that was undone.
    pub act: EntryId,
    /// The entry that undid it.
    pub by: EntryId,
    /// What that entry is.
    pub how: UndoneBy,
}

/// The kind of entry that undid an act.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndoneBy {
    /// What was recorded, copied or restored is cancelled.
    Cancellation,
    /// What was cancelled counts again.
    Restoration,
    /// What was corrected has its content from before again.
    Correction {
        /// The content that was undone.
        undone: Box<Transaction>,
        /// The content now.
        now: Box<Transaction>,
    },
}

impl GroupTransaction<'_> {
    /// Undoes the last entry of this device that its person made, and not the library by itself.
    pub(crate) fn undo(&mut self, device: &DeviceKey) -> Result<Undone, StoreError> {
        // After this, the device has a position, and the last own entry is behind it.
        self.prepare_to_sign(device)?;
        let act = self.last_act(device.id())?.ok_or(UndoError::NothingWritten)?;
        let original = act.id();
        let (entry, how) = match act.decoded().header().kind() {
            Kind::EXPENSE | Kind::TRANSFER | Kind::COPY => {
                self.refuse_shared(&act)?;
                self.slot_shown_by(&act)?;
                let cancellation = NewEntry::Cancellation { original, reason: None };
                (cancellation, UndoneBy::Cancellation)
            }
            Kind::CORRECTION => {
                let slot = self.slot_shown_by(&act)?;
                let state = self.ledger().state();
                let before = content_before(self.connection(), self.group(), &act, slot, state)?;
                let shown = state.transaction_of(act.decoded());
                let (Some(before), Some(shown)) = (before, shown) else {
                    return Err(UndoError::NoOpposite(original).into());
                };
                let transaction = without_hints_of(before, &shown);
                let now = Box::new(transaction.clone());
                let how = UndoneBy::Correction { undone: Box::new(shown), now };
                (NewEntry::Correction { original, transaction }, how)
            }
            Kind::CANCELLATION => {
                self.expect_cancelled(&act, true)?;
                (NewEntry::Restoration { original }, UndoneBy::Restoration)
            }
            Kind::RESTORATION => {
                self.expect_cancelled(&act, false)?;
                let cancellation = NewEntry::Cancellation { original, reason: None };
                (cancellation, UndoneBy::Cancellation)
            }
            _ => return Err(UndoError::NoOpposite(original).into()),
        };
        Ok(Undone { act: original, by: self.record(device, &entry)?, how })
    }

    /// The last entry of a device that is an act of its person.
    fn last_act(&self, device: DeviceId) -> Result<Option<Arc<VerifiedEntry>>, StoreError> {
        let position = self.ledger().next_position(device).ok_or(DraftError::ForeignDevice)?;
        let mut id = position.backlink();
        loop {
            let entry = self.stored(id)?;
            let header = entry.decoded().header();
            // Behind the first own entry is the one that enrolled the device.
            if header.device() != device {
                return Ok(None);
            }
            let by_itself =
                matches!(header.kind(), Kind::MERGE | Kind::EPOCH | Kind::ROTATION | Kind::SPEAKS);
            match header.backlink().filter(|_| by_itself) {
                Some(before) => id = before,
                None if by_itself => return Ok(None),
                None => return Ok(Some(entry)),
            }
        }
    }

    /// The slot of an act that counts, with what it shows.
    fn slot(&self, act: &VerifiedEntry) -> Result<Option<(i64, EntryId, bool)>, StoreError> {
        if self.verdict(&act.id())? != Verdict::Applied {
            return Ok(None);
        }
        let slot = slot_of(self.connection(), self.group(), act.decoded())?;
        let Some((slot, false)) = slot else { return Ok(None) };
        let mut statement = self.connection().prepare_cached(SHOWN)?;
        let row = |row: &rusqlite::Row<'_>| Ok((EntryId::from_bytes(row.get(0)?), row.get(1)?));
        let shown = statement.query_row([slot], row).optional()?;
        Ok(shown.map(|(content, is_cancelled)| (slot, content, is_cancelled)))
    }

    /// The slot of an act, if the act is what it shows: what somebody changed since is not undone with
    /// it.
    fn slot_shown_by(&self, act: &VerifiedEntry) -> Result<i64, StoreError> {
        match self.slot(act)? {
            None => Err(UndoError::NotCounted(act.id()).into()),
            Some((_, _, true)) => Err(UndoError::Cancelled(act.id()).into()),
            Some((slot, content, false)) if content == act.id() => Ok(slot),
            Some(_) => Err(UndoError::ChangedSince(act.id()).into()),
        }
    }

    /// Refuses to undo the record of an imported row, or of what recurs, that somebody else recorded,
    /// too: both are one expense, so a cancellation would end theirs as well.
    fn refuse_shared(&self, act: &VerifiedEntry) -> Result<(), StoreError> {
        if origin_of(act.decoded()).is_none() || self.verdict(&act.id())? != Verdict::Applied {
            return Ok(());
        }
        let slot = slot_of(self.connection(), self.group(), act.decoded())?;
        let Some((slot, false)) = slot else { return Ok(()) };
        let mut statement = self.connection().prepare_cached(ORIGINALS)?;
        let originals = statement.query_map([slot], |row| row.get(0).map(EntryId::from_bytes))?;
        for other in originals {
            let other = other?;
            if other != act.id() {
                return Err(UndoError::RecordedByOthers { act: act.id(), other }.into());
            }
        }
        Ok(())
    }

    /// Checks that what a cancellation or restoration brought about is still so.
    fn expect_cancelled(&self, act: &VerifiedEntry, cancelled: bool) -> Result<(), StoreError> {
        match self.slot(act)? {
            Some((_, _, is_cancelled)) if is_cancelled == cancelled => Ok(()),
            _ => Err(UndoError::NoEffect(act.id()).into()),
        }
    }
}

/// The content of before, with hints that take away what the content in its place has besides: a
/// correction keeps what its author does not name.
fn without_hints_of(mut before: Transaction, shown: &Transaction) -> Transaction {
    let take_away = |hints: &mut Hints| {
        for (key, _) in shown.hints().iter() {
            if hints.get(key).is_none() {
                hints.remove(key);
            }
        }
    };
    match &mut before {
        Transaction::Expense(expense) => take_away(&mut expense.hints),
        Transaction::Transfer(transfer) => take_away(&mut transfer.hints),
    }
    before
}
