//! Drafts that record expenses and transfers, and what concerns them.

use super::refs::Refs;
use super::{Draft, DraftError};
use crate::base::id::EntryId;
use crate::payload::{Cancellation, Copy, Correction, Endorsement, Payload, RefIndex, Transaction};
use crate::state::GroupState;

impl Draft {
    /// Records an expense or a transfer.
    ///
    /// # Errors
    /// [`DraftError`] if it names somebody unknown or somebody twice.
    pub fn record(state: &GroupState, transaction: &Transaction) -> Result<Self, DraftError> {
        let refs = Refs::of(state, transaction, None)?;
        let payload = Payload::Transaction(refs.transaction(transaction)?);
        Ok(Self { payload, refs: refs.ids })
    }

    /// Replaces the whole content of what `original` first recorded.
    ///
    /// # Errors
    /// [`DraftError`] if it names somebody unknown or somebody twice.
    pub fn correction(
        state: &GroupState,
        original: EntryId,
        transaction: &Transaction,
    ) -> Result<Self, DraftError> {
        let refs = Refs::of(state, transaction, Some(original))?;
        let correction = Correction {
            target: refs.entry(original)?,
            transaction: refs.transaction(transaction)?,
        };
        Ok(Self { payload: Payload::Correction(correction), refs: refs.ids })
    }

    /// Ends what `original` first recorded.
    #[must_use]
    pub fn cancellation(original: EntryId, reason: Option<String>) -> Self {
        let payload = Payload::Cancellation(Cancellation { target: RefIndex::new(0), reason });
        Self { payload, refs: vec![original] }
    }

    /// Records again, under the author's hand, what the void entry `original`
    /// said.
    ///
    /// # Errors
    /// [`DraftError`] if it names somebody unknown or somebody twice.
    pub fn copy(
        state: &GroupState,
        original: EntryId,
        transaction: &Transaction,
    ) -> Result<Self, DraftError> {
        let refs = Refs::of(state, transaction, Some(original))?;
        let copy =
            Copy { original: refs.entry(original)?, transaction: refs.transaction(transaction)? };
        Ok(Self { payload: Payload::Copy(copy), refs: refs.ids })
    }

    /// Confirms or disputes an expense, a transfer or a copy.
    #[must_use]
    pub fn endorsement(target: EntryId, confirms: bool, note: Option<String>) -> Self {
        let endorsement = Endorsement { target: RefIndex::new(0), confirms, note };
        Self { payload: Payload::Endorsement(endorsement), refs: vec![target] }
    }
}
