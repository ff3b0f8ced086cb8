//! Why a command failed, and its exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use ledger_formats::Problems;
use ledger_store::StoreError;

/// Exit code 1: the input or the ledger is at fault. Exit code 2: wrong usage. Exit code 3: the person
/// in front of the program declined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}{advice}", advice = advice(.0))]
    Store(#[from] StoreError),
    #[error("{}: {source}\nNothing was imported.", .path.display())]
    Import { path: PathBuf, source: Problems },
    #[error("{}: {source}", .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
    #[error("cannot write the output: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Ledger(String),
    #[error("{0}")]
    Declined(&'static str),
}

impl Failure {
    /// Whether the reader of the output closed it.
    pub(crate) fn is_closed_output(&self) -> bool {
        let kind = match self {
            Self::Output(error) => Some(error.kind()),
            Self::Json(error) => error.io_error_kind(),
            _ => None,
        };
        kind == Some(std::io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Declined(_) => ExitCode::from(3),
            _ => ExitCode::from(1),
        }
    }
}

/// The command that follows the advice of an error, as a line of its own; else nothing.
fn advice(error: &StoreError) -> String {
    let text = match error {
        StoreError::NotFound(_) => "`ledger import` or `ledger new` makes one",
        StoreError::Damaged(_) => "`ledger salvage` saves the sound parts of it",
        StoreError::UnknownEntry(_) => "`ledger activity` lists the entries",
        StoreError::AlreadyCancelled(_) => "`ledger restore` restores it",
        StoreError::NotCounted(_) => "`ledger copy` copies it",
        StoreError::NoRootKey => "`ledger recover` restores you by your phrase",
        StoreError::UnknownInvite
        | StoreError::InviteExpired
        | StoreError::InviteUsedUp
        | StoreError::ApprovalRequired(_) => "`ledger invite` makes a new one",
        StoreError::BundleOfOtherGroup(group) => {
            return format!("\n`ledger bundle import --group {}` does so", group.short());
        }
        StoreError::NoEpochKey => "`ledger bundle import` imports one",
        StoreError::PredecessorMissing => "`ledger import --add-anyway` adds the rows all the same",
        StoreError::ImportUnfinished { .. } => "`ledger import undo` undoes it",
        StoreError::CutOff => "the owner gives new keys by `ledger invite --for-member`",
        StoreError::RolledBack(_) | StoreError::OwnEntriesWait(_) => {
            "`ledger bundle import` imports one; `ledger go-on` goes on without them"
        }
        StoreError::Forked(_) => {
            "`ledger reset-device-keys` resets them; `ledger pair new` pairs it again"
        }
        _ => return String::new(),
    };
    format!("\n{text}")
}
