//! The steps of a pairing on the new device.

use std::sync::Arc;

use ledger_core::GroupId;

use super::Step;
use crate::error::LedgerError;
use crate::group::LedgerGroup;

/// First step on the new device: it shows an offer, which the old device scans.
#[derive(uniffi::Object)]
pub struct NewDevice {
    pub(super) offer: Vec<u8>,
    pub(super) step: Step<ledger_store::PairingNew>,
}

/// Second step on the new device: it shows six digits, which the person types into the
/// old device.
#[derive(uniffi::Object)]
pub struct ShowingCode {
    message: Vec<u8>,
    step: Step<ledger_store::ShowingCode>,
}

/// Third step on the new device: it shows the groups that it will enter, and the person
/// agrees.
#[derive(uniffi::Object)]
pub struct AcceptingGroups {
    step: Step<ledger_store::AcceptingGroups>,
}

/// Last step on the new device: it waits until the old device has enrolled it.
#[derive(uniffi::Object)]
pub struct AwaitingEnrolment {
    message: Vec<u8>,
    step: Step<ledger_store::AwaitingEnrolment>,
}

/// A group that the new device will enter.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PairedGroup {
    /// The group's id.
    pub id: GroupId,
    /// The group's name.
    pub name: String,
}

#[uniffi::export]
impl NewDevice {
    /// The offer: show it as a QR code, which the old device scans.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn offer(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.offer.clone())
    }

    /// Receives the old device's reply, `OldDevice.reply`.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over.
    pub fn receive(&self, message: Vec<u8>) -> Result<Arc<ShowingCode>, LedgerError> {
        let (stage, message) = self.step.take()?.receive(&message)?;
        Ok(Arc::new(ShowingCode { message, step: self.step.next(stage) }))
    }
}

#[uniffi::export]
impl ShowingCode {
    /// The next message for the old device.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn reply(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.message.clone())
    }

    /// The six digits. Show them, and never send them.
    ///
    /// # Errors
    /// `PairingFailed` if this step was taken.
    pub fn reveal_code(&self) -> Result<String, LedgerError> {
        self.step.read(|stage| stage.reveal_code().to_string())
    }

    /// Receives the old device's list of groups, `EnrollingDevice.reply`. First ask the
    /// person whether the old device says that the digits are right.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over.
    pub fn receive(&self, message: Vec<u8>) -> Result<Arc<AcceptingGroups>, LedgerError> {
        let stage = self.step.take()?.receive(&message)?;
        Ok(Arc::new(AcceptingGroups { step: self.step.next(stage) }))
    }
}

#[uniffi::export]
impl AcceptingGroups {
    /// The groups: show them to the person.
    ///
    /// # Errors
    /// `PairingFailed` if this step was taken.
    pub fn groups(&self) -> Result<Vec<PairedGroup>, LedgerError> {
        self.step.read(|stage| {
            let groups = stage.groups().iter();
            groups.map(|row| PairedGroup { id: row.group, name: row.name.clone() }).collect()
        })
    }

    /// Accepts the groups, after the person has agreed.
    ///
    /// # Errors
    /// `SecretsFailed` if the keys cannot be kept, `PairingFailed`; then the pairing is
    /// over.
    pub fn accept(&self) -> Result<Arc<AwaitingEnrolment>, LedgerError> {
        let (stage, message) = self.step.take()?.accept()?;
        Ok(Arc::new(AwaitingEnrolment { message, step: self.step.next(stage) }))
    }
}

#[uniffi::export]
impl AwaitingEnrolment {
    /// The next message for the old device.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn reply(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.message.clone())
    }

    /// Receives the old device's last message, and enters the groups. They are in this
    /// database from then on, at first with their first entries only: import a bundle of
    /// each.
    ///
    /// # Errors
    /// `PairingFailed`, `OtherPerson` if this device belongs to another person, or any
    /// error of writing the database; then nothing has changed, and the call can be made
    /// again.
    pub fn receive(&self, message: Vec<u8>) -> Result<Vec<Arc<LedgerGroup>>, LedgerError> {
        let groups = self.step.attempt(|stage| stage.receive(&message))?;
        let handle = |group: ledger_store::Group| {
            Arc::new(LedgerGroup::new(self.step.store.clone(), group.id()))
        };
        Ok(groups.into_iter().map(handle).collect())
    }
}
