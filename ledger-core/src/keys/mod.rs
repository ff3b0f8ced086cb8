//! Keys and the certificates that tie them to people.

mod card;
mod check;
mod secret;

pub(crate) use card::CardSignatures;
pub use card::{Card, DeviceCertificate, PlaceholderCard};
pub(crate) use secret::entry_message;
pub use secret::{DeviceKey, RootEntropy, RootKey};
