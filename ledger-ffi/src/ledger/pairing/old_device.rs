//! The steps of a pairing on the old device.

use std::sync::Arc;

use super::Step;
use crate::error::LedgerError;

/// Rights of a new device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PairingMode {
    /// Everything that the old device may do: the new one gets the person's root key.
    Standard,
    /// Recording only. The new device cannot act for the person: it cannot enrol or
    /// revoke devices, leave a group, or show the phrase. For a device that others use,
    /// too.
    RecordOnly,
}

/// First step on the old device: it has scanned the new device's offer.
#[derive(uniffi::Object)]
pub struct OldDevice {
    pub(super) message: Vec<u8>,
    pub(super) step: Step<ledger_store::PairingOld>,
}

/// Second step on the old device: it waits for the digits that the new device shows.
#[derive(uniffi::Object)]
pub struct EnteringDigits {
    step: Step<ledger_store::EnteringDigits>,
}

/// Last step on the old device: it waits for the new device's keys.
#[derive(uniffi::Object)]
pub struct EnrollingDevice {
    message: Vec<u8>,
    step: Step<ledger_store::EnrollingDevice>,
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

    /// Receives the new device's next message, `ShowingCode.reply`.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over.
    pub fn receive(&self, message: Vec<u8>) -> Result<Arc<EnteringDigits>, LedgerError> {
        let stage = self.step.take()?.receive(&message)?;
        Ok(Arc::new(EnteringDigits { step: self.step.next(stage) }))
    }
}

#[uniffi::export]
impl EnteringDigits {
    /// Enters the digits that the person typed. There is one attempt.
    ///
    /// # Errors
    /// `PairingFailed` if the digits are wrong, `NoRootKey` if this device cannot enrol
    /// others; then the pairing is over.
    pub fn enter(&self, typed: &str) -> Result<Arc<EnrollingDevice>, LedgerError> {
        let (stage, message) = self.step.take()?.enter(typed)?;
        Ok(Arc::new(EnrollingDevice { message, step: self.step.next(stage) }))
    }
}

#[uniffi::export]
impl EnrollingDevice {
    /// The next message for the new device: the groups in which this device can enrol
    /// it.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn reply(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.message.clone())
    }

    /// Receives the new device's keys, `AwaitingEnrolment.reply`, and enrols the device
    /// in each group. Returns the last message for the new device. Send it with a bundle
    /// of each group.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over. `TooManyDevices`, or as every call that
    /// records; then the device is enrolled in no group, and the call can be made again.
    pub fn receive(&self, message: Vec<u8>, mode: PairingMode) -> Result<Vec<u8>, LedgerError> {
        let mode = match mode {
            PairingMode::Standard => ledger_store::PairingMode::Standard,
            PairingMode::RecordOnly => ledger_store::PairingMode::RecordOnly,
        };
        self.step.attempt(|stage| stage.receive(&message, mode))
    }
}
