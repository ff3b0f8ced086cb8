//! Result of undoing the last act of this device.

use ledger_core::EntryId;

use crate::values::{ExpenseId, Transaction};

/// The last act of this device, and the entry that undid it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Undone {
    /// The entry that was undone.
    pub act: EntryId,
    /// The entry that undid it.
    pub by: EntryId,
    /// The expense or transfer that it was about.
    pub expense: Option<ExpenseId>,
    /// What the entry is that undid it.
    pub how: UndoneBy,
}

/// Entry that undid an act.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "it goes to another language at once")]
pub enum UndoneBy {
    /// What was recorded, copied or restored is cancelled.
    Cancellation,
    /// What was cancelled counts again.
    Restoration,
    /// What was corrected has its content from before again.
    Correction {
        /// The content that was undone.
        undone: Transaction,
        /// The content now.
        now: Transaction,
    },
    /// Another entry, which this version of the bindings does not know.
    Other,
}

impl From<ledger_store::UndoneBy> for UndoneBy {
    fn from(how: ledger_store::UndoneBy) -> Self {
        match how {
            ledger_store::UndoneBy::Cancellation => Self::Cancellation,
            ledger_store::UndoneBy::Restoration => Self::Restoration,
            ledger_store::UndoneBy::Correction { undone, now } => {
                Self::Correction { undone: (*undone).into(), now: (*now).into() }
            }
            _ => Self::Other,
        }
    }
}
