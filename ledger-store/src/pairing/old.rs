//! The old device's side.

use ledger_core::keys::RootEntropy;
use ledger_core::messages::pairing::{
    AwaitingDevices, EnteringCode, GrantedGroup, GroupOffer, Scanned,
};
use ledger_core::statement::Generation;
use rusqlite::OptionalExtension as _;

use crate::environment::random;
use crate::{Group, Proposal, StatementIntent, Store, StoreError};

/// What the new device may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingMode {
    /// Whatever this one may: it gets the person's entropy.
    Standard,
    /// Record, but not act for the person: no enrolling, revoking, leaving,
    /// showing the phrase. For a device that others use, too.
    HighSecurity,
}

/// Has scanned the new device's code.
pub struct PairingOld {
    store: Store,
    stage: Scanned,
}

/// Waits for the digits that the new device shows.
pub struct EnteringDigits {
    store: Store,
    stage: EnteringCode,
}

/// Waits for the new device's certificates.
pub struct EnrollingDevice {
    entropy: RootEntropy,
    groups: Vec<Membership>,
    stage: AwaitingDevices,
}

/// A group in which this device can enrol.
struct Membership {
    group: Group,
    generation: Generation,
    index: u32,
}

impl Store {
    /// Pairs a new device, whose code was scanned. Gives the reply for it.
    ///
    /// # Errors
    /// [`StoreError::Pairing`] if the code is none, too old, or valid for too
    /// long.
    pub fn pair_as_old(&self, offer: &[u8]) -> Result<(PairingOld, Vec<u8>), StoreError> {
        let bytes = random::<64>(self.environment())?;
        let (stage, reply) = Scanned::scan(offer, &bytes, self.environment().now_ms())?;
        Ok((PairingOld { store: self.clone(), stage }, reply))
    }
}

impl PairingOld {
    /// Takes the new device's next message.
    ///
    /// # Errors
    /// [`StoreError::Pairing`]; the pairing is over.
    pub fn revealed(self, message: &[u8]) -> Result<EnteringDigits, StoreError> {
        let stage = self.stage.revealed(message, self.store.environment().now_ms())?;
        Ok(EnteringDigits { store: self.store, stage })
    }
}

impl EnteringDigits {
    /// Takes the digits that the person typed; there is one attempt. Gives the
    /// list of groups for the new device: those in which this device can enrol.
    ///
    /// # Errors
    /// [`StoreError::Pairing`] if the digits are wrong,
    /// [`StoreError::NoRootKey`] if this device cannot enrol others; the pairing
    /// is over.
    pub fn enter(self, typed: &str) -> Result<(EnrollingDevice, Vec<u8>), StoreError> {
        let stage = self.stage.enter(typed, self.store.environment().now_ms())?;
        let entropy = self.store.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let (mut groups, mut offers) = (Vec::new(), Vec::new());
        for id in self.store.group_ids()? {
            let group = self.store.group(id)?;
            let index = group.root_index()?;
            let root = entropy.root_key(index).id();
            let ledger = group.ledger()?;
            // Whoever was removed, or left, has nothing to enrol a device in.
            let Some((_, generation)) = ledger.member_of_root(root) else { continue };
            if !ledger.state().may_write(group.device()) {
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
    /// Takes the new device's certificates, enrols it in each group, and gives
    /// the last message for it, to be sent with a bundle of each group.
    ///
    /// # Errors
    /// [`StoreError::Pairing`], or as [`Group::propose`]; the pairing is over.
    pub fn enrol(self, message: &[u8], mode: PairingMode) -> Result<Vec<u8>, StoreError> {
        let stage = self.stage.devices(message)?;
        // All are weighed before any is signed.
        let mut proposals: Vec<Proposal> = Vec::with_capacity(self.groups.len());
        for (device, membership) in stage.devices().iter().zip(&self.groups) {
            let device = device.certify(&self.entropy.root_key(membership.index))?;
            let act = StatementIntent::Enrol { device: Box::new(device) };
            proposals.push(membership.group.propose(act)?);
        }
        let mut granted = Vec::with_capacity(self.groups.len());
        for (proposal, membership) in proposals.iter().zip(&self.groups) {
            let group = &membership.group;
            let (genesis, enrolled_by) = group.sign_and(proposal, |writer, entry| {
                Ok((writer.stored(group.id().genesis())?, entry))
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
            PairingMode::HighSecurity => None,
        };
        Ok(stage.grant(entropy, &granted)?)
    }
}

impl Group {
    /// Which of the person's root keys is that of this group.
    pub(crate) fn root_index(&self) -> Result<u32, StoreError> {
        let found = self.store().read(|connection| {
            let sql = "SELECT root_index FROM groups WHERE grp = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([self.key.0], |row| row.get(0)).optional()?)
        })?;
        found.ok_or(StoreError::UnknownGroup(self.id()))
    }
}
