//! The old device's side of a pairing.

use std::sync::{Arc, Mutex, PoisonError};

use ledger_core::engine::VerifiedEntry;
use ledger_core::keys::RootEntropy;
use ledger_core::messages::pairing::{
    AwaitingDevices, Certifying, DeviceOffer, EnteringCode, GrantedGroup, GroupOffer, PairingError,
    Scanned,
};
use ledger_core::statement::Generation;

use crate::StoreError;
use crate::platform::environment::random;
use crate::session::{GroupSession, Session};
use crate::statements::enrol_in_all;

/// The rights of the new device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingMode {
    /// All rights of this device: it gets the person's entropy.
    Standard,
    /// Recording only: no enrolling, revoking, leaving, nor showing the phrase. For a device that
    /// other people use as well.
    RecordOnly,
}

/// First step on the old device: it has scanned the new device's code.
pub struct PairingOld {
    session: Arc<Session>,
    stage: Scanned,
}

/// Second step on the old device: it waits for the digits that the new device shows.
pub struct EnteringDigits {
    session: Arc<Session>,
    stage: EnteringCode,
}

/// Last step on the old device: it waits for the new device's certificates.
pub struct EnrollingDevice {
    entropy: RootEntropy,
    groups: Vec<GroupSession>,
    places: Vec<Place>,
    stage: Mutex<Enrolling>,
}

/// The state of the last step, which a failure leaves as it was.
enum Enrolling {
    Waiting(AwaitingDevices),
    Certifying(Certifying),
    /// Enrolled; this is the message for the new device.
    Granted(Vec<u8>),
    Over,
}

/// The person's place in a group in which this device can enrol the new one.
#[derive(Clone, Copy)]
struct Place {
    generation: Generation,
    index: u32,
}

pub(super) fn start(
    session: &Arc<Session>,
    offer: &[u8],
) -> Result<(PairingOld, Vec<u8>), StoreError> {
    let bytes = random::<64>(session.environment())?;
    let (stage, reply) = Scanned::scan(offer, &bytes, session.environment().now_ms())?;
    Ok((PairingOld { session: Arc::clone(session), stage }, reply))
}

impl PairingOld {
    /// Receives the new device's next message.
    ///
    /// # Errors
    /// [`StoreError::Pairing`]; the pairing is over.
    pub fn receive(self, message: &[u8]) -> Result<EnteringDigits, StoreError> {
        let stage = self.stage.receive(message, self.session.environment().now_ms())?;
        Ok(EnteringDigits { session: self.session, stage })
    }
}

impl EnteringDigits {
    /// Takes the digits that the person typed; there is one attempt. Returns the next step, and the
    /// list of groups for the new device: those in which this device can enrol it.
    ///
    /// # Errors
    /// [`StoreError::Pairing`] if the digits are wrong,
    /// [`StoreError::NoRootKey`] if this device cannot enrol others; the pairing
    /// is over.
    pub fn enter(self, typed: &str) -> Result<(EnrollingDevice, Vec<u8>), StoreError> {
        let stage = self.stage.enter(typed, self.session.environment().now_ms())?;
        let entropy = self.session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let (mut groups, mut places, mut offers) = (Vec::new(), Vec::new(), Vec::new());
        for id in self.session.group_ids()? {
            let group = self.session.group(id)?;
            let index = group.root_index()?;
            let root = entropy.root_key(index).id();
            let ledger = group.ledger()?;
            // A member who was removed or left cannot enrol a device.
            let Some((_, generation)) = ledger.member_of_root(root) else { continue };
            if !ledger.state().may_write(group.device) {
                continue;
            }
            offers.push(GroupOffer { group: id, name: ledger.state().name().to_owned(), root });
            groups.push(group);
            places.push(Place { generation, index });
        }
        let (stage, message) = stage.offer_groups(offers);
        let stage = Mutex::new(Enrolling::Waiting(stage));
        Ok((EnrollingDevice { entropy, groups, places, stage }, message))
    }
}

impl EnrollingDevice {
    /// Receives the new device's certificates, and enrols it in all groups or none. Returns the last
    /// message for it, to be sent with a bundle of each group.
    ///
    /// If it failed to write, as on a full disk, call it again with the same message. Called again
    /// after it succeeded, it returns the same message and signs nothing.
    ///
    /// # Errors
    /// [`StoreError::Pairing`] if the message is another one; the pairing is over. Otherwise as
    /// `GroupStatements::propose`.
    pub fn receive(&self, message: &[u8], mode: PairingMode) -> Result<Vec<u8>, StoreError> {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Enrolling::Waiting(_) = *stage
            && let Enrolling::Waiting(waiting) = std::mem::replace(&mut *stage, Enrolling::Over)
        {
            *stage = Enrolling::Certifying(waiting.receive(message)?);
        }
        let granted = match &*stage {
            Enrolling::Granted(message) => return Ok(message.clone()),
            Enrolling::Certifying(certifying) => self.enrol(certifying, mode)?,
            Enrolling::Waiting(_) | Enrolling::Over => return Err(PairingError::NotPaired.into()),
        };
        *stage = Enrolling::Granted(granted.clone());
        Ok(granted)
    }

    fn enrol(&self, certifying: &Certifying, mode: PairingMode) -> Result<Vec<u8>, StoreError> {
        let certify = |(device, place): (&DeviceOffer, &Place)| {
            device.certify(&self.entropy.root_key(place.index))
        };
        let devices = certifying.devices().iter().zip(&self.places);
        let devices = devices.map(certify).collect::<Result<_, _>>()?;
        let entropy = match mode {
            PairingMode::Standard => Some(&self.entropy),
            PairingMode::RecordOnly => None,
        };
        let enrolled = enrol_in_all(&self.groups, devices, |enrolled| {
            let granted = |((genesis, enrolled_by), place): ((Arc<VerifiedEntry>, _), &Place)| {
                let genesis = Arc::unwrap_or_clone(genesis);
                let (generation, index) = (place.generation, place.index);
                GrantedGroup { genesis, enrolled_by, generation, index }
            };
            let granted: Vec<GrantedGroup> =
                enrolled.into_iter().zip(&self.places).map(granted).collect();
            Ok(certifying.grant(entropy, &granted)?)
        })?;
        match enrolled {
            Some(message) => Ok(message),
            None => Ok(certifying.grant(entropy, &[])?),
        }
    }
}
