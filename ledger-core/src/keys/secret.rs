//! Secret keys. `Debug` shows none of them, and all are wiped on drop.

use ed25519_dalek::{Signer as _, SigningKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::base::hash::{Tag, derive_key, signed_message};
use crate::base::id::{DeviceId, EntryId, RootId};

/// A person's 32 random bytes, from which one root key for each group is derived (SPEC §3.1).
/// Each group has a key of its own, so that nobody can link groups by their keys.
pub struct RootEntropy(Zeroizing<[u8; 32]>);

impl RootEntropy {
    /// Creates the key from 32 bytes of a cryptographic random generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the secret store that keeps them.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The root key of this person's group number `index`.
    #[must_use]
    pub fn root_key(&self, index: u32) -> RootKey {
        RootKey(SigningKey::from_bytes(&derive_key(&self.0, Tag::ROOT, index)))
    }

    /// The X25519 public key under which the epoch keys of group number
    /// `index` can be recovered.
    #[must_use]
    pub fn recovery_public_key(&self, index: u32) -> [u8; 32] {
        self.recovery_key(index).public_key()
    }

    /// The X25519 key that opens the epoch keys of group number `index`.
    #[must_use]
    pub fn recovery_key(&self, index: u32) -> ExchangeKey {
        ExchangeKey::from_bytes(*derive_key(&self.0, Tag::RECOVERY, index))
    }
}

/// An X25519 key, to which others wrap secrets (RFC 7748).
pub struct ExchangeKey {
    secret: StaticSecret,
    /// Computed once: hints of key envelopes are compared with it very often.
    public: [u8; 32],
}

impl ExchangeKey {
    /// Creates the key from 32 bytes of a cryptographic random generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let secret = StaticSecret::from(bytes);
        let public = PublicKey::from(&secret).to_bytes();
        Self { secret, public }
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.public
    }

    pub(crate) fn secret(&self) -> &StaticSecret {
        &self.secret
    }

    /// X25519 with another's public key. `None` if that key is of low order, which would make the
    /// result all zero.
    pub(crate) fn agree(&self, theirs: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let shared = self.secret.diffie_hellman(&PublicKey::from(*theirs));
        shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
    }
}

/// A member's root key in one group; signs cards, device certificates and statements.
pub struct RootKey(SigningKey);

impl RootKey {
    /// The verifying key.
    #[must_use]
    pub fn id(&self) -> RootId {
        RootId::from_bytes(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, tag: Tag, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&signed_message(tag, bytes)).to_bytes()
    }
}

/// A device's keys: Ed25519 to sign entries, X25519 to receive epoch keys.
pub struct DeviceKey {
    signing: SigningKey,
    exchange: ExchangeKey,
}

impl DeviceKey {
    /// Creates the keys from 64 bytes of a cryptographic random generator: the Ed25519 seed, then
    /// the X25519 secret.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let (seed, exchange) = halves(bytes);
        Self {
            signing: SigningKey::from_bytes(&seed),
            exchange: ExchangeKey::from_bytes(*exchange),
        }
    }

    /// The verifying key, by which the group knows the device.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId::from_bytes(self.signing.verifying_key().to_bytes())
    }

    /// The X25519 public key.
    #[must_use]
    pub fn exchange_public_key(&self) -> [u8; 32] {
        self.exchange.public_key()
    }

    /// The X25519 key alone.
    #[must_use]
    pub fn into_exchange_key(self) -> ExchangeKey {
        self.exchange
    }

    /// The X25519 key with which the device was enrolled.
    #[must_use]
    pub fn exchange_key(&self) -> &ExchangeKey {
        &self.exchange
    }

    pub(crate) fn sign_certificate(&self, tag: Tag, bytes: &[u8]) -> [u8; 64] {
        self.signing.sign(&signed_message(tag, bytes)).to_bytes()
    }

    pub(crate) fn sign_entry(&self, id: &EntryId) -> [u8; 64] {
        self.signing.sign(&entry_message(id)).to_bytes()
    }
}

/// Bytes that an entry's signature covers: `entry-sig ‖ id`.
pub(crate) fn entry_message(id: &EntryId) -> Vec<u8> {
    [Tag::ENTRY_SIG.as_bytes(), id.as_bytes()].concat()
}

fn halves(bytes: &[u8; 64]) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
    let (mut low, mut high) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    let (first, second) = bytes.split_at(32);
    low.copy_from_slice(first);
    high.copy_from_slice(second);
    (low, high)
}

/// Implements `Debug` so that it shows the name of the type and nothing of its secret.
macro_rules! hidden_debug {
    ($($name:ident),*) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }
    )*};
}

pub(crate) use hidden_debug;

hidden_debug!(RootEntropy, RootKey, DeviceKey, ExchangeKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let entropy = RootEntropy::from_bytes([7; 32]);
        let shown = format!(
            "{:?} {:?} {:?}",
            entropy,
            entropy.root_key(0),
            DeviceKey::from_bytes(&[7; 64])
        );
        assert_eq!(shown, "RootEntropy(secret) RootKey(secret) DeviceKey(secret)");
    }

    #[test]
    fn groups_have_unlinked_keys() {
        let entropy = RootEntropy::from_bytes([7; 32]);
        assert_ne!(entropy.root_key(0).id(), entropy.root_key(1).id());
        assert_ne!(entropy.recovery_public_key(0), entropy.recovery_public_key(1));
        assert_eq!(entropy.root_key(3).id(), RootEntropy::from_bytes([7; 32]).root_key(3).id());
    }
}
