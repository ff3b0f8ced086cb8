//! What an app can record.

use ledger_core::{Details, DeviceId, Draft, EntryId, GroupState};

use crate::environment::random;
use crate::{Environment, StoreError};

/// Something to record with [`Group::append`](crate::Group::append).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewEntry {
    /// Somebody who has no key yet.
    Placeholder {
        /// The name.
        name: String,
    },
    /// An expense or a transfer.
    Record(Details),
    /// The whole new content of what an entry first recorded.
    Correction {
        /// The entry that first recorded it.
        original: EntryId,
        /// What it should say.
        details: Details,
    },
    /// The end of what an entry first recorded.
    Cancellation {
        /// The entry that first recorded it.
        original: EntryId,
        /// Why.
        reason: Option<String>,
    },
}

impl NewEntry {
    pub(super) fn draft(
        &self,
        state: &GroupState,
        device: DeviceId,
        environment: &dyn Environment,
    ) -> Result<Draft, StoreError> {
        Ok(match self {
            Self::Placeholder { name } => {
                let me =
                    state.device_owner(device).ok_or(ledger_core::DraftError::ForeignDevice)?;
                Draft::placeholder(state, me, name, *random(environment)?)?
            }
            Self::Record(details) => Draft::record(state, details)?,
            Self::Correction { original, details } => Draft::correction(state, *original, details)?,
            Self::Cancellation { original, reason } => {
                Draft::cancellation(*original, reason.clone())
            }
        })
    }
}
