//! Pairing a further device of the same person, over a channel that nobody trusts.
//! Each step is an object that can be used once, and gives the next step.

mod new_device;
mod old_device;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use new_device::{AcceptingGroups, AwaitingEnrolment, NewDevice, PairedGroup, ShowingCode};
pub use old_device::{EnrollingDevice, EnteringDigits, OldDevice, PairingMode};

use crate::error::{ErrorCode, LedgerError};
use crate::store_handle::StoreHandle;

/// Pairing of a further device of the same person with one that the person has.
#[derive(uniffi::Object)]
pub struct Pairing {
    store: StoreHandle,
}

impl Pairing {
    pub(super) fn new(store: StoreHandle) -> Self {
        Self { store }
    }
}

#[uniffi::export]
impl Pairing {
    /// Starts a pairing on the new device, which has five minutes to end. The ledger
    /// must stay open until then.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub fn start_on_new_device(&self) -> Result<Arc<NewDevice>, LedgerError> {
        let (stage, offer) = self.store.store()?.pairing().start_on_new_device()?;
        Ok(Arc::new(NewDevice { offer, step: Step::new(self.store.clone(), stage) }))
    }

    /// Starts the pairing on the old device, with the message that the new device shows.
    /// The ledger must stay open until the pairing has ended.
    ///
    /// # Errors
    /// `PairingFailed` if the message is no offer, or too old.
    pub fn start_on_old_device(&self, offer: Vec<u8>) -> Result<Arc<OldDevice>, LedgerError> {
        let (stage, message) = self.store.store()?.pairing().start_on_old_device(&offer)?;
        Ok(Arc::new(OldDevice { message, step: Step::new(self.store.clone(), stage) }))
    }
}

/// Step of a pairing, which can be taken once.
struct Step<T> {
    store: StoreHandle,
    stage: Mutex<Option<T>>,
}

impl<T> Step<T> {
    fn new(store: StoreHandle, stage: T) -> Self {
        Self { store, stage: Mutex::new(Some(stage)) }
    }

    /// The step that follows this one.
    fn next<N>(&self, stage: N) -> Step<N> {
        Step::new(self.store.clone(), stage)
    }

    /// Takes the step. Fails if the step was taken, or the ledger is closed.
    fn take(&self) -> Result<T, LedgerError> {
        let stage = self.stage().take();
        self.store.store()?;
        stage.ok_or_else(step_taken)
    }

    /// Tries to take the step. It can be tried again if that fails.
    fn attempt<R>(
        &self,
        attempt: impl FnOnce(&T) -> Result<R, ledger_store::StoreError>,
    ) -> Result<R, LedgerError> {
        self.store.store()?;
        let mut stage = self.stage();
        let done = attempt(stage.as_ref().ok_or_else(step_taken)?)?;
        *stage = None;
        Ok(done)
    }

    fn read<R>(&self, read: impl FnOnce(&T) -> R) -> Result<R, LedgerError> {
        self.stage().as_ref().map(read).ok_or_else(step_taken)
    }

    fn stage(&self) -> MutexGuard<'_, Option<T>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn step_taken() -> LedgerError {
    let reason = "this step of the pairing was taken already; begin the pairing again";
    LedgerError::new(ErrorCode::PairingFailed, reason)
}
