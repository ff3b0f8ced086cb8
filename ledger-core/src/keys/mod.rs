//! Keys and the certificates that tie them to people.

mod card;
mod check;
mod fingerprint;
mod secret;

pub use card::{Card, DeviceCertificate, PlaceholderCard, SignedCard, SignedDevice};
pub(crate) use card::{CardSignatures, CertificateScope, DeviceSignatures, KEM_X25519, expect_kem};
pub(crate) use check::{check_signature, check_x25519};
pub use fingerprint::Fingerprint;
pub use secret::{DeviceKey, ExchangeKey, RootEntropy, RootKey};
pub(crate) use secret::{entry_message, hidden_debug};
