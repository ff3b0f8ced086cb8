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
//! let group = store.found_group("Flat", "Anna")?;
//! group.append(vec![NewEntry::Placeholder { name: "Grandma".into() }])?;
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

mod backup;
mod database;
mod enter;
mod environment;
mod error;
mod feed;
mod fsck;
mod group;
#[cfg(feature = "import")]
pub mod import;
mod invites;
mod lifecycle;
mod lock_file;
mod options;
mod pairing;
mod progress;
mod recovery;
mod remove;
mod repair;
mod secrets;
mod snapshot;
mod store;
mod support;

pub use environment::{Environment, SystemEnvironment};
pub use error::StoreError;
pub use feed::{Change, Changes};
pub use fsck::{Fsck, Problem, Remedy, Table};
pub use group::{
    Activity, BundleCursor, BundleCursorError, By, Cursor, Exported, Filter, Group, Imported,
    Ingested, NewEntry, Opening, Opinion, Overview, ParseCursorError, Proposal, Recorded, Since,
    StatementIntent, Verification, Version,
};
pub use invites::{Admitted, Invite, Join, NewInvite, Received, Request, RequestId};
pub use options::StoreOptions;
pub use pairing::{
    AcceptingGroups, AwaitingEnrolment, EnrollingDevice, EnteringDigits, PairingMode, PairingNew,
    PairingOld, ShowingCode,
};
pub use progress::{Phase, Progress};
pub use recovery::{GroupPreview, KeptShare, ShareId};
pub use repair::{Cut, Repaired, RepairedGroup};
pub use secrets::{
    AppKey, FileSecrets, MemorySecrets, SealedSecrets, Secret, SecretError, SecretErrorKind,
    SecretName, SecretStore,
};
pub use store::{GroupSummary, Store};

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles the code in the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rust.md")]
struct Guide;
