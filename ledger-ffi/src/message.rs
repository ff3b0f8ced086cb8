//! What people hand to each other outside of the ledger, as bytes or as text.

use ledger_core::{message_from_text as from_text, message_to_text as to_text};
use ledger_store::StoreError;

use crate::{ErrorCode, LedgerError};

/// What a message is: tells an app which call takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum MessageKind {
    /// Lets somebody ask to join: `Ledger.join`, with the link as text.
    Invite,
    /// Somebody asks to join: `Ledger.receive_request`.
    JoinRequest,
    /// The way into a group: `Ledger.finish_join`.
    JoinAnswer,
    /// What a new device shows: `Ledger.pair_as_old`.
    PairingOffer,
    /// The old device's reply: `NewDevice.opened`.
    PairingOpening,
    /// The new device's next message: `OldDevice.revealed`.
    PairingReveal,
    /// The old device's list of groups: `ShowingCode.groups`.
    PairingGroups,
    /// The new device's keys: `EnrollingDevice.enrol`.
    PairingDevices,
    /// What the new device gets: `AwaitingEnrolment.finish`.
    PairingGrant,
    /// Part of a friend's phrase: `Ledger.keep_share`.
    Share,
    /// A friend asks for their share: `LedgerGroup.return_share`.
    RecoveryRequest,
    /// A friend gives a share back: `Ledger.add_returned_share`.
    ReturnedShare,
    /// A restored device asks to be carried: `Ledger.carry_enrolment`.
    Enrolment,
}

/// What a message is, after checking that it is whole. A bundle is none.
///
/// # Errors
/// `InvalidMessage` if it is none, or not whole.
#[uniffi::export]
pub fn message_kind(message: Vec<u8>) -> Result<MessageKind, LedgerError> {
    use ledger_core::MessageKind as Kind;
    Ok(match Kind::of_bytes(&message).map_err(StoreError::from)? {
        Kind::InviteLink => MessageKind::Invite,
        Kind::JoinRequest => MessageKind::JoinRequest,
        Kind::JoinAnswer => MessageKind::JoinAnswer,
        Kind::PairingOffer => MessageKind::PairingOffer,
        Kind::PairingOpening => MessageKind::PairingOpening,
        Kind::PairingReveal => MessageKind::PairingReveal,
        Kind::PairingGroups => MessageKind::PairingGroups,
        Kind::PairingDevices => MessageKind::PairingDevices,
        Kind::PairingGrant => MessageKind::PairingGrant,
        Kind::Share => MessageKind::Share,
        Kind::RecoveryRequest => MessageKind::RecoveryRequest,
        Kind::ShareReturn => MessageKind::ReturnedShare,
        Kind::Enrolment => MessageKind::Enrolment,
        _ => return Err(LedgerError::plain(ErrorCode::Internal)),
    })
}

/// A message as text, for a chat or a QR code.
///
/// # Errors
/// None; as with every call, a binding may report [`LedgerError`].
#[uniffi::export]
pub fn message_to_text(message: Vec<u8>) -> Result<String, LedgerError> {
    Ok(to_text(&message).to_string())
}

/// The bytes of a message that came as text; of a link, what stands behind the
/// `#`. White space, which chats put in, does not matter.
///
/// # Errors
/// `InvalidMessage` if it is no such text.
#[uniffi::export]
pub fn message_from_text(text: &str) -> Result<Vec<u8>, LedgerError> {
    Ok(from_text(text).map_err(StoreError::from)?.to_vec())
}
