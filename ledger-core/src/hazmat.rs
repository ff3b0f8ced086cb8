//! Dangerous calls, each right in one place only.

use crate::base::id::GroupId;
use crate::base::rule::{Refusal, Rule};
pub use crate::entry::{read_stored, read_stored_dependencies, trust_stored};
use crate::messages::frame::MessageKind;
use crate::messages::{invite, pairing, recovery};
pub use crate::state::{any_names, any_position};

/// Reads the plaintext of a sealed message, with every check of the message's own
/// reader except those that need keys. Nobody has vouched for it: this is for fuzzing.
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
