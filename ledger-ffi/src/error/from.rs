//! Conversion of the lower layers' errors into codes.

use std::io::ErrorKind;

use ledger_core::bundle::SummaryError;
use ledger_core::{
    AmountError, Balance, CurrencyError, DateError, DraftError, EntryId, ParseIdError, RateError,
    RatesError, RecurrenceError, Refusal, Rule, VoidReason,
};
use ledger_formats::Problems;
use ledger_store::{
    BundleCursorError, ParseCursorError, SecretError, SecretErrorKind, StoreError, UndoError,
};

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
            StoreError::Message(error) => {
                return Self::breaking(ErrorCode::InvalidMessage, reason, error.rule());
            }
            StoreError::Join(error) => {
                return Self::breaking(ErrorCode::InvalidJoin, reason, error.rule());
            }
            StoreError::Pairing(error) => {
                return Self::breaking(ErrorCode::PairingFailed, reason, error.rule());
            }
            StoreError::Share(error) => {
                let rule = error.rule().map(Rule::code);
                return Self::new(ErrorCode::InvalidShare, reason).naming(None, rule);
            }
            StoreError::TooManyShares { .. } => ErrorCode::TooManyShares,
            StoreError::UnknownPerson(_) => ErrorCode::UnknownPerson,
            StoreError::Phrase(error) => {
                return Self::breaking(ErrorCode::InvalidPhrase, reason, error.rule());
            }
            StoreError::Enrolment(_) => ErrorCode::InvalidApproval,
            StoreError::NoKey => ErrorCode::NoKey,
            StoreError::Forked(_) => ErrorCode::Forked,
            StoreError::BundleCursor(_) | StoreError::CursorOfAnotherList => {
                ErrorCode::InvalidCursor
            }
            StoreError::NoBundle => ErrorCode::NoBundle,
            StoreError::BundleOfOtherGroup(_) => ErrorCode::OtherGroup,
            StoreError::NoEpochKey => ErrorCode::NoSealingKey,
            StoreError::CutOff => ErrorCode::CutOff,
            StoreError::NotConfirmed => ErrorCode::NotConfirmed,
            StoreError::RolledBack(entry) => {
                return Self::about(ErrorCode::RolledBack, reason, entry);
            }
            StoreError::OwnEntriesWait(_) => ErrorCode::OwnEntriesWait,
            StoreError::UnknownInvite => ErrorCode::UnknownInvite,
            StoreError::InviteExpired => ErrorCode::InviteExpired,
            StoreError::InviteUsedUp => ErrorCode::InviteUsedUp,
            StoreError::ApprovalRequired(_) => ErrorCode::ApprovalRequired,
            StoreError::UnknownRequest => ErrorCode::UnknownRequest,
            StoreError::NeedsProposal(_) => ErrorCode::NeedsProposal,
            StoreError::OtherPerson => ErrorCode::OtherPerson,
            StoreError::AlreadyIn(_) => ErrorCode::AlreadyIn,
            StoreError::NoCipher => ErrorCode::NoCipher,
            StoreError::Damaged(_) => ErrorCode::Damaged,
            StoreError::EarlierDraft { .. } => ErrorCode::EarlierDraft,
            StoreError::FromTheFuture { .. } => ErrorCode::FromTheFuture,
            StoreError::Busy => ErrorCode::Busy,
            StoreError::DiskFull => ErrorCode::DiskFull,
            StoreError::ReadOnly | StoreError::ReadOnlyLog(_) | StoreError::ReadOnlyOlder => {
                ErrorCode::ReadOnly
            }
            StoreError::Database(_) | StoreError::Storage(_) => ErrorCode::DatabaseFailed,
            StoreError::Bundle(source) | StoreError::Io { source, .. } => of_file(&source),
            StoreError::CannotOpen => ErrorCode::File,
            StoreError::Secrets(error) => match error.kind() {
                SecretErrorKind::WrongAppKey => ErrorCode::WrongAppKey,
                SecretErrorKind::Damaged => ErrorCode::SecretsDamaged,
                SecretErrorKind::Exposed => ErrorCode::SecretsExposed,
                _ => ErrorCode::SecretsFailed,
            },
            StoreError::Randomness(_) => ErrorCode::NoRandomness,
            StoreError::UnknownGroup(_) => ErrorCode::UnknownGroup,
            StoreError::UnknownEntry(ids) => {
                let first = ids.first().copied();
                return Self::new(ErrorCode::UnknownEntry, reason).naming(first, None);
            }
            StoreError::Draft(draft) => return draft.into(),
            StoreError::Import(_) | StoreError::UnknownColumn(_) => ErrorCode::InvalidImport,
            StoreError::EmptyImport => ErrorCode::EmptyImport,
            StoreError::ImportDiffers { .. } => ErrorCode::ImportDiffers,
            StoreError::OtherGroupsFile { .. } => ErrorCode::OtherGroupsFile,
            // The reason says how far it is; the code is that of what stopped it.
            StoreError::ImportUnfinished { source, .. } => Self::from(*source).code(),
            StoreError::PredecessorMissing => ErrorCode::PredecessorMissing,
            StoreError::ImportOutdated => ErrorCode::ImportOutdated,
            StoreError::WouldBeVoid(void) => return would_be_void(reason, void),
            StoreError::AlreadyCancelled(entry) => {
                return Self::about(ErrorCode::AlreadyCancelled, reason, entry);
            }
            StoreError::NotCancelled(entry) => {
                return Self::about(ErrorCode::NotCancelled, reason, entry);
            }
            StoreError::NotCounted(entry) => {
                return Self::about(ErrorCode::NotCounted, reason, entry);
            }
            StoreError::AlreadyCounts(entry) => {
                return Self::about(ErrorCode::AlreadyCounts, reason, entry);
            }
            StoreError::Undo(error) => {
                let code = match error {
                    UndoError::ChangedSince(_)
                    | UndoError::RecordedByOthers { .. }
                    | UndoError::ImportEdited(_) => ErrorCode::ChangedSince,
                    UndoError::NoOpposite(_) => ErrorCode::CannotBeUndone,
                    _ => ErrorCode::NothingToUndo,
                };
                return Self::new(code, reason).naming(error.act(), None);
            }
            StoreError::Amount(_) => ErrorCode::InvalidAmount,
            StoreError::SeriesEnded(entry) => {
                return Self::about(ErrorCode::SeriesEnded, reason, entry);
            }
            StoreError::LastBeforeFirst { .. } | StoreError::TooManyOccurrences { .. } => {
                ErrorCode::InvalidEntry
            }
            StoreError::TooManyChanges { series, .. } => {
                return Self::about(ErrorCode::InvalidEntry, reason, series);
            }
            StoreError::Rates(error) => return error.into(),
            StoreError::ProposalOutdated => ErrorCode::ProposalOutdated,
            StoreError::NoRootKey => ErrorCode::NoRootKey,
            StoreError::Refused(refusal) => return blame_author(&refusal),
            StoreError::Cancelled => ErrorCode::Cancelled,
            _ => ErrorCode::Internal,
        };
        Self::new(code, reason)
    }
}

