//! What the library reports, as a code.

use ledger_core::import::ImportError;
use ledger_core::{
    AmountError, Balance, CurrencyError, DateError, DraftError, ParseIdError, Refusal, VoidReason,
};
use ledger_store::{ParseCursorError, StoreError};

use super::{ErrorCode, LedgerError};

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        let reason = error.to_string();
        let code = match error {
            StoreError::NotFound(_) => ErrorCode::NotFound,
            StoreError::WrongKey(_) => ErrorCode::WrongKey,
            StoreError::NoSalt(_) => ErrorCode::NoSalt,
            StoreError::Suspended => ErrorCode::Suspended,
            StoreError::StillInUse => ErrorCode::StillInUse,
            StoreError::Message(_) => ErrorCode::InvalidMessage,
            StoreError::Join(_) => ErrorCode::InvalidJoin,
            StoreError::Pairing(_) => ErrorCode::PairingFailed,
            StoreError::Share(_) => ErrorCode::InvalidShare,
            StoreError::Phrase(_) => ErrorCode::InvalidPhrase,
            StoreError::UnknownInvite => ErrorCode::UnknownInvite,
            StoreError::InviteExpired => ErrorCode::InviteExpired,
            StoreError::InviteUsedUp => ErrorCode::InviteUsedUp,
            StoreError::InviteMustAsk(_) => ErrorCode::InviteMustAsk,
            StoreError::UnknownRequest => ErrorCode::UnknownRequest,
            StoreError::NeedsProposal(_) => ErrorCode::NeedsProposal,
            StoreError::OtherPerson => ErrorCode::OtherPerson,
            StoreError::AlreadyIn(_) => ErrorCode::AlreadyIn,
            StoreError::NoCipher => ErrorCode::NoCipher,
            StoreError::Damaged(_) => ErrorCode::Damaged,
            StoreError::FromTheFuture { .. } => ErrorCode::FromTheFuture,
            StoreError::Busy => ErrorCode::Busy,
            StoreError::DiskFull => ErrorCode::DiskFull,
            StoreError::ReadOnly => ErrorCode::ReadOnly,
            StoreError::Database(_) | StoreError::Storage(_) => ErrorCode::DatabaseFailed,
            StoreError::CannotOpen | StoreError::Io { .. } => ErrorCode::File,
            StoreError::Secrets(_) => ErrorCode::SecretsFailed,
            StoreError::Randomness(_) => ErrorCode::NoRandomness,
            StoreError::UnknownGroup(_) => ErrorCode::UnknownGroup,
            StoreError::UnknownEntry(ids) => {
                let first = ids.first().copied();
                return Self::new(ErrorCode::UnknownEntry, reason).naming(first, None);
            }
            StoreError::Draft(draft) => return draft.into(),
            StoreError::WouldBeVoid(void) => return would_be_void(reason, void),
            StoreError::ProposalOutdated => ErrorCode::ProposalOutdated,
            StoreError::NoRootKey => ErrorCode::NoRootKey,
            StoreError::Refused(refusal) => return blame_author(&refusal),
            StoreError::Cancelled => ErrorCode::Cancelled,
            _ => ErrorCode::Internal,
        };
        Self::new(code, reason)
    }
}

/// An entry from elsewhere breaks a rule.
fn blame_author(refusal: &Refusal) -> LedgerError {
    let rule = refusal.rule().code();
    LedgerError::new(ErrorCode::Refused, refusal.to_string()).naming(refusal.entry(), Some(rule))
}

fn would_be_void(reason: String, void: VoidReason) -> LedgerError {
    LedgerError::new(ErrorCode::WouldBeVoid, reason).naming(None, Some(void.slug()))
}

impl From<DraftError> for LedgerError {
    fn from(error: DraftError) -> Self {
        let reason = error.to_string();
        let code = match error {
            DraftError::UnknownMember(_) => ErrorCode::UnknownMember,
            DraftError::DuplicateMember(_) => ErrorCode::DuplicateMember,
            DraftError::TooManyMembers => ErrorCode::TooManyMembers,
            DraftError::TooManyDevices => ErrorCode::TooManyDevices,
            DraftError::TooManyRefs => ErrorCode::TooManyReferences,
            DraftError::ForeignDevice => ErrorCode::NotEnrolled,
            DraftError::Rule(refusal) => {
                let rule = refusal.rule().code();
                return Self::new(ErrorCode::InvalidEntry, reason).naming(None, Some(rule));
            }
            _ => ErrorCode::Internal,
        };
        Self::new(code, reason)
    }
}

macro_rules! plainly {
    ($($error:ty => $code:ident)*) => {
        $(impl From<$error> for LedgerError {
            fn from(error: $error) -> Self {
                Self::new(ErrorCode::$code, error.to_string())
            }
        })*
    };
}

plainly! {
    ParseIdError => InvalidId
    ParseCursorError => InvalidCursor
    DateError => InvalidDate
    CurrencyError => InvalidCurrency
    AmountError => InvalidAmount
    ImportError => InvalidImport
}

impl LedgerError {
    pub(crate) fn balance_too_large(balance: Balance) -> Self {
        let reason = format!("a balance of {balance} minor units does not fit into 64 bits");
        Self::new(ErrorCode::BalanceTooLarge, reason)
    }
}
