//! Refusals to undo the last act of a device.

use ledger_core::EntryId;

/// Reason for which the last act of a device is not undone. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UndoError {
    /// The device wrote nothing that a person did.
    #[error("this device wrote nothing; there is nothing to undo")]
    NothingWritten,
    /// What was recorded or corrected does not count.
    #[error("entry {} does not count; there is nothing to undo", .0.short())]
    NotCounted(EntryId),
    /// What was recorded or corrected was cancelled since.
    #[error("entry {} was cancelled since; there is nothing to undo", .0.short())]
    Cancelled(EntryId),
    /// A cancellation was taken back since, or a restoration was cancelled again.
    #[error("entry {} has no effect any more; there is nothing to undo", .0.short())]
    NoEffect(EntryId),
    /// Somebody changed it since, and undoing it would take that back, too.
    #[error(
        "entry {} was changed since, so that undoing it would take back more; correct it, or cancel it",
        .0.short()
    )]
    ChangedSince(EntryId),
    /// Another device recorded the same imported row or occurrence, and both are one expense.
    #[error(
        "what entry {} records was recorded by entry {} as well, and both are one expense; cancel it, \
         if it is wrong for both",
        .act.short(),
        .other.short()
    )]
    RecordedByOthers {
        /// The last act of this device.
        act: EntryId,
        /// The entry of another device.
        other: EntryId,
    },
    /// No import of this device is known that could be undone.
    #[error(
        "no import into this group was made here, or each was undone; there is nothing to undo"
    )]
    NoImport,
    /// Rows of a finished import were corrected since, and undoing it would take that back, too.
    #[error(
        "{0} rows of the import were corrected since, so that undoing it would take back more; correct \
         them, or cancel them"
    )]
    ImportEdited(u64),
    /// The act has no opposite, such as a statement or a review.
    #[error("entry {} cannot be undone", .0.short())]
    NoOpposite(EntryId),
}

impl UndoError {
    /// The act that is not undone. `None` if there is none.
    #[must_use]
    pub const fn act(&self) -> Option<EntryId> {
        match self {
            Self::NothingWritten | Self::NoImport | Self::ImportEdited(_) => None,
            Self::NotCounted(act)
            | Self::Cancelled(act)
            | Self::NoEffect(act)
            | Self::ChangedSince(act)
            | Self::RecordedByOthers { act, .. }
            | Self::NoOpposite(act) => Some(*act),
        }
    }
}
