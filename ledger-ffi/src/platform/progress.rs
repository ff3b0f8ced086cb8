//! Progress of long work, and stopping it.

use std::ops::ControlFlow;

use crate::error::{CallbackError, ErrorCode, LedgerError};

/// Phase of work that takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum Phase {
    /// Replaying all stored entries, because no checkpoint covers them.
    Opening,
    /// Recording imported rows.
    Importing,
    /// Checking stored entries.
    Verifying,
    /// Comparing tables that are derived from the entries with the entries.
    Comparing,
    /// Writing again the tables that are derived from the entries.
    Rebuilding,
    /// Copying the pages of the database.
    BackingUp,
    /// Reading the sound pages of a damaged database.
    Salvaging,
    /// Writing a bundle.
    Sealing,
    /// Reading a bundle.
    Unsealing,
    /// Writing what was salvaged into a new database.
    Saving,
    /// Adding up expenses and transfers.
    Summing,
    /// A phase that this version of the bindings does not know.
    Working,
}

/// Progress of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WorkProgress {
    /// The phase of the work.
    pub phase: Phase,
    /// How many entries, pages or records of this phase are done.
    pub done: u64,
    /// How many entries, pages or records this phase has.
    pub total: u64,
}

/// Listener for the progress of work that takes long.
///
/// The library calls the listener once in some hundred steps, on the thread that
/// started the work. The listener must not call the ledger.
#[uniffi::export(foreign)]
pub trait ProgressListener: Send + Sync {
    /// Takes the progress, and returns whether to go on. After `false` the work stops
    /// and fails with `Cancelled`.
    ///
    /// # Errors
    /// An error that the listener throws stops the work with `CallbackFailed`.
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
            ledger_store::Phase::Summing => Phase::Summing,
            _ => Phase::Working,
        };
        Self { phase, done: progress.done, total: progress.total }
    }
}

/// Runs work, and reports its progress to the listener, if there is one.
pub(crate) fn with_progress<T, E: Into<LedgerError>>(
    listener: Option<std::sync::Arc<dyn ProgressListener>>,
    work: impl FnOnce(&mut dyn FnMut(ledger_store::Progress) -> ControlFlow<()>) -> Result<T, E>,
) -> Result<T, LedgerError> {
    let mut listener_failed = false;
    let result = work(&mut |progress| {
        let Some(listener) = &listener else { return ControlFlow::Continue(()) };
        match listener.on_progress(progress.into()) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(()),
            Err(_) => {
                listener_failed = true;
                ControlFlow::Break(())
            }
        }
    });
    match result {
        Err(_) if listener_failed => Err(LedgerError::plain(ErrorCode::CallbackFailed)),
        result => result.map_err(Into::into),
    }
}
