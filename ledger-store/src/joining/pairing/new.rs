//! The new device's side of a pairing.

use std::sync::Arc;

use ledger_core::keys::DeviceKey;
use ledger_core::messages::pairing::{
    AwaitingGrant, ChoosingGroups, ComparingCode, Granted, GroupOffer, NewDevice,
};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::group::Group;
use crate::platform::environment::random;
use crate::session::{MembershipRow, Session};

/// First step on the new device: it shows its code to be scanned.
pub struct PairingNew {
    session: Arc<Session>,
    stage: NewDevice,
}

/// Second step on the new device: it shows six digits, to be typed into the old device.
pub struct ShowingCode {
    session: Arc<Session>,
    stage: ComparingCode,
}

/// Third step on the new device: it shows the groups, for the person to accept.
pub struct AcceptingGroups {
    session: Arc<Session>,
    stage: ChoosingGroups,
}

/// Last step on the new device: it waits for the old device to enrol it.
pub struct AwaitingEnrolment {
    session: Arc<Session>,
    stage: AwaitingGrant,
    devices: Vec<DeviceKey>,
}

pub(super) fn start(session: &Arc<Session>) -> Result<(PairingNew, Vec<u8>), StoreError> {
    let bytes = random::<80>(session.environment())?;
    let (stage, offer) = NewDevice::begin(&bytes, session.environment().now_ms());
    Ok((PairingNew { session: Arc::clone(session), stage }, offer))
}

impl PairingNew {
    /// Receives the old device's reply. Returns the next step, and the message for the old device.
    ///
    /// # Errors
    /// [`StoreError::Pairing`]; the pairing is over.
    pub fn receive(self, message: &[u8]) -> Result<(ShowingCode, Vec<u8>), StoreError> {
        let now_ms = self.session.environment().now_ms();
        let (stage, reply) = self.stage.receive(message, now_ms)?;
        Ok((ShowingCode { session: self.session, stage }, reply))
    }
}

impl ShowingCode {
    /// The six digits.
    #[must_use]
    pub fn reveal_code(&self) -> Zeroizing<String> {
        self.stage.reveal_code()
    }

    /// Receives the old device's list of groups. Ask the person whether the old device says that
    /// the digits were right.
    ///
    /// # Errors
    /// [`StoreError::Pairing`]; the pairing is over.
    pub fn receive(self, message: &[u8]) -> Result<AcceptingGroups, StoreError> {
        let stage = self.stage.receive(message, self.session.environment().now_ms())?;
        Ok(AcceptingGroups { session: self.session, stage })
    }
}

impl AcceptingGroups {
    /// The groups, for the person to see.
    #[must_use]
    pub fn groups(&self) -> &[GroupOffer] {
        self.stage.groups()
    }

    /// Accepts the groups. Returns the next step, and the message for the old device.
    ///
    /// # Errors
    /// [`StoreError`] if the keys cannot be kept; the pairing is over.
    pub fn accept(self) -> Result<(AwaitingEnrolment, Vec<u8>), StoreError> {
        let groups = self.stage.groups().iter();
        let devices: Vec<DeviceKey> =
            groups.map(|_| self.session.new_device()).collect::<Result<_, _>>()?;
        let (stage, message) = self.stage.accept(&devices)?;
        Ok((AwaitingEnrolment { session: self.session, stage, devices }, message))
    }
}

impl AwaitingEnrolment {
    /// Receives the groups, so far with their first entries only (the others come in bundles), and
    /// in standard mode the person's entropy.
    ///
    /// # Errors
    /// [`StoreError::Pairing`], [`StoreError::OtherPerson`] if this device belongs to another
    /// person already; the pairing is over.
    pub fn receive(self, message: &[u8]) -> Result<Vec<Group>, StoreError> {
        let seed = random(self.session.environment())?;
        let Granted { entropy, groups, .. } = self.stage.receive(message, &seed)?;
        if let Some(entropy) = &entropy {
            self.session.become_person(entropy)?;
        }
        let memberships = groups.iter().zip(&self.devices);
        let memberships: Vec<MembershipRow<'_>> = memberships
            .map(|(group, device)| MembershipRow {
                genesis: &group.genesis,
                device: device.id(),
                root_index: group.index,
            })
            .collect();
        let (groups, replaced) = self.session.enter(&memberships, |_| Ok(()))?;
        for device in replaced {
            self.session.forget_device(&device)?;
        }
        Ok(groups.into_iter().map(Group::new).collect())
    }
}
