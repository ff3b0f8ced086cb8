//! A group that goes on where another ended: for when the owner's key is lost for
//! good, or in the wrong hands.

use ledger_core::DraftError;
use ledger_core::engine::{Draft, Payload, VerifiedEntry};
use ledger_core::keys::DeviceKey;

use super::{Group, GroupTransaction};
use crate::StoreError;

impl Group {
    /// Founds a group with everybody of this one and their balances; whoever calls
    /// this owns it. The others come as placeholders, and follow by an invite. The
    /// old group stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if the name is too long, or this device's person is
    /// not known in the group.
    pub fn found_successor(&self, name: &str) -> Result<Self, StoreError> {
        let ledger = self.ledger()?;
        let state = ledger.state();
        let me = state.device_owner(self.device).ok_or(DraftError::ForeignDevice)?;
        let founder = state.member(me).ok_or(DraftError::UnknownMember(me))?;
        self.store.found(name, founder.name(), Some((ledger.view(), me)))
    }

    /// Introduces those whom the genesis entry brings along, so that entries can
    /// name them (SPEC §4.1).
    pub(crate) fn carry_over(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        genesis: &VerifiedEntry,
    ) -> Result<(), StoreError> {
        let Payload::Genesis(genesis) = genesis.decoded().payload() else { return Ok(()) };
        let openings = genesis.predecessor().into_iter().flat_map(|old| &old.opening);
        for card in openings.filter_map(|opening| opening.card.as_ref()) {
            self.keep(writer, device, Draft::carried_over(card))?;
        }
        Ok(())
    }
}
