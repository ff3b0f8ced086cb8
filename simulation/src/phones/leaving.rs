//! Leaves, and revocations of the phone in hand.
//!
//! Who leaves goes on handing out what was written before, under a key from before (rule Y6), so that
//! nothing is lost and the leave itself arrives.

use std::collections::BTreeSet;

use ledger_core::DeviceId;
use ledger_store::{StatementIntent, StoreError};

use super::actions::sign;
use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

/// How many phones that may write stay in a group.
const STAY: usize = 2;

/// Devices that cannot write any more, by who saw to that.
#[derive(Default)]
pub(super) struct CutDevices {
    /// Devices whose own person left, or revoked the phone in hand.
    pub(super) by_themselves: BTreeSet<DeviceId>,
    /// Devices that the owner or another device of the person cut.
    pub(super) by_others: BTreeSet<DeviceId>,
    /// Devices that revoked themselves. They hold the root key, so whatever reaches the person's phrase
    /// reaches them, too.
    pub(super) revoked_own: BTreeSet<DeviceId>,
    /// Devices that may hand out nothing more.
    pub(super) silent: BTreeSet<DeviceId>,
}

impl CutDevices {
    /// Whether what a device wrote before its person left must arrive.
    pub(super) fn must_arrive(&self, device: DeviceId) -> bool {
        self.is_only_self_cut(device) && !self.silent.contains(&device)
    }

    /// Whether only the device's own person cut it.
    pub(super) fn is_only_self_cut(&self, device: DeviceId) -> bool {
        self.by_themselves.contains(&device) && !self.by_others.contains(&device)
    }

    /// Whether nothing new may reach the device.
    pub(super) fn is_kept_out(&self, device: DeviceId) -> bool {
        !self.revoked_own.contains(&device) || self.by_others.contains(&device)
    }

    /// Whether anybody cut the device.
    pub(super) fn is_cut(&self, device: DeviceId) -> bool {
        self.by_themselves.contains(&device) || self.by_others.contains(&device)
    }
}

impl Play {
    /// A person leaves.
    pub(super) fn leave(&mut self, at: usize) -> StepResult {
        if !self.may_go(at)? {
            return Ok(None);
        }
        let phone = self.phone(at)?;
        sign(&phone.group, StatementIntent::Leave)?;
        let person = phone.person;
        // A leave concerns every device of the generation.
        let devices: Vec<DeviceId> =
            self.phones.iter().filter(|phone| phone.person == person).map(Phone::device).collect();
        self.cut.by_themselves.extend(devices);
        self.tally.add(STEPS, "member left", 1);
        Ok(None)
    }

    /// A person revokes the phone in hand.
    pub(super) fn revoke_own(&mut self, at: usize) -> StepResult {
        if !self.may_go(at)? {
            return Ok(None);
        }
        let phone = self.phone(at)?;
        let device = phone.device();
        sign(&phone.group, StatementIntent::Revoke { device, since: None })?;
        self.cut.by_themselves.insert(device);
        self.cut.revoked_own.insert(device);
        self.tally.add(STEPS, "own phone revoked", 1);
        Ok(None)
    }

    /// Whether a phone has the root key and others stay.
    fn may_go(&self, at: usize) -> Result<bool, StoreError> {
        let phone = self.phone(at)?;
        let others = self.phones.iter().filter(|other| other.person != phone.person);
        let stay = others.filter(|other| !self.cut.is_cut(other.device())).count();
        let may_sign = phone.store.recovery().reveal_phrase().is_ok() && phone.may_write()?;
        Ok(phone.person != 0 && may_sign && stay >= STAY)
    }
}
