//! Wraps of a secret to an X25519 public key: HPKE in Base mode (RFC 9180; SPEC §1.2).

use core::convert::Infallible;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{CryptoRng, SeedableRng as _, TryCryptoRng, TryRng};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{
    Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _, single_shot_open,
    single_shot_seal_with_rng,
};
use zeroize::Zeroizing;

use crate::base::hash::{Tag, digest};
use crate::keys::ExchangeKey;

/// Bytes by which a wrap is longer than its secret: the encapsulated key and the authentication
/// tag.
pub(crate) const WRAP_OVERHEAD_BYTES: usize = 32 + 16;

/// A secret could not be wrapped or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The recipient's X25519 key is of low order. Its maker is at fault, and nothing can be
    /// wrapped to it.
    #[error("the recipient's exchange key is weak; nothing can be wrapped for it")]
    WeakKey,
    /// The wrap was made for another key or purpose, or was altered on the way.
    #[error("the wrap is not for this key, or was altered; ask the sender for another one")]
    NotForUs,
}

/// Wraps a secret: `Wrap(recipient, purpose ‖ context, secret)`, as `enc ‖ ct`.
///
/// `seed` must be 32 fresh random bytes. A repeated seed reveals only that the same secret was
/// wrapped for the same recipient again.
pub(crate) fn wrap(
    recipient: &[u8; 32],
    purpose: Tag,
    context: &[&[u8]],
    secret: &[u8],
    seed: &[u8; 32],
) -> Result<Vec<u8>, WrapError> {
    let info = info(purpose, context);
    // The seed is mixed with everything that is wrapped: a random generator that repeats itself
    // then repeats a wrap, but never uses one ephemeral key for two secrets.
    let key = Zeroizing::new(digest(Tag::HPKE, &[seed, &info, recipient, secret]));
    let mut rng = ChaCha20Rng::from_seed(*key);
    seal(recipient, &info, &[], secret, &mut rng)
}

/// Wraps a secret under the ephemeral key that RFC 9180's `DeriveKeyPair` gives for `seed`.
///
/// The seed must be a secret that decides recipient, purpose, context and secret: one ephemeral key
/// then serves for one message.
pub(super) fn wrap_from(
    recipient: &[u8; 32],
    purpose: Tag,
    context: &[&[u8]],
    secret: &[u8],
    seed: &[u8; 32],
) -> Result<Vec<u8>, WrapError> {
    seal(recipient, &info(purpose, context), &[], secret, &mut OneSeed(seed))
}

/// Gives the bytes of one seed. HPKE draws once, as many bytes as its secret keys have.
struct OneSeed<'a>(&'a [u8; 32]);

impl TryRng for OneSeed<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.iter_mut().zip(self.0).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

impl TryCryptoRng for OneSeed<'_> {}

/// Opens `enc ‖ ct`.
pub(crate) fn unwrap(
    recipient: &ExchangeKey,
    purpose: Tag,
    context: &[&[u8]],
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    let (enc, ct) = wrapped.split_at_checked(32).ok_or(WrapError::NotForUs)?;
    open(recipient, &info(purpose, context), &[], enc, ct)
}

fn info(purpose: Tag, context: &[&[u8]]) -> Vec<u8> {
    [purpose.as_bytes(), &context.concat()].concat()
}

fn seal(
    recipient: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, WrapError> {
    let recipient = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(recipient)
        .map_err(|_| WrapError::WeakKey)?;
    let (enc, ct) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &recipient,
        info,
        plaintext,
        aad,
        rng,
    )
    .map_err(|_| WrapError::WeakKey)?;
    Ok([enc.to_bytes().as_slice(), &ct].concat())
}

fn open(
    recipient: &ExchangeKey,
    info: &[u8],
    aad: &[u8],
    enc: &[u8],
    ct: &[u8],
) -> Result<Zeroizing<Vec<u8>>, WrapError> {
    let not_for_us = |_| WrapError::NotForUs;
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(recipient.secret().as_bytes())
        .map_err(not_for_us)?;
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(enc).map_err(not_for_us)?;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &enc,
        info,
        ct,
        aad,
    )
    .map(Zeroizing::new)
    .map_err(not_for_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    fn hex32(text: &str) -> [u8; 32] {
        hex(text).try_into().unwrap()
    }

    /// RFC 9180, appendix A.2.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
    /// ChaCha20Poly1305, Base mode, sequence number 0.
    #[test]
    fn wraps_as_rfc_9180_says() {
        let ikm_e = hex32("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
        let enc = hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
        let secret = ExchangeKey::from_bytes(hex32(
            "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        ));
        let recipient = hex32("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
        let info = hex("4f6465206f6e2061204772656369616e2055726e");
        let plaintext = hex("4265617574792069732074727574682c20747275746820626561757479");
        let aad = hex("436f756e742d30");
        let ct = hex(
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
        );
        assert_eq!(secret.public_key(), recipient);
        let sealed = seal(&recipient, &info, &aad, &plaintext, &mut OneSeed(&ikm_e)).unwrap();
        assert_eq!(sealed, [enc.clone(), ct.clone()].concat());
        let opened = open(&secret, &info, &aad, &enc, &ct).unwrap();
        assert_eq!(*opened, plaintext);
    }

    #[test]
    fn a_wrap_opens_for_its_key_and_purpose_alone() {
        let (ours, other) = (ExchangeKey::from_bytes([1; 32]), ExchangeKey::from_bytes([2; 32]));
        let context: &[&[u8]] = &[b"group", b"commit"];
        let wrapped = wrap(&ours.public_key(), Tag::ENTRY, context, b"secret", &[9; 32]).unwrap();
        assert_eq!(wrapped.len(), 6 + WRAP_OVERHEAD_BYTES);
        assert_eq!(**unwrap(&ours, Tag::ENTRY, context, &wrapped).unwrap(), *b"secret");
        let refused = Some(WrapError::NotForUs);
        assert_eq!(unwrap(&other, Tag::ENTRY, context, &wrapped).err(), refused);
        assert_eq!(unwrap(&ours, Tag::CARD, context, &wrapped).err(), refused);
        assert_eq!(unwrap(&ours, Tag::ENTRY, &[b"group"], &wrapped).err(), refused);
        for place in 0..wrapped.len() {
            let mut altered = wrapped.clone();
            altered[place] ^= 1;
            assert_eq!(unwrap(&ours, Tag::ENTRY, context, &altered).err(), refused);
            assert_eq!(unwrap(&ours, Tag::ENTRY, context, &wrapped[..place]).err(), refused);
        }
    }

    #[test]
    fn a_repeated_seed_repeats_only_the_same_wrap() {
        let recipient = ExchangeKey::from_bytes([1; 32]).public_key();
        let wrap = |secret: &[u8]| wrap(&recipient, Tag::ENTRY, &[], secret, &[9; 32]).unwrap();
        assert_eq!(wrap(b"one"), wrap(b"one"));
        assert_ne!(wrap(b"one")[..32], wrap(b"two")[..32]);
    }

    #[test]
    fn a_low_order_key_is_an_error() {
        let found = wrap(&[0; 32], Tag::ENTRY, &[], b"secret", &[9; 32]);
        assert_eq!(found, Err(WrapError::WeakKey));
    }
}
