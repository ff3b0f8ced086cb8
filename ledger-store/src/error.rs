//! What can go wrong in a store, and whose fault it is.

use std::path::PathBuf;

use ledger_core::messages::MessageError;
use ledger_core::messages::invite::JoinError;
use ledger_core::messages::pairing::PairingError;
use ledger_core::messages::recovery::{EnrolmentError, PhraseError, ShareError};
use ledger_core::{DeviceId, DraftError, EntryId, GroupId, MemberId, Refusal, VoidReason};

use crate::{BundleCursorError, SecretError};

/// Why a store did not do what it was asked. Nothing is half-done: whatever
/// fails leaves the database as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file does not exist.
    #[error("there is no database at {}; check the path, or import into it first", .0.display())]
    NotFound(PathBuf),
    /// The secret store holds no key for this file, or another one.
    #[error(
        "the key file has no key for {}; use the key file that was made with it \
         (or, if it was not moved, the first bytes of the database are damaged)",
        .0.display()
    )]
    WrongKey(PathBuf),
    /// The file has a plaintext header, and the secret store no salt for it.
    #[error(
        "the salt of {} is not known: it has a plaintext header, so open it with \
         StoreOptions::plaintext_header and the name and secrets that it was made with",
        .0.display()
    )]
    NoSalt(PathBuf),
    /// The linked SQLite cannot encrypt.
    #[error(
        "the linked SQLite has no cipher, so the database would be readable by anybody; \
         build ledger-store with the feature `sqlcipher`"
    )]
    NoCipher,
    /// The file is not an intact database of this library.
    #[error("the database is damaged: {0}; restore a backup, or sync anew from another device")]
    Damaged(String),
    /// A newer version of this library wrote the file.
    #[error("the database has schema {found}, this version knows up to {known}; update the app")]
    FromTheFuture {
        /// Schema version of the file.
        found: i64,
        /// Newest schema version known.
        known: i64,
    },
    /// Others used the database for longer than a call waits.
    #[error("the database was in use for too long, so nothing was done; try again")]
    Busy,
    /// The store is suspended, or was while the call ran.
    #[error("the store is suspended, so nothing was done; resume it and try again")]
    Suspended,
    /// A call did not end in time when the store was suspended.
    #[error(
        "the store is suspended, but a call has not ended yet and holds the file until it does; \
         stop it, as from its progress callback, and suspend again"
    )]
    StillInUse,
    /// The disk is full.
    #[error("the disk is full; free some space and try again")]
    DiskFull,
    /// The file or its folder cannot be written.
    #[error("the database cannot be written; check its permissions and its folder's")]
    ReadOnly,
    /// The file, or its log beside it, cannot be opened or made.
    #[error(
        "the database, or a file beside it, cannot be opened or made; check that its folder \
         exists, and the permissions of both"
    )]
    CannotOpen,
    /// A disk failed to read, write or flush.
    #[error(
        "the storage failed: {0}; nothing was half-done: check the disk and its space, then try \
         again"
    )]
    Storage(#[source] rusqlite::Error),
    /// Any other failure of the database.
    #[error("the database could not be used: {0}")]
    Database(#[source] rusqlite::Error),
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The secret store failed.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The system gave no randomness.
    #[error("the system has no randomness to give: {0}")]
    Randomness(String),
    /// The group is not in this database.
    #[error("group {} is not in this database", .0.short())]
    UnknownGroup(GroupId),
    /// What was to be recorded names entries that are not in the ledger.
    #[error("no entry {} is in the ledger; use an id that the group lists", list(.0))]
    UnknownEntry(Vec<EntryId>),
    /// What was to be recorded cannot become an entry; the caller is at fault.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// What was to be recorded would not count; nothing was recorded.
    #[error("nothing was recorded, as it would not count: {0}")]
    WouldBeVoid(VoidReason),
    /// What a proposed act would bring about is not what was shown any more.
    #[error("the ledger changed meanwhile; look at the proposal again before signing it")]
    ProposalOutdated,
    /// This device may record, but holds no root key.
    #[error("this device does not hold your root key; use one that does, or your recovery phrase")]
    NoRootKey,
    /// An entry breaks a rule; its author or carrier is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A link, file or code is not one, or not whole.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A join request or its answer cannot be used.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// A pairing did not come about.
    #[error(transparent)]
    Pairing(#[from] PairingError),
    /// A share of a recovery phrase cannot be made or used.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The enrolment of a restored device cannot be used.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// Nothing that this device holds opens it.
    #[error(
        "no key of this device opens it; ask a member for a new bundle, or check that it is \
         of your group and your phrase"
    )]
    NoKey,
    /// What was typed is no recovery phrase.
    #[error(transparent)]
    Phrase(#[from] PhraseError),
    /// The invite was cancelled, or made on another device.
    #[error("the invite was cancelled, or made on another device: use that one, or invite again")]
    UnknownInvite,
    /// The invite's time is over.
    #[error("the invite has expired; make a new one")]
    InviteExpired,
    /// As many people as the invite was for have joined by it, or ask to.
    #[error("the invite was used as often as it may be; make a new one")]
    InviteUsedUp,
    /// An invite that hands somebody's place to new keys must ask first.
    #[error(
        "an invite for the place of member {}, who has keys already, must ask before it admits",
        .0.short()
    )]
    InviteMustAsk(MemberId),
    /// There is no such request, or it was answered or declined.
    #[error("there is no such request any more; look at the list again")]
    UnknownRequest,
    /// Admitting the person ends other keys: the owner must see and sign that.
    #[error("admitting this person gives member {} new keys; show the proposal first", .0.short())]
    NeedsProposal(MemberId),
    /// This device belongs to another person than the one to be restored.
    #[error(
        "this device belongs to somebody else, with groups of their own; use an empty database"
    )]
    OtherPerson,
    /// This device is in the group already.
    #[error("this device is in group {} already", .0.short())]
    AlreadyIn(GroupId),
    /// A bundle could not be read or written.
    #[error("the bundle could not be read or written: {0}")]
    Bundle(#[source] std::io::Error),
    /// A bundle cannot go on behind this cursor.
    #[error(transparent)]
    BundleCursor(#[from] BundleCursorError),
    /// No key is here under which entries may be handed out, and this device
    /// may not begin an epoch.
    #[error("this device has no key under which entries may be handed out; import a bundle")]
    NoEpochKey,
    /// Entries of this device were handed out that are not in the database: it
    /// is an older copy. Signing now would fork the device's chain.
    #[error(
        "the database is older than what this device handed out (entry {}); import a bundle \
         that has it, or enrol the device anew",
        .0.short()
    )]
    Behind(EntryId),
    /// This device signed two entries for one place of its chain: it was cloned,
    /// or went on from a restored backup.
    #[error(
        "device {} signed two entries for one place: it was cloned, or a backup of it went on; it \
         signs nothing more: give it new keys (Group::start_anew), or pair it again",
        .0.short()
    )]
    Forked(DeviceId),
    /// The caller's progress callback asked to stop. The database is at the
    /// end of the last whole batch.
    #[error("cancelled; what was recorded so far is kept")]
    Cancelled,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::DatabaseCorrupt) => Self::Damaged("a page does not check out".to_owned()),
            Some(Code::NotADatabase) => {
                Self::Damaged("it cannot be decrypted with its key".to_owned())
            }
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy,
            // Nobody else stops statements.
            Some(Code::OperationInterrupted) => Self::Suspended,
            Some(Code::DiskFull) => Self::DiskFull,
            Some(Code::ReadOnly | Code::PermissionDenied) => Self::ReadOnly,
            Some(Code::CannotOpen) => Self::CannotOpen,
            Some(Code::SystemIoFailure) => Self::Storage(error),
            _ => Self::Database(error),
        }
    }
}

fn list(ids: &[EntryId]) -> String {
    ids.iter().map(EntryId::to_string).collect::<Vec<_>>().join(", ")
}
