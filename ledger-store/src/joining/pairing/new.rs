//! The new device's side of a pairing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    stage: AwaitingGrant,
    devices: NewDevices,
}

/// Keys of this device for each group. Removed in the end, unless the groups were entered with
/// them.
struct NewDevices {
    session: Arc<Session>,
    keys: Vec<DeviceKey>,
    entered: AtomicBool,
}

impl NewDevices {
    fn make(session: &Arc<Session>, count: usize) -> Result<Self, StoreError> {
        let (session, entered) = (Arc::clone(session), AtomicBool::new(false));
        let mut devices = Self { session, keys: Vec::new(), entered };
        for _ in 0..count {
            devices.keys.push(devices.session.new_device()?);
        }
        Ok(devices)
    }
}

impl Drop for NewDevices {
    fn drop(&mut self) {
        if !self.entered.load(Ordering::Relaxed) {
            for key in &self.keys {
                // Keys that stay open nothing.
                let _ = self.session.forget_device(&key.id());
            }
        }
    }
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
        let devices = NewDevices::make(&self.session, self.stage.groups().len())?;
        let (stage, message) = self.stage.accept(&devices.keys)?;
        Ok((AwaitingEnrolment { stage, devices }, message))
    }
}

impl AwaitingEnrolment {
    /// Receives the groups, so far with their first entries only (the others come in bundles), and
    /// in standard mode the person's entropy: all or nothing. If it failed to write, as on a full
    /// disk, call it again with the same message.
    ///
    /// # Errors
    /// [`StoreError::Pairing`], [`StoreError::OtherPerson`] if this device belongs to another
    /// person already.
    pub fn receive(&self, message: &[u8]) -> Result<Vec<Group>, StoreError> {
        let session = &self.devices.session;
        let seed = random(session.environment())?;
        let Granted { entropy, groups, .. } = self.stage.receive(message, &seed)?;
        let memberships = groups.iter().zip(&self.devices.keys);
        let memberships: Vec<MembershipRow<'_>> = memberships
            .map(|(group, device)| MembershipRow {
                genesis: &group.genesis,
                device: device.id(),
                root_index: group.index,
            })
            .collect();
        let (groups, replaced) = session.enter_as(&memberships, entropy.as_ref())?;
        self.devices.entered.store(true, Ordering::Relaxed);
        for device in replaced {
            session.forget_device(&device)?;
        }
        Ok(groups.into_iter().map(Group::new).collect())
    }
}
