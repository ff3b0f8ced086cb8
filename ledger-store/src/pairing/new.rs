//! The new device's side.

use ledger_core::keys::DeviceKey;
use ledger_core::messages::pairing::{
    AwaitingGrant, ChoosingGroups, ComparingCode, Granted, GroupOffer, NewDevice,
};
use zeroize::Zeroizing;

use crate::enter::MembershipRow;
use crate::environment::random;
use crate::{Group, Store, StoreError};

/// Shows its code to be scanned.
pub struct PairingNew {
    store: Store,
    stage: NewDevice,
}

/// Shows six digits, to be typed into the old device.
pub struct ShowingCode {
    store: Store,
    stage: ComparingCode,
}

/// Shows in which groups it will be, for the person to agree.
pub struct AcceptingGroups {
    store: Store,
    stage: ChoosingGroups,
}

/// Waits for the old device to enrol it.
pub struct AwaitingEnrolment {
    store: Store,
    stage: AwaitingGrant,
    devices: Vec<DeviceKey>,
}

impl Store {
    /// Begins to pair this device with one that its person has already. Gives
    /// what to show as a QR code. It is of use for five minutes.
    ///
    /// # Errors
    /// [`StoreError::Randomness`].
    pub fn pair_as_new(&self) -> Result<(PairingNew, Vec<u8>), StoreError> {
        let bytes = random::<80>(self.environment())?;
        let (stage, offer) = NewDevice::begin(&bytes, self.environment().now_ms());
        Ok((PairingNew { store: self.clone(), stage }, offer))
    }
}

impl PairingNew {
    /// Takes the old device's reply. Gives the next message for it.
    ///
    /// # Errors
    /// [`StoreError::Pairing`]; the pairing is over.
    pub fn opened(self, message: &[u8]) -> Result<(ShowingCode, Vec<u8>), StoreError> {
        let now_ms = self.store.environment().now_ms();
        let (stage, reply) = self.stage.opened(message, now_ms)?;
        Ok((ShowingCode { store: self.store, stage }, reply))
    }
}

impl ShowingCode {
    /// The six digits.
    #[must_use]
    pub fn reveal_code(&self) -> Zeroizing<String> {
        self.stage.reveal_code()
    }

    /// Takes the old device's list of groups. Ask the person whether the old
    /// device says that the digits were right.
    ///
    /// # Errors
    /// [`StoreError::Pairing`]; the pairing is over.
    pub fn groups(self, message: &[u8]) -> Result<AcceptingGroups, StoreError> {
        let stage = self.stage.groups(message, self.store.environment().now_ms())?;
        Ok(AcceptingGroups { store: self.store, stage })
    }
}

impl AcceptingGroups {
    /// The groups, for the person to see.
    #[must_use]
    pub fn groups(&self) -> &[GroupOffer] {
        self.stage.groups()
    }

    /// Agrees. Gives the next message for the old device.
    ///
    /// # Errors
    /// [`StoreError`] if the keys cannot be kept; the pairing is over.
    pub fn accept(self) -> Result<(AwaitingEnrolment, Vec<u8>), StoreError> {
        let groups = self.stage.groups().iter();
        let devices: Vec<DeviceKey> =
            groups.map(|_| self.store.new_device()).collect::<Result<_, _>>()?;
        let (stage, message) = self.stage.accept(&devices)?;
        Ok((AwaitingEnrolment { store: self.store, stage, devices }, message))
    }
}

impl AwaitingEnrolment {
    /// Takes what the old device hands over: the groups, as yet with their first
    /// entries only (the others come in bundles), and in standard mode the
    /// person's entropy.
    ///
    /// # Errors
    /// [`StoreError::Pairing`], [`StoreError::OtherPerson`] if this device
    /// belongs to somebody else already; the pairing is over.
    pub fn finish(self, message: &[u8]) -> Result<Vec<Group>, StoreError> {
        let seed = random(self.store.environment())?;
        let Granted { entropy, groups } = self.stage.granted(message, &seed)?;
        if let Some(entropy) = &entropy {
            self.store.become_person(entropy)?;
        }
        let places = groups.iter().zip(&self.devices);
        let places: Vec<MembershipRow<'_>> = places
            .map(|(group, device)| MembershipRow {
                genesis: &group.genesis,
                device: device.id(),
                root_index: group.index,
            })
            .collect();
        let (handles, replaced) = self.store.enter(&places, |_| Ok(()))?;
        for device in replaced {
            self.store.forget_device(&device)?;
        }
        Ok(handles)
    }
}
