//! Messages outside of the ledger: invites, pairing of devices, recovery (SPEC §13 to §16). Every
//! message travels in the same frame.

pub(crate) mod frame;
pub mod invite;
pub mod pairing;
pub mod recovery;

pub use frame::{MessageError, MessageKind, message_from_text, message_to_text};
