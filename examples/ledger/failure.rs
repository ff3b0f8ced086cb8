//! Why a command failed, and its exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use ledger_formats::splitwise;
use ledger_store::StoreError;

/// Exit code 1: the input or the ledger is at fault. Exit code 2: wrong usage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{}: {source}\nNothing was imported.", .path.display())]
    Import { path: PathBuf, source: splitwise::Error },
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
            _ => ExitCode::from(1),
        }
    }
}
