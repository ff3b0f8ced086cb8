//! Errors as other languages see them.

use ledger_core::Balance;
use ledger_store::StoreError;

/// Why a call did not do what it was asked. Variants keep their names; what a
/// `reason` says, in English, may change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The database does not exist.
    #[error("{reason}")]
    NotFound {
        /// What happened, and what to do.
        reason: String,
    },
    /// The key file has no key for the database.
    #[error("{reason}")]
    WrongKey {
        /// What happened, and what to do.
        reason: String,
    },
    /// The key file cannot be used.
    #[error("{reason}")]
    KeyFile {
        /// What happened, and what to do.
        reason: String,
    },
    /// This build cannot encrypt.
    #[error("{reason}")]
    NoCipher {
        /// What happened, and what to do.
        reason: String,
    },
    /// The file is not an intact database of this library.
    #[error("{reason}")]
    Damaged {
        /// What happened, and what to do.
        reason: String,
    },
    /// A newer version of this library wrote the database.
    #[error("{reason}")]
    FromTheFuture {
        /// What happened, and what to do.
        reason: String,
    },
    /// Another process holds the database.
    #[error("{reason}")]
    Busy {
        /// What happened, and what to do.
        reason: String,
    },
    /// The disk is full.
    #[error("{reason}")]
    DiskFull {
        /// What happened, and what to do.
        reason: String,
    },
    /// The database or its folder cannot be written.
    #[error("{reason}")]
    ReadOnly {
        /// What happened, and what to do.
        reason: String,
    },
    /// The database holds no group, or several.
    #[error("the database holds {groups} groups; this binding reads databases with one")]
    NotOneGroup {
        /// How many it holds.
        groups: u64,
    },
    /// A balance is beyond 64 bits.
    #[error("a balance of {minor_units} minor units does not fit into 64 bits")]
    TooLarge {
        /// The balance in decimal digits.
        minor_units: String,
    },
    /// Anything else.
    #[error("{reason}")]
    Other {
        /// What happened, and what to do.
        reason: String,
    },
}

impl LedgerError {
    pub(crate) fn too_large(balance: Balance) -> Self {
        Self::TooLarge { minor_units: balance.to_string() }
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        let reason = error.to_string();
        match error {
            StoreError::NotFound(_) => Self::NotFound { reason },
            StoreError::WrongKey(_) => Self::WrongKey { reason },
            StoreError::Secrets(_) => Self::KeyFile { reason },
            StoreError::NoCipher => Self::NoCipher { reason },
            StoreError::Damaged(_) => Self::Damaged { reason },
            StoreError::FromTheFuture { .. } => Self::FromTheFuture { reason },
            StoreError::Busy => Self::Busy { reason },
            StoreError::DiskFull => Self::DiskFull { reason },
            StoreError::ReadOnly => Self::ReadOnly { reason },
            _ => Self::Other { reason },
        }
    }
}
