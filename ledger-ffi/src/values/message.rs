//! Messages: what people hand to each other outside of the ledger, as bytes or as
//! text.

use ledger_core::messages::{
    MessageKind as Kind, message_from_text as from_text, message_to_text as to_text,
};
use ledger_store::StoreError;

use crate::error::{ErrorCode, LedgerError};

/// Kind of a message. It tells an app which call takes the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum MessageKind {
    /// An invite, which lets a person ask to join. Give its text to `Joining.join`.
    Invite,
    /// A request to join. Give it to `Joining.receive_request`.
    JoinRequest,
    /// The answer to a request to join. Give it to `Joining.enter`.
    Welcome,
    /// The first message of a pairing, which a new device shows. Give it to
    /// `Pairing.start_on_old_device`.
    PairingOffer,
    /// The old device's first message. Give it to `NewDevice.receive`.
    PairingOpening,
    /// The new device's second message. Give it to `OldDevice.receive`.
    PairingReveal,
    /// The old device's list of groups. Give it to `ShowingCode.receive`.
    PairingGroups,
    /// The new device's keys. Give it to `EnrollingDevice.receive`.
    PairingDevices,
    /// The last message of a pairing. Give it to `AwaitingEnrolment.receive`.
    PairingGrant,
    /// Part of a friend's recovery phrase. Give it to `Recovery.keep_share`.
    Share,
    /// A friend's request for the share that this device keeps. Give it to
    /// `Shares.return_share`.
    RecoveryRequest,
    /// A share that a friend returns. Give it to `Recovery.add_returned_share`.
    ReturnedShare,
    /// The request of a restored device to be approved. Give it to
    /// `Recovery.approve_device`.
    ApprovalRequest,
}

/// Tells the kind of a message, after checking that the message is whole. A bundle is
/// no message.
///
/// # Errors
/// `InvalidMessage` if the bytes are no message, or not a whole one.
#[uniffi::export]
pub fn message_kind(message: Vec<u8>) -> Result<MessageKind, LedgerError> {
    Kind::from_message(&message).map_err(StoreError::from)?.try_into()
}

impl TryFrom<Kind> for MessageKind {
    type Error = LedgerError;

    fn try_from(kind: Kind) -> Result<Self, LedgerError> {
        Ok(match kind {
            Kind::InviteLink => MessageKind::Invite,
            Kind::JoinRequest => MessageKind::JoinRequest,
            Kind::JoinAnswer => MessageKind::Welcome,
            Kind::PairingOffer => MessageKind::PairingOffer,
            Kind::PairingOpening => MessageKind::PairingOpening,
            Kind::PairingReveal => MessageKind::PairingReveal,
            Kind::PairingGroups => MessageKind::PairingGroups,
            Kind::PairingDevices => MessageKind::PairingDevices,
            Kind::PairingGrant => MessageKind::PairingGrant,
            Kind::Share => MessageKind::Share,
            Kind::RecoveryRequest => MessageKind::RecoveryRequest,
            Kind::ShareReturn => MessageKind::ReturnedShare,
            Kind::Enrolment => MessageKind::ApprovalRequest,
            _ => return Err(LedgerError::plain(ErrorCode::Internal)),
        })
    }
}

/// Writes a message as text, for a chat or a QR code.
///
/// # Errors
/// None; as with every call, a binding may report [`LedgerError`].
#[uniffi::export]
pub fn message_to_text(message: Vec<u8>) -> Result<String, LedgerError> {
    Ok(to_text(&message).to_string())
}

/// Reads the bytes of a message that came as text. Of a link, it reads what stands
/// behind the `#`. White space, which chats add, does not matter.
///
/// # Errors
/// `InvalidMessage` if the text is no message.
#[uniffi::export]
pub fn message_from_text(text: &str) -> Result<Vec<u8>, LedgerError> {
    Ok(from_text(text).map_err(StoreError::from)?.to_vec())
}
