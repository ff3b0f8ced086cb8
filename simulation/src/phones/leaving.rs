//! Leaves, and revocations of the phone in hand.
//!
//! Who leaves goes on handing out what was written before, under a key from before (rule Y6), so that
//! nothing is lost and the leave itself arrives. The owner leaves after a confirmation only.

use std::collections::BTreeSet;

use ledger_core::DeviceId;
use ledger_model::sim::arrival::violation;
use ledger_store::{StatementIntent, StoreError};

use super::actions::sign;
use super::check::CONFIRMED;
use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

/// How many phones that may write stay in a group.
const STAY: usize = 2;

/// A number that no person has.
pub(super) const NOBODY: usize = usize::MAX;

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
    /// Devices whose removal stays on the phone of an owner who left, unless somebody takes it over by
    /// hand.
    pub(super) kept_back: BTreeSet<DeviceId>,
}

impl CutDevices {
    /// A device enrols another one of its person, who may have been removed without knowing.
    pub(super) fn enrols(&mut self, old: DeviceId, new: DeviceId) {
        for cut in [&mut self.by_others, &mut self.kept_back] {
            if cut.contains(&old) {
                cut.insert(new);
            }
        }
    }

    /// Whether what a device wrote before its person left must arrive.
    pub(super) fn must_arrive(&self, device: DeviceId) -> bool {
        self.is_only_self_cut(device) && !self.silent.contains(&device)
    }

    /// Whether only the device's own person cut it.
    pub(super) fn is_only_self_cut(&self, device: DeviceId) -> bool {
        self.by_themselves.contains(&device) && !self.by_others.contains(&device)
    }

    /// Whether nothing new may reach the device, by what the sealing phone knows: a device that
    /// revoked itself is kept out only where it is known that its person was removed.
    pub(super) fn is_kept_out(&self, device: DeviceId, is_person_removed: bool) -> bool {
        !self.revoked_own.contains(&device) || is_person_removed
    }

    /// Whether the device's person left. What it wrote without knowing that counts.
    pub(super) fn has_left(&self, device: DeviceId) -> bool {
        self.by_themselves.contains(&device) && !self.revoked_own.contains(&device)
    }

    /// Whether anybody cut the device.
    pub(super) fn is_cut(&self, device: DeviceId) -> bool {
        self.by_themselves.contains(&device) || self.by_others.contains(&device)
    }
}

impl Play {
    /// A person leaves. The owner has to confirm that first.
    pub(super) fn leave(&mut self, at: usize) -> StepResult {
        if !self.may_go(at)? {
            return Ok(None);
        }
        let phone = self.phone(at)?;
        let (person, is_owner) = (phone.person, phone.person == 0);
        let mut proposal = phone.group.statements().propose(StatementIntent::Leave)?;
        if proposal.needs_confirmation() != is_owner {
            return Ok(violation(CONFIRMED, format!("person {person}: {}", proposal.text())));
        }
        if is_owner {
            let held = phone.ids()?;
            match phone.group.statements().sign(&proposal) {
                Err(StoreError::NotConfirmed) if phone.ids()? == held => {}
                signed => return Ok(violation(CONFIRMED, format!("without one: {signed:?}"))),
            }
            proposal.confirm();
        }
        phone.group.statements().sign(&proposal)?;
        // A leave concerns every device of the generation.
        let devices: Vec<DeviceId> =
            self.phones.iter().filter(|phone| phone.person == person).map(Phone::device).collect();
        self.cut.by_themselves.extend(devices);
        self.tally.add(STEPS, if is_owner { "owner left" } else { "member left" }, 1);
        Ok(None)
    }

    /// A person revokes the phone in hand.
    pub(super) fn revoke_own(&mut self, at: usize) -> StepResult {
        // Nobody could enrol a new phone for the owner.
        if self.phone(at)?.person == 0 || !self.may_go(at)? {
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
        let stay = others.filter(|other| self.stays(other)).count();
        let may_sign = phone.store.recovery().reveal_phrase().is_ok() && phone.may_write()?;
        Ok(self.anchor(phone.person).is_some() && may_sign && stay >= STAY)
    }

    /// A phone from the beginning, of another person, that nobody cut. One stays always: the founder
    /// introduced its person before anything else happened, so all others have its view.
    pub(super) fn anchor(&self, other_than: usize) -> Option<usize> {
        let mut first = self.phones.iter().take(self.settings.replicas.max(2));
        first.position(|phone| phone.person != other_than && self.stays(phone))
    }

    /// Whether nobody cut a phone, also not by a statement that nobody knows yet.
    fn stays(&self, phone: &Phone) -> bool {
        !self.cut.is_cut(phone.device()) && !self.cut.kept_back.contains(&phone.device())
    }
}
