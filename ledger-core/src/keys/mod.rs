//! Keys, and the certificates and cards that tie them to people (SPEC §3).

mod card;
mod certificate;
mod check;
mod fingerprint;
mod phrase;
mod placeholder;
mod secret;

pub use crate::base::id::RootId;
pub(crate) use card::CardSignatures;
pub use card::{Card, SignedCard};
pub(crate) use certificate::{CertificateScope, DeviceSignatures, KEM_X25519, expect_kem};
pub use certificate::{DeviceCertificate, SignedDevice};
pub(crate) use check::{check_signature, check_x25519};
pub use fingerprint::Fingerprint;
pub use phrase::{PhraseError, phrase_words};
pub use placeholder::PlaceholderCard;
pub use secret::{DeviceKey, ExchangeKey, RootEntropy, RootKey};
pub(crate) use secret::{entry_message, hidden_debug};
