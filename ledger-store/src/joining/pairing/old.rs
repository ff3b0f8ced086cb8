//! The old device's side of a pairing.

use std::sync::Arc;

use ledger_core::keys::RootEntropy;
use ledger_core::messages::pairing::{
    AwaitingDevices, EnteringCode, GrantedGroup, GroupOffer, Scanned,
};
use ledger_core::statement::Generation;

use crate::StoreError;
use crate::platform::environment::random;
use crate::session::{GroupSession, Session};
use crate::statements::{Proposal, StatementIntent, propose, sign_and};

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
    groups: Vec<Membership>,
    stage: AwaitingDevices,
}

/// A group in which this device can enrol the new one.
struct Membership {
    group: GroupSession,
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
        let (mut groups, mut offers) = (Vec::new(), Vec::new());
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
            groups.push(Membership { group, generation, index });
        }
        let (stage, message) = stage.offer_groups(offers);
        Ok((EnrollingDevice { entropy, groups, stage }, message))
    }
}

impl EnrollingDevice {
    /// Receives the new device's certificates, and enrols it in each group. Returns the last
    /// message for it, to be sent with a bundle of each group.
    ///
    /// # Errors
    /// [`StoreError::Pairing`], or as `Group::propose`; the pairing is over.
    pub fn receive(self, message: &[u8], mode: PairingMode) -> Result<Vec<u8>, StoreError> {
        let stage = self.stage.receive(message)?;
        // All proposals are made before any is signed, so that a failure signs nothing.
        let mut proposals: Vec<Proposal> = Vec::with_capacity(self.groups.len());
        for (device, membership) in stage.devices().iter().zip(&self.groups) {
            let device = device.certify(&self.entropy.root_key(membership.index))?;
            let enrol = StatementIntent::Enrol { device: Box::new(device) };
            proposals.push(propose(&membership.group, enrol)?);
        }
        let mut granted = Vec::with_capacity(self.groups.len());
        for (proposal, membership) in proposals.iter().zip(&self.groups) {
            let group = &membership.group;
            let (genesis, enrolled_by) = sign_and(group, proposal, |transaction, entry| {
                Ok((transaction.stored(group.id.genesis())?, entry))
            })?;
            granted.push(GrantedGroup {
                genesis: genesis.as_ref().clone(),
                enrolled_by,
                generation: membership.generation,
                index: membership.index,
            });
        }
        let entropy = match mode {
            PairingMode::Standard => Some(&self.entropy),
            PairingMode::RecordOnly => None,
        };
        Ok(stage.grant(entropy, &granted)?)
    }
}