impl From<RatesError> for LedgerError {
    fn from(error: RatesError) -> Self {
        let code = match error {
            RatesError::TooLarge { .. } => ErrorCode::BalanceTooLarge,
            _ => ErrorCode::InvalidRate,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SecretError> for LedgerError {
    fn from(error: SecretError) -> Self {
        StoreError::from(error).into()
    }
}

fn of_file(error: &std::io::Error) -> ErrorCode {
    match error.kind() {
        ErrorKind::StorageFull => ErrorCode::DiskFull,
        _ => ErrorCode::File,
    }
}

/// The error for an entry from elsewhere that breaks a rule.
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
            DraftError::Name(_) | DraftError::Setting(_) => ErrorCode::InvalidEntry,
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
    RecurrenceError => InvalidEntry
    ParseCursorError => InvalidCursor
    BundleCursorError => InvalidCursor
    DateError => InvalidDate
    CurrencyError => InvalidCurrency
    AmountError => InvalidAmount
    RateError => InvalidRate
    SummaryError => InvalidMessage
    Problems => InvalidImport
}

impl LedgerError {
    fn breaking(code: ErrorCode, reason: String, rule: Rule) -> Self {
        Self::new(code, reason).naming(None, Some(rule.code()))
    }

    fn about(code: ErrorCode, reason: String, entry: EntryId) -> Self {
        Self::new(code, reason).naming(Some(entry), None)
    }

    pub(crate) fn file(path: &str, error: &std::io::Error) -> Self {
        Self::new(of_file(error), format!("{path}: {error}"))
    }

    pub(crate) fn balance_too_large(balance: Balance) -> Self {
        let reason = format!("a balance of {balance} minor units does not fit into 64 bits");
        Self::new(ErrorCode::BalanceTooLarge, reason)
    }
}

#[cfg(test)]
mod tests {
    use ledger_store::{StoreError, UndoError};

    use crate::{ErrorCode, LedgerError};

    /// In a build without a cipher, `tests/it/no_cipher.rs` provokes the same error.
    #[test]
    fn a_missing_cipher_is_told() {
        assert_eq!(LedgerError::from(StoreError::NoCipher).code(), ErrorCode::NoCipher);
    }

    /// No bundle brings a device the cut after which it may hand out nothing: others seal
    /// it under keys that the device does not get.
    #[test]
    fn a_device_that_may_hand_out_nothing_is_told() {
        assert_eq!(LedgerError::from(StoreError::CutOff).code(), ErrorCode::CutOff);
    }

    /// Only a damaged page brings about that entries of the device itself wait.
    #[test]
    fn own_entries_that_wait_are_told() {
        let waiting = LedgerError::from(StoreError::OwnEntriesWait(3));
        assert_eq!(waiting.code(), ErrorCode::OwnEntriesWait);
    }

    /// Only a version before the first release wrote such entries.
    #[test]
    fn entries_of_an_earlier_draft_are_told() {
        let entry = ledger_core::EntryId::from_bytes([7; 32]);
        let error = StoreError::EarlierDraft { entry, rule: ledger_core::Rule::P9 };
        assert_eq!(LedgerError::from(error).code(), ErrorCode::EarlierDraft);
    }

    /// The store's tests keep 32 shares of one friend, and one more.
    #[test]
    fn shares_beyond_the_bound_are_told() {
        let error = StoreError::TooManyShares { kept: 32 };
        assert_eq!(LedgerError::from(error).code(), ErrorCode::TooManyShares);
    }

    /// The store's tests bring each about; of one device alone, most never happen.
    #[test]
    fn refusals_to_undo_are_told_with_their_entry() {
        let act = ledger_core::EntryId::from_bytes([7; 32]);
        let other = ledger_core::EntryId::from_bytes([8; 32]);
        for (error, code, named) in [
            (UndoError::NothingWritten, ErrorCode::NothingToUndo, None),
            (UndoError::NotCounted(act), ErrorCode::NothingToUndo, Some(act)),
            (UndoError::Cancelled(act), ErrorCode::NothingToUndo, Some(act)),
            (UndoError::NoEffect(act), ErrorCode::NothingToUndo, Some(act)),
            (UndoError::ChangedSince(act), ErrorCode::ChangedSince, Some(act)),
            (UndoError::RecordedByOthers { act, other }, ErrorCode::ChangedSince, Some(act)),
            (UndoError::NoOpposite(act), ErrorCode::CannotBeUndone, Some(act)),
        ] {
            let LedgerError::Failed { code: found, entry, .. } = StoreError::from(error).into();
            assert_eq!((found, entry), (code, named));
        }
    }

    #[test]
    fn changes_without_effect_are_told_with_their_entry() {
        let id = ledger_core::EntryId::from_bytes([7; 32]);
        for (error, code) in [
            (StoreError::AlreadyCancelled(id), ErrorCode::AlreadyCancelled),
            (StoreError::NotCancelled(id), ErrorCode::NotCancelled),
            (StoreError::NotCounted(id), ErrorCode::NotCounted),
            (StoreError::AlreadyCounts(id), ErrorCode::AlreadyCounts),
            (StoreError::SeriesEnded(id), ErrorCode::SeriesEnded),
        ] {
            let LedgerError::Failed { code: found, entry, .. } = error.into();
            assert_eq!((found, entry), (code, Some(id)));
        }
    }

    /// The compiler cannot check this: the store's errors are `#[non_exhaustive]`.
    #[test]
    fn every_error_of_the_store_has_a_code() {
        let errors = include_str!("../../../ledger-store/src/error/mod.rs");
        let (_, errors) = errors.split_once("pub enum StoreError {").unwrap();
        let (errors, _) = errors.split_once("\n}\n").unwrap();
        let here = include_str!("from.rs");
        let mut found = 0;
        for line in errors.lines().filter_map(|line| line.strip_prefix("    ")) {
            if line.starts_with(|c: char| c.is_ascii_uppercase()) {
                let name = line.split(|c: char| !c.is_alphanumeric()).next().unwrap();
                let used = |end| here.contains(&format!("StoreError::{name}{end}"));
                assert!([" ", "("].iter().any(used), "StoreError::{name} has no code");
                found += 1;
            }
        }
        assert!(found > 40, "{found} errors");
    }
}
