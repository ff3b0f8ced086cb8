//! A group that continues another one, for when the owner's key is lost for good or stolen.

use ledger_core::DraftError;
use ledger_core::engine::{Draft, Payload, VerifiedEntry};
use ledger_core::keys::DeviceKey;

use super::GroupSession;
use crate::StoreError;
use crate::entries::GroupTransaction;

impl GroupSession {
    /// Creates a group with all members of this one and their balances; the person of this
    /// device owns it. The other members come as placeholders.
    pub(crate) fn create_successor(&self, name: &str) -> Result<Self, StoreError> {
        let ledger = self.ledger()?;
        let state = ledger.state();
        let me = state.device_owner(self.device).ok_or(DraftError::ForeignDevice)?;
        let founder = state.member(me).ok_or(DraftError::UnknownMember(me))?;
        self.session.create_group(name, founder.name(), &[], Some((ledger.view(), me)))
    }
}

/// Appends an introduction of each member that the genesis entry brings along, so that entries
/// can name them (SPEC §4.1). Appends nothing for a group that continues no other one.
pub(super) fn introduce_members(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
    genesis: &VerifiedEntry,
) -> Result<(), StoreError> {
    let Payload::Genesis(genesis) = genesis.decoded().payload() else { return Ok(()) };
    let openings = genesis.predecessor().into_iter().flat_map(|old| &old.opening);
    for card in openings.filter_map(|opening| opening.card.as_ref()) {
        transaction.sign_and_append(device, Draft::carried_over(card))?;
    }
    Ok(())
}
