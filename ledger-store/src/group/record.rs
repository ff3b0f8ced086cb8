//! What an app can record.

use ledger_core::engine::{Draft, EntryIndex as _};
use ledger_core::keys::SignedCard;
use ledger_core::{DeviceId, DraftError, EntryId, MemberId, Transaction, VoidReason};

use super::GroupTransaction;
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
    Record(Transaction),
    /// The whole new content of what an entry first recorded.
    Correction {
        /// The entry that first recorded it.
        original: EntryId,
        /// What it should say.
        details: Transaction,
    },
    /// The end of what an entry first recorded.
    Cancellation {
        /// The entry that first recorded it.
        original: EntryId,
        /// Why.
        reason: Option<String>,
    },
    /// A confirmation, or a dispute, of an expense or a transfer. It counts
    /// nothing and is shown with the entry.
    Endorsement {
        /// The entry that first recorded it, or the copy of it.
        target: EntryId,
        /// Whether it is right.
        confirms: bool,
        /// A word on it.
        note: Option<String>,
    },
    /// A void entry recorded again under this device's hand, as it stood: what
    /// somebody who was removed wrote, and is still true.
    Copy {
        /// The void entry.
        original: EntryId,
    },
    /// Somebody with keys of their own.
    Member {
        /// What the person sent.
        card: Box<SignedCard>,
    },
    /// A placeholder that this member introduced gets keys of its own.
    Claim {
        /// The placeholder.
        member: MemberId,
        /// What the person sent.
        card: Box<SignedCard>,
    },
    /// One vouches for a member whose introduction is void.
    Adoption {
        /// The member.
        member: MemberId,
    },
}

impl NewEntry {
    pub(super) fn draft(
        &self,
        writer: &GroupTransaction<'_>,
        device: DeviceId,
        environment: &dyn Environment,
    ) -> Result<Draft, StoreError> {
        let state = writer.ledger().state();
        Ok(match self {
            Self::Placeholder { name } => {
                let me = state.device_owner(device).ok_or(DraftError::ForeignDevice)?;
                Draft::placeholder(state, me, name, *random(environment)?)?
            }
            Self::Record(details) => Draft::record(state, details)?,
            Self::Correction { original, details } => Draft::correction(state, *original, details)?,
            Self::Cancellation { original, reason } => {
                Draft::cancellation(*original, reason.clone())
            }
            Self::Endorsement { target, confirms, note } => {
                Draft::endorsement(*target, *confirms, note.clone())
            }
            Self::Copy { original } => {
                let unknown = || StoreError::UnknownEntry(vec![*original]);
                let entry = writer.index().entry(original)?.ok_or_else(unknown)?;
                let wrong = StoreError::WouldBeVoid(VoidReason::WrongTarget);
                let details = state.transaction_of(entry.decoded()).ok_or(wrong)?;
                Draft::copy(state, *original, &details)?
            }
            Self::Member { card } => Draft::add_member(state, card)?,
            Self::Claim { member, card } => Draft::claim(state, *member, card)?,
            Self::Adoption { member } => Draft::adopt(state, *member)?,
        })
    }
}
