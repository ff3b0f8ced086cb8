//! Pairing a further device of the same person, over a channel that nobody
//! trusts. Each step is an object that can be used once and gives the next.

mod new;
mod old;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use new::{AcceptingGroups, AwaitingEnrolment, NewDevice, PairedGroup, ShowingCode};
pub use old::{EnrollingDevice, EnteringDigits, OldDevice, PairingMode};

use crate::open::Open;
use crate::{ErrorCode, LedgerError};

/// A step of a pairing, until it is taken.
struct Step<T> {
    open: Open,
    stage: Mutex<Option<T>>,
}

impl<T> Step<T> {
    fn new(open: Open, stage: T) -> Self {
        Self { open, stage: Mutex::new(Some(stage)) }
    }

    /// Takes the step, if the ledger is open still.
    fn take(&self) -> Result<T, LedgerError> {
        let stage = self.stage().take();
        self.open.store()?;
        stage.ok_or_else(over)
    }

    fn look<R>(&self, work: impl FnOnce(&T) -> R) -> Result<R, LedgerError> {
        self.stage().as_ref().map(work).ok_or_else(over)
    }

    fn stage(&self) -> MutexGuard<'_, Option<T>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn over() -> LedgerError {
    LedgerError::new(ErrorCode::PairingFailed, "this step of the pairing was taken; begin again")
}
