//! The old device's side.

use std::sync::Arc;

use super::Step;
use crate::LedgerError;
use crate::ledger::Ledger;

/// What a new device may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PairingMode {
    /// Whatever the old one may: it gets the person's root key.
    Standard,
    /// Record, but not act for the person: no enrolling, revoking, leaving,
    /// showing the phrase. For a device that others use, too.
    HighSecurity,
}

/// The old device has scanned the new one's code.
#[derive(uniffi::Object)]
pub struct OldDevice {
    message: Vec<u8>,
    step: Step<ledger_store::PairingOld>,
}

/// The old device waits for the digits that the new one shows.
#[derive(uniffi::Object)]
pub struct EnteringDigits {
    step: Step<ledger_store::EnteringDigits>,
}

/// The old device waits for the new one's keys.
#[derive(uniffi::Object)]
pub struct EnrollingDevice {
    message: Vec<u8>,
    step: Step<ledger_store::EnrollingDevice>,
}

#[uniffi::export]
impl Ledger {
    /// Pairs a new device, whose code was scanned. The ledger stays open as long
    /// as the objects of the pairing are held.
    ///
    /// # Errors
    /// `PairingFailed` if the code is none, or too old.
    pub fn pair_as_old(&self, offer: Vec<u8>) -> Result<Arc<OldDevice>, LedgerError> {
        let (stage, message) = self.store()?.pairing().start_on_old_device(&offer)?;
        Ok(Arc::new(OldDevice { message, step: Step::new(self.opening(), stage) }))
    }
}

#[uniffi::export]
impl OldDevice {
    /// The reply for the new device.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn reply(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.message.clone())
    }

    /// Takes the new device's next message.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over.
    pub fn revealed(&self, message: Vec<u8>) -> Result<Arc<EnteringDigits>, LedgerError> {
        let stage = self.step.take()?.receive(&message)?;
        Ok(Arc::new(EnteringDigits { step: Step::new(self.step.open.clone(), stage) }))
    }
}

#[uniffi::export]
impl EnteringDigits {
    /// Takes the digits that the person typed; there is one attempt.
    ///
    /// # Errors
    /// `PairingFailed` if the digits are wrong, `NoRootKey` if this device
    /// cannot enrol others; then the pairing is over.
    pub fn enter(&self, typed: &str) -> Result<Arc<EnrollingDevice>, LedgerError> {
        let (stage, message) = self.step.take()?.enter(typed)?;
        Ok(Arc::new(EnrollingDevice { message, step: Step::new(self.step.open.clone(), stage) }))
    }
}

#[uniffi::export]
impl EnrollingDevice {
    /// The next message for the new device: the groups in which this one can
    /// enrol.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn reply(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.message.clone())
    }

    /// Takes the new device's keys, and enrols it in each group. Returns the
    /// last message for it, to be sent with a bundle of each group.
    ///
    /// # Errors
    /// `PairingFailed`, `TooManyDevices`, or as every call that records; then
    /// the pairing is over.
    pub fn enrol(&self, message: Vec<u8>, mode: PairingMode) -> Result<Vec<u8>, LedgerError> {
        let mode = match mode {
            PairingMode::Standard => ledger_store::PairingMode::Standard,
            PairingMode::HighSecurity => ledger_store::PairingMode::RecordOnly,
        };
        Ok(self.step.take()?.receive(&message, mode)?)
    }
}
