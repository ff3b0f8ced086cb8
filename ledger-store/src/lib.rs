//! Keeps group ledgers in an encrypted SQLite database (SQLCipher).
//!
//! A [`Store`] is one database file with any number of groups. Secrets live
//! outside of it, in a [`SecretStore`]: Keychain or Keystore on phones, a file
//! of mode 0600 for programs, memory for tests.
//!
//! ```
//! use std::sync::Arc;
//! use ledger_store::{MemorySecrets, NewEntry, Store};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("flat.db");
//! let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
//! let group = store.create_group("Flat", "Anna")?;
//! group.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }])?;
//! assert_eq!(group.state()?.members().len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

// The floors. Each folder imports only from folders above it in this list; no two folders and no
// two files of different folders import each other, directly or through others. Handles hold a
// `Session` or a `GroupSession`, so a topic never needs the handles that lead to it.
//
//     error       the errors
//     platform    clock, randomness, files, lock files, progress
//     secrets     secret stores, and sealing at rest
//     database    connections, schema, keys of the file
//     entries     loading a ledger, writing entries and everything derived from them
//     session     the open database: cache, snapshots, feed, suspension, groups coming and going
//     lists       pages for apps
//     keyring     epoch keys, rotation, the guard against old copies
//     statements  what the owner and members sign under a root key
//     sealed      one intake and one outlet of sealed records
//     admitting   invites, admission, shares of friends
//     imports     other programs' files: comparison, plan, one transaction
//     health      checking, rebuilding, salvaging, backup
//     group       the handle of a group
//     joining     how a device gets in: invite, pairing, recovery
//     store       the handle of the database
mod admitting;
mod database;
mod entries;
mod error;
mod group;
mod health;
#[cfg(feature = "import")]
mod imports;
mod joining;
mod keyring;
mod lists;
mod platform;
mod sealed;
mod secrets;
mod session;
mod statements;
mod store;

/// Readers of other programs' files, whose plans [`Imports`] takes, and what is wrong with a file
/// ([`StoreError::Import`]).
#[cfg(feature = "import")]
pub use ledger_formats as formats;

pub use admitting::{
    Admitted, Invite, Invites, KeptShare, NewInvite, Received, Request, RequestId, ShareId, Shares,
};
pub use entries::{Arrival, Ingested, NewEntry, Opening, Undone, UndoneBy, WaitingCount};
pub use error::{
    BundleCursorError, DatabaseError, SecretError, SecretErrorKind, StoreError, UndoError,
};
pub use group::{
    ByCurrency, CurrentState, Due, Group, GroupBalances, GroupEntries, GroupKeys, GroupSettings,
    GroupStatements, RecordedDue, Recurring, SeriesChange,
};
pub use health::{
    Cut, DatabaseCheck, GroupMaintenance, Maintenance, Problem, Remedy, Salvaged, SalvagedGroup,
    Table, Verification,
};
#[cfg(feature = "import")]
pub use imports::{
    AppliedImport, ChangedRow, ImportChoice, ImportPlan, ImportReport, ImportTarget, Imports,
    Likeness, OldRows, PersonMatch, PlannedPerson, PlannedTotal, RenamedPerson, TotalDifference,
    UndoneImport,
};
pub use joining::{
    AcceptingGroups, AwaitingEnrolment, EnrollingDevice, EnteringDigits, GroupPreview, Join,
    Joining, Pairing, PairingMode, PairingNew, PairingOld, Recovery, ShowingCode,
};
pub use lists::{
    Activity, CategoryInUse, Condition, Cursor, DeviceRow, Edit, Filter, Lists, MemberRow,
    Overview, ParseCursorError, Recorded, Review, ReviewCounts, Standing, StatementCursor,
    StatementRow, TagInUse, Total, TotalOf, TotalsBy, UnfinishedImport, Unread, Version,
    VersionKind,
};
pub use platform::{Environment, Phase, Progress, SystemEnvironment};
pub use sealed::{BundleCursor, Bundles, Exported, Imported, Since};
pub use secrets::{
    AppKey, FileSecrets, MemorySecrets, SealedSecrets, Secret, SecretName, SecretStore,
};
pub use session::{Change, Changes, OpeningComparison, OpeningDifference};
pub use statements::{Proposal, StatementIntent};
pub use store::{GroupSummary, Receipt, Store, StoreOptions};

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles the code in the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rust.md")]
struct Guide;
