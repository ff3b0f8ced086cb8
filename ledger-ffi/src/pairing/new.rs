//! The new device's side.

use std::sync::Arc;

use super::Step;
use crate::LedgerError;
use crate::group::LedgerGroup;
use crate::ledger::Ledger;

/// The new device shows a code to be scanned.
#[derive(uniffi::Object)]
pub struct NewDevice {
    offer: Vec<u8>,
    step: Step<ledger_store::PairingNew>,
}

/// The new device shows six digits, to be typed into the old one.
#[derive(uniffi::Object)]
pub struct ShowingCode {
    message: Vec<u8>,
    step: Step<ledger_store::ShowingCode>,
}

/// The new device shows in which groups it will be, for the person to agree.
#[derive(uniffi::Object)]
pub struct AcceptingGroups {
    step: Step<ledger_store::AcceptingGroups>,
}

/// The new device waits for the old one to enrol it.
#[derive(uniffi::Object)]
pub struct AwaitingEnrolment {
    message: Vec<u8>,
    step: Step<ledger_store::AwaitingEnrolment>,
}

/// A group in which a new device will be.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PairedGroup {
    /// The group's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

#[uniffi::export]
impl Ledger {
    /// Begins to pair this device with one that its person has already. It is
    /// of use for five minutes, on this ledger, which stays open as long as the
    /// objects of the pairing are held.
    ///
    /// # Errors
    /// `NoRandomness`.
    pub fn pair_as_new(&self) -> Result<Arc<NewDevice>, LedgerError> {
        let (stage, offer) = self.store()?.pairing().start_on_new_device()?;
        Ok(Arc::new(NewDevice { offer, step: Step::new(self.opening(), stage) }))
    }
}

#[uniffi::export]
impl NewDevice {
    /// What to show as a QR code, for the old device to scan.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn offer(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.offer.clone())
    }

    /// Takes the old device's reply.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over.
    pub fn opened(&self, message: Vec<u8>) -> Result<Arc<ShowingCode>, LedgerError> {
        let (stage, message) = self.step.take()?.receive(&message)?;
        Ok(Arc::new(ShowingCode { message, step: Step::new(self.step.open.clone(), stage) }))
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

    /// The six digits. Show them; never send them.
    ///
    /// # Errors
    /// `PairingFailed` if this step was taken.
    pub fn reveal_code(&self) -> Result<String, LedgerError> {
        self.step.look(|stage| stage.reveal_code().to_string())
    }

    /// Takes the old device's list of groups. Ask the person first whether the
    /// old device says that the digits were right.
    ///
    /// # Errors
    /// `PairingFailed`; then the pairing is over.
    pub fn groups(&self, message: Vec<u8>) -> Result<Arc<AcceptingGroups>, LedgerError> {
        let stage = self.step.take()?.receive(&message)?;
        Ok(Arc::new(AcceptingGroups { step: Step::new(self.step.open.clone(), stage) }))
    }
}

#[uniffi::export]
impl AcceptingGroups {
    /// The groups, for the person to see.
    ///
    /// # Errors
    /// `PairingFailed` if this step was taken.
    pub fn groups(&self) -> Result<Vec<PairedGroup>, LedgerError> {
        self.step.look(|stage| {
            let groups = stage.groups().iter();
            groups
                .map(|of| PairedGroup { id: of.group.to_string(), name: of.name.clone() })
                .collect()
        })
    }

    /// Agrees.
    ///
    /// # Errors
    /// `SecretsFailed` if the keys cannot be kept, `PairingFailed`; then the
    /// pairing is over.
    pub fn accept(&self) -> Result<Arc<AwaitingEnrolment>, LedgerError> {
        let (stage, message) = self.step.take()?.accept()?;
        Ok(Arc::new(AwaitingEnrolment { message, step: Step::new(self.step.open.clone(), stage) }))
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

    /// Takes what the old device hands over. The groups are in this database
    /// from then on, as yet with their first entries only: import a bundle of
    /// each.
    ///
    /// # Errors
    /// `PairingFailed`, `OtherPerson` if this device belongs to somebody else;
    /// then the pairing is over.
    pub fn finish(&self, message: Vec<u8>) -> Result<Vec<Arc<LedgerGroup>>, LedgerError> {
        let groups = self.step.take()?.receive(&message)?;
        let handle = |group: ledger_store::Group| {
            Arc::new(LedgerGroup::new(self.step.open.clone(), group.id()))
        };
        Ok(groups.into_iter().map(handle).collect())
    }
}
