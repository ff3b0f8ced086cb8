//! Progress of long work, and stopping it.

use std::ops::ControlFlow;

use crate::{CallbackError, ErrorCode, LedgerError};

/// What long work is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum Phase {
    /// Replaying all stored entries, as no checkpoint does.
    Opening,
    /// Recording imported rows.
    Importing,
    /// Checking stored entries.
    Verifying,
    /// Comparing what is derived from the entries with them.
    Comparing,
    /// Writing what is derived from the entries anew.
    Rebuilding,
    /// Copying the pages of the database.
    BackingUp,
    /// Reading what is left of a damaged database.
    Salvaging,
    /// Writing a bundle.
    Sealing,
    /// Reading a bundle.
    Unsealing,
    /// Writing what was saved into a new database.
    Saving,
    /// Something that this binding has no word for.
    Working,
}

/// How far long work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WorkProgress {
    /// What is being done.
    pub phase: Phase,
    /// How many are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// Is told how far long work has come, once in some hundred steps, on the thread
/// that called. It must not call the ledger.
#[uniffi::export(foreign)]
pub trait ProgressListener: Send + Sync {
    /// Whether to go on. `false` stops the work, which then fails with
    /// `Cancelled`.
    ///
    /// # Errors
    /// Whatever the listener throws stops the work with `CallbackFailed`.
    fn on_progress(&self, progress: WorkProgress) -> Result<bool, CallbackError>;
}

impl From<ledger_store::Progress> for WorkProgress {
    fn from(progress: ledger_store::Progress) -> Self {
        let phase = match progress.phase {
            ledger_store::Phase::Opening => Phase::Opening,
            ledger_store::Phase::Importing => Phase::Importing,
            ledger_store::Phase::Verifying => Phase::Verifying,
            ledger_store::Phase::Comparing => Phase::Comparing,
            ledger_store::Phase::Rebuilding => Phase::Rebuilding,
            ledger_store::Phase::BackingUp => Phase::BackingUp,
            ledger_store::Phase::Salvaging => Phase::Salvaging,
            ledger_store::Phase::Sealing => Phase::Sealing,
            ledger_store::Phase::Unsealing => Phase::Unsealing,
            ledger_store::Phase::Saving => Phase::Saving,
            _ => Phase::Working,
        };
        Self { phase, done: progress.done, total: progress.total }
    }
}

/// Runs work that tells a listener how far it has come.
pub(crate) fn telling<T, E: Into<LedgerError>>(
    listener: Option<std::sync::Arc<dyn ProgressListener>>,
    work: impl FnOnce(&mut dyn FnMut(ledger_store::Progress) -> ControlFlow<()>) -> Result<T, E>,
) -> Result<T, LedgerError> {
    let mut thrown = false;
    let result = work(&mut |progress| {
        let Some(listener) = &listener else { return ControlFlow::Continue(()) };
        match listener.on_progress(progress.into()) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(_) => {
                thrown = true;
                ControlFlow::Break(())
            }
        }
    });
    match result {
        Err(_) if thrown => Err(LedgerError::plain(ErrorCode::CallbackFailed)),
        result => result.map_err(Into::into),
    }
}
