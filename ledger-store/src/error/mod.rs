//! The errors of this crate.

mod bundle_cursor;
mod database;
mod secret;
mod undo;

use std::path::PathBuf;

use ledger_core::keys::PhraseError;
use ledger_core::messages::MessageError;
use ledger_core::messages::invite::JoinError;
use ledger_core::messages::pairing::PairingError;
use ledger_core::messages::recovery::{EnrolmentError, ShareError};
use ledger_core::{
    AmountError, Date, DeviceId, DraftError, EntryId, GroupId, MemberId, RatesError, Refusal, Rule,
    VoidReason,
};

pub use bundle_cursor::BundleCursorError;
pub use database::DatabaseError;
pub use secret::{SecretError, SecretErrorKind};
pub use undo::UndoError;

/// The error of every call of this crate. A call that fails leaves the database as it was, or at
/// the end of the last whole batch where its documentation says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file does not exist.
    #[error("there is no database at {}; check the path, or import into it first", .0.display())]
    NotFound(PathBuf),
    /// The secret store holds no key for this file, or a wrong one.
    #[error(
        "the key file has no key for {}; use the key file that was made with it \
         (or, if it was not moved, the first bytes of the database are damaged)",
        .0.display()
    )]
    WrongKey(PathBuf),
    /// The file has a plaintext header, and the secret store holds no salt for it.
    #[error(
        "the salt of {} is not known: it has a plaintext header, so open it with \
         StoreOptions::plaintext_header and the name and secrets that it was made with",
        .0.display()
    )]
    NoSalt(PathBuf),
    /// The linked SQLite cannot encrypt.
    #[error(
        "the linked SQLite has no cipher, so anybody could read the database; \
         build ledger-store with the feature `sqlcipher`"
    )]
    NoCipher,
    /// The file is not an intact database of this library.
    #[error("the database is damaged: {0}; restore a backup, or sync anew from another device")]
    Damaged(String),
    /// The database holds an entry in a form that an earlier draft of the format had. Its bytes are as
    /// its author signed them, and this version has other rules of form.
    #[error(
        "the database is from an earlier draft of the format, which this version does not read \
         (entry {}: {rule}); export its groups with the version that wrote it, and import the \
         files into new groups",
        .entry.short()
    )]
    EarlierDraft {
        /// The entry.
        entry: EntryId,
        /// The rule that it breaks.
        rule: Rule,
    },
    /// A newer version of this library wrote the file.
    #[error("the database has schema {found}, this version knows up to {known}; update the app")]
    FromTheFuture {
        /// Schema version of the file.
        found: i64,
        /// Newest schema version known.
        known: i64,
    },
    /// Other calls or processes used the database for longer than a call waits.
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
    /// The file or its folder cannot be written, or it was opened only to be read.
    #[error(
        "the database is on a read-only medium, or its permissions or its folder's do not let it be \
         written: it can only be read, and nothing was changed; copy it, with its key file, to where it \
         can be written"
    )]
    ReadOnly,
    /// The file can only be read, and the log beside it has what was written last.
    #[error(
        "the database is on a read-only medium, and its log {} has what was written last; copy the \
         database, its log and its key file to where they can be written",
        .0.display()
    )]
    ReadOnlyLog(PathBuf),
    /// The file can only be read, and an older version of this library wrote it.
    #[error(
        "the database is on a read-only medium, and of an older version of this program, so that it \
         has to be brought up to date first; copy it, with its key file, to where it can be written"
    )]
    ReadOnlyOlder,
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
    Storage(#[source] DatabaseError),
    /// Any other failure of the database.
    #[error("the database could not be used: {0}")]
    Database(#[source] DatabaseError),
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
    /// A new entry names entries that are not in the ledger.
    #[error("no entry {} is in the ledger; use an id that the group lists", list(.0))]
    UnknownEntry(Vec<EntryId>),
    /// A new entry breaks a rule of form; the caller is at fault.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// Somebody whom an import would introduce has a name that this library does not write.
    #[cfg(feature = "import")]
    #[error(transparent)]
    Import(#[from] Box<ledger_formats::Problems>),
    /// The file has no rows, so no group is made for it.
    #[cfg(feature = "import")]
    #[error("nothing was imported and no group was made, as the file has people and no rows")]
    EmptyImport,
    /// The file has no such column.
    #[cfg(feature = "import")]
    #[error("the file has no column {0} of a person, counted from 0")]
    UnknownColumn(usize),
    /// Rows of earlier exports are gone from the file or changed in it, and nobody said what to do.
    #[cfg(feature = "import")]
    #[error(
        "nothing was imported: {changed} rows of earlier exports are changed in the file, {gone} are \
         gone from it, and {doubled} were likely recorded here by hand; look at them, then replace them \
         or keep them"
    )]
    ImportDiffers {
        /// Number of rows that changed.
        changed: usize,
        /// Number of rows that are gone.
        gone: usize,
        /// Number of rows that somebody likely recorded by hand.
        doubled: usize,
    },
    /// The file shares no row with the group, and has rows of other files or other people.
    #[cfg(feature = "import")]
    #[error(
        "nothing was imported: the file seems to be of another group, as no row of it is here{}; import \
         it into a group of its own, or say that it is of this one",
        shared(.people)
    )]
    OtherGroupsFile {
        /// The names of the file's people who are in the group.
        people: Vec<String>,
    },
    /// The group continues another one that is not in this database, and has new rows of a file.
    #[cfg(feature = "import")]
    #[error(
        "nothing was imported: this group continues one that is not in this database, so rows of the \
         file may be in the balances with which it began; import a bundle of the old group, or keep \
         what is there and add the rows"
    )]
    PredecessorMissing,
    /// An import that takes several transactions failed after the first one. What was recorded stays.
    #[cfg(feature = "import")]
    #[error(
        "{source}; {done} of {total} rows were imported, and balances are not those of the file: import \
         the file again to go on, or undo the import"
    )]
    ImportUnfinished {
        /// Number of rows of the file that the whole transactions before went through.
        done: u64,
        /// Number of rows of the file.
        total: u64,
        /// The reason.
        source: Box<StoreError>,
    },
    /// The ledger changed since an import was planned, so that the import would do something else.
    #[error("nothing was imported: the ledger changed since the import was planned; plan it again")]
    ImportOutdated,
    /// A new entry would be void, so it was not recorded.
    #[error("nothing was recorded, as it would not count: {0}")]
    WouldBeVoid(VoidReason),
    /// The expense or transfer is cancelled, so that changing or copying it has no effect.
    #[error("entry {} was cancelled; restore it first, or record it anew", .0.short())]
    AlreadyCancelled(EntryId),
    /// The expense or transfer is not cancelled, so that there is nothing to restore.
    #[error("entry {} is not cancelled; there is nothing to restore", .0.short())]
    NotCancelled(EntryId),
    /// The expense or transfer does not count, so there is nothing to change.
    #[error(
        "entry {} does not count, so there is nothing to change; copy it, if it is true",
        .0.short()
    )]
    NotCounted(EntryId),
    /// The expense or transfer counts already, so that a copy would have no effect.
    #[error("entry {} counts already; there is nothing to copy", .0.short())]
    AlreadyCounts(EntryId),
    /// The last act of this device is not undone.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// A payment of a plan is more than a transfer can be.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The series of recurring expenses has no occurrence from the given day on.
    #[error(
        "series {} has ended: no occurrence of it is due from that day on; change it, and it goes on",
        .0.short()
    )]
    SeriesEnded(EntryId),
    /// The last day of a new series is before its first one, so that it would never recur.
    #[error("the last day, {last}, is before the first one, {first}; choose a later one")]
    LastBeforeFirst {
        /// The first day.
        first: Date,
        /// The last day.
        last: Date,
    },
    /// More changes of the series are planned for later than one call writes again.
    #[error(
        "series {} has so many planned changes that {found} templates would be written, where 24 are \
         the most; end it first, then change it, and it goes on",
        .series.short()
    )]
    TooManyChanges {
        /// The series.
        series: EntryId,
        /// The number of templates that would be written.
        found: usize,
    },
    /// More occurrences are to be recorded in one call than a person looks through.
    #[error(
        "{found} occurrences are to be recorded at once, {} more than the 24 of one call; record the \
         rest in further calls",
        .found.saturating_sub(24)
    )]
    TooManyOccurrences {
        /// The number of occurrences that were named.
        found: usize,
    },
    /// The rates do not suffice for a conversion, or a balance does not fit by them.
    #[error(transparent)]
    Rates(#[from] RatesError),
    /// A proposed statement would now have other effects than those that were shown.
    #[error("the ledger changed since the proposal was shown; show it again before signing")]
    ProposalOutdated,
    /// This device may record entries, but holds no root key.
    #[error("this device does not hold your root key; use one that does, or your recovery phrase")]
    NoRootKey,
    /// An entry breaks a rule; its author or carrier is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A link, file or code is of another kind, or incomplete.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A join request or its answer cannot be used.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// A pairing failed.
    #[error(transparent)]
    Pairing(#[from] PairingError),
    /// A share of a recovery phrase cannot be made or used.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// As many shares are kept here as may be.
    #[error("{kept} such shares are kept here already, so this one was not kept")]
    TooManyShares {
        /// How many are kept: of one friend, or returned to this device.
        kept: u32,
    },
    /// No returned share names a person with this fingerprint.
    #[error("no share that came back is of a person with the fingerprint {0:?}; compare it again")]
    UnknownPerson(String),
    /// The enrolment of a restored device cannot be used.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// No key of this device opens the bundle or message.
    #[error(
        "no key of this device opens this; ask a member for a new bundle, or check that it \
         belongs to your group and your phrase"
    )]
    NoKey,
    /// The typed words are no recovery phrase.
    #[error(transparent)]
    Phrase(#[from] PhraseError),
    /// The invite was cancelled, or made on another device.
    #[error(
        "the invite was cancelled, or made on another device; use that device, or make a new invite"
    )]
    UnknownInvite,
    /// The invite's time is over.
    #[error("the invite has expired; make a new one")]
    InviteExpired,
    /// As many people as the invite allows have joined with it, or ask to.
    #[error("the invite was used as often as it allows; make a new one")]
    InviteUsedUp,
    /// An invite that gives a member new keys must require approval.
    #[error(
        "an invite that gives new keys to member {}, who has keys already, must require approval",
        .0.short()
    )]
    ApprovalRequired(MemberId),
    /// There is no such request or share, or the request was answered or declined.
    #[error("there is no such request any more; read the list again")]
    UnknownRequest,
    /// Admitting the person ends the keys of a member: the owner must see a proposal and sign it.
    #[error("admitting this person gives member {} new keys; show the proposal first", .0.short())]
    NeedsProposal(MemberId),
    /// This device belongs to another person than the one to be restored.
    #[error("this device belongs to another person, who has groups on it; use an empty database")]
    OtherPerson,
    /// This device is in the group already.
    #[error("this device is in group {} already", .0.short())]
    AlreadyIn(GroupId),
    /// A bundle could not be read or written.
    #[error("the bundle could not be read or written: {0}")]
    Bundle(#[source] std::io::Error),
    /// The file holds no record at all: it is no bundle, or nothing of it is intact.
    #[error(
        "this is no bundle of Group Ledger, or nothing of it is intact; choose another file, or ask \
         for it again"
    )]
    NoBundle,
    /// The bundle is of another group of this database; nothing was imported.
    #[error("the bundle is of group {}, which is here, too; import it there", .0.short())]
    BundleOfOtherGroup(GroupId),
    /// A bundle export cannot continue from this cursor.
    #[error(transparent)]
    BundleCursor(#[from] BundleCursorError),
    /// A cursor is of another list, group or account, or of another database.
    #[error(
        "the cursor is of another list or group; use the one that this list printed, or begin \
         without a cursor"
    )]
    CursorOfAnotherList,
    /// This device has no key to seal entries with, and may not begin an epoch.
    #[error("this device has no key to seal entries with; import a bundle")]
    NoEpochKey,
    /// This device may hand out nothing: its member was removed or bound anew, or somebody else was
    /// cut off after this device left, and only those who stay have a key that is good now.
    #[error(
        "this device may hand out nothing any more: the owner or another member ended the use of \
         the keys that it holds; ask the owner for new keys"
    )]
    CutOff,
    /// The statement has consequences that nobody can take back, and its signer did not confirm
    /// them ([`Proposal::confirm`](crate::Proposal::confirm)).
    #[error("this cannot be taken back; read the proposal, and confirm it")]
    NotConfirmed,
    /// The database lacks an entry that this device published: it is an older copy. Signing now
    /// would fork the device's chain.
    #[error(
        "the database is an older copy: it lacks entry {}, which this device has published; \
         import a bundle that has it, or go on without it with new keys",
        .0.short()
    )]
    RolledBack(EntryId),
    /// Entries of this device's own chain wait for others that are missing here, as after a salvage.
    /// Signing now would fork the device's chain.
    #[error(
        "{0} entries that this device signed wait for entries that are missing here, so it signs \
         nothing; import a bundle that has them, or go on without them with new keys"
    )]
    OwnEntriesWait(u64),
    /// This device signed two entries for one position of its chain: it was cloned, or a restored
    /// backup of it signed entries.
    #[error(
        "device {} signed two entries for one position of its chain: it was cloned, or a backup of \
         it was used; it signs nothing more: reset this device's keys, or pair it again",
        .0.short()
    )]
    Forked(DeviceId),
    /// The progress callback of the caller stopped the work. The database is at the end of the
    /// last whole batch.
    #[error("cancelled: the step that ran changed nothing, and whole steps before it stay")]
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
            // Only a suspension stops statements.
            Some(Code::OperationInterrupted) => Self::Suspended,
            Some(Code::DiskFull) => Self::DiskFull,
            Some(Code::ReadOnly | Code::PermissionDenied) => Self::ReadOnly,
            Some(Code::CannotOpen) => Self::CannotOpen,
            Some(Code::SystemIoFailure) => Self::Storage(DatabaseError::new(error)),
            _ => Self::Database(DatabaseError::new(error)),
        }
    }
}

fn list(ids: &[EntryId]) -> String {
    ids.iter().map(EntryId::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(feature = "import")]
fn shared(people: &[String]) -> String {
    match people {
        [] => " and none of its people".to_owned(),
        people => format!(", though of its people there are {}", people.join(", ")),
    }
}
