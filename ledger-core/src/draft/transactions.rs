//! Drafts of transactions: recording, correcting, cancelling, restoring, copying, reviewing.

use super::refs::{Refs, fitting};
use super::{Draft, DraftError};
use crate::base::id::EntryId;
use crate::payload::{
    Cancellation, Copy, Correction, Endorsement, Payload, RefIndex, Restoration, Transaction,
};
use crate::state::GroupState;

impl Draft {
    /// Records an expense or a transfer.
    ///
    /// # Errors
    /// [`DraftError`] if the transaction names an unknown member, or a member twice.
    pub fn record(state: &GroupState, transaction: &Transaction) -> Result<Self, DraftError> {
        fitting(transaction, |transaction| {
            let refs = Refs::collect(state, transaction, None)?;
            let payload = Payload::Transaction(refs.transaction(transaction)?);
            Ok(Self { payload, refs: refs.ids })
        })
    }

    /// Replaces the whole content of the transaction that `original` first recorded. An origin is
    /// left out: the correction belongs to what it names (SPEC §4.12).
    ///
    /// # Errors
    /// [`DraftError`] if the transaction names an unknown member, or a member twice.
    pub fn correction(
        state: &GroupState,
        original: EntryId,
        transaction: &Transaction,
    ) -> Result<Self, DraftError> {
        fitting(transaction, |transaction| Self::whole_correction(state, original, transaction))
    }

    /// The correction with all its hints, whether or not it fits into an entry.
    fn whole_correction(
        state: &GroupState,
        original: EntryId,
        transaction: &Transaction,
    ) -> Result<Self, DraftError> {
        let refs = Refs::collect(state, transaction, Some(original))?;
        let correction = Correction {
            target: refs.entry(original)?,
            transaction: refs.transaction(transaction)?.without_origin(),
        };
        Ok(Self { payload: Payload::Correction(correction), refs: refs.ids })
    }

    /// Corrects the transaction that `original` first recorded, and keeps the hints of `shown`, the
    /// content that it replaces, which are neither set nor removed, as far as they fit into the hints
    /// and into the entry (SPEC §4.12). The new content goes first; of the hints, those with smaller
    /// keys do. With another amount or currency, what was paid in another currency is left out unless
    /// it is another one, too. The rule of the split is kept only if it gives the new shares.
    ///
    /// # Errors
    /// As [`Draft::correction`].
    pub fn correction_of(
        state: &GroupState,
        original: EntryId,
        transaction: &Transaction,
        shown: &Transaction,
    ) -> Result<Self, DraftError> {
        let mut transaction = transaction.clone();
        let mut kept = transaction.keep_hints(shown);
        loop {
            let draft = Self::whole_correction(state, original, &transaction)?;
            if draft.certainly_fits() {
                return Ok(draft);
            }
            // The rule of the split has the smallest key, so it goes last.
            let Some(key) = kept.pop() else {
                return Self::correction(state, original, &transaction);
            };
            transaction.hints_mut().remove(key);
        }
    }

    /// Cancels the transaction that `original` first recorded.
    #[must_use]
    pub fn cancellation(original: EntryId, reason: Option<String>) -> Self {
        let payload = Payload::Cancellation(Cancellation { target: RefIndex::new(0), reason });
        Self { payload, refs: vec![original] }
    }

    /// Takes back the cancellations of the transaction that `original` first recorded.
    #[must_use]
    pub fn restoration(original: EntryId) -> Self {
        let payload = Payload::Restoration(Restoration { target: RefIndex::new(0) });
        Self { payload, refs: vec![original] }
    }

    /// Records the content of the void entry `original` again, by this author, without its origin.
    ///
    /// # Errors
    /// [`DraftError`] if the transaction names an unknown member, or a member twice.
    pub fn copy(
        state: &GroupState,
        original: EntryId,
        transaction: &Transaction,
    ) -> Result<Self, DraftError> {
        fitting(transaction, |transaction| {
            let refs = Refs::collect(state, transaction, Some(original))?;
            let copy = Copy {
                original: refs.entry(original)?,
                transaction: refs.transaction(transaction)?.without_origin(),
            };
            Ok(Self { payload: Payload::Copy(copy), refs: refs.ids })
        })
    }

    /// Confirms or disputes the content of `target`: an expense, a transfer, a correction or a copy.
    /// It says nothing of later corrections, nor of earlier versions.
    #[must_use]
    pub fn endorsement(target: EntryId, confirms: bool, note: Option<String>) -> Self {
        let endorsement = Endorsement { target: RefIndex::new(0), confirms, note };
        Self { payload: Payload::Endorsement(endorsement), refs: vec![target] }
    }
}
