//! What sealed messages hold, read without unsealing: for fuzzing.

use super::MessageKind;
use crate::id::GroupId;
use crate::rule::{Refusal, Rule};
use crate::{invite, pairing, recovery};

/// Reads what a sealed message of this kind would hold, in every way in which
/// the message's own reader does, without the checks that need keys. Nobody has
/// vouched for it.
///
/// # Errors
/// The first rule that it breaks; M1 if messages of this kind are not sealed.
pub fn read_unsealed(kind: MessageKind, plaintext: &[u8], group: GroupId) -> Result<(), Refusal> {
    match kind {
        MessageKind::JoinRequest => invite::read_request(plaintext, group),
        MessageKind::JoinAnswer => invite::read_answer(plaintext),
        MessageKind::PairingGroups | MessageKind::PairingDevices | MessageKind::PairingGrant => {
            pairing::read_unsealed(kind, plaintext)
        }
        MessageKind::Share | MessageKind::ShareReturn => recovery::read_share(plaintext),
        MessageKind::Enrolment => recovery::read_enrolment(plaintext),
        MessageKind::InviteLink
        | MessageKind::PairingOffer
        | MessageKind::PairingOpening
        | MessageKind::PairingReveal
        | MessageKind::RecoveryRequest => Err(Refusal::new(Rule::M1)),
    }
}
