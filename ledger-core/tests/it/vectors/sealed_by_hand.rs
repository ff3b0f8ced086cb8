//! Sealed bytes assembled by hand, also broken ones, without core's own sealing.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeS, Serializable as _, single_shot_seal_with_rng};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::vectors::raw::digest;

/// HKDF-SHA256 with the info `gl/1/<name> ‖ context`.
pub(crate) fn kdf(salt: &[u8], key: &[u8], name: &str, context: &[u8]) -> [u8; 32] {
    let info = [format!("gl/1/{name}").as_bytes(), context].concat();
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), key).expand(&info, &mut out).unwrap();
    out
}

/// The seed of a person's root key.
pub(crate) fn root_seed(entropy: &[u8; 32], index: u32) -> [u8; 32] {
    kdf(b"gl/1/phrase", entropy, "root", &index.to_be_bytes())
}

pub(crate) fn shared(secret: [u8; 32], public: [u8; 32]) -> [u8; 32] {
    StaticSecret::from(secret).diffie_hellman(&PublicKey::from(public)).to_bytes()
}

pub(crate) fn public(secret: [u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(secret)).to_bytes()
}

/// XChaCha20-Poly1305.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 24], ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut out = plaintext.to_vec();
    let cipher = XChaCha20Poly1305::new(key.into());
    let buffer = InOutBuf::from(out.as_mut_slice());
    let tag = cipher.encrypt_inout_detached(&XNonce::from(*nonce), ad, buffer).unwrap();
    out.extend_from_slice(&tag);
    out
}

/// HPKE in Base mode with the info `gl/1/<name> ‖ context`.
pub(crate) fn wrap(to: &[u8; 32], name: &str, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let info = [format!("gl/1/{name}").as_bytes(), context].concat();
    let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(to).unwrap();
    let mut rng = ChaCha20Rng::from_seed(digest("hpke", &[&info, plaintext].concat()));
    let (enc, ct) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to,
        &info,
        plaintext,
        &[],
        &mut rng,
    )
    .unwrap();
    [enc.to_bytes().as_slice(), &ct].concat()
}

/// A message of a form: `form ‖ body ‖ check4`.
pub(crate) fn message(form: u8, body: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [&[form][..], &body.concat()].concat();
    let check = digest("check", &bytes);
    bytes.extend_from_slice(&check[..4]);
    bytes
}

/// An epoch's secret with what seals an envelope.
pub(crate) struct Sealer {
    pub(crate) secret: [u8; 32],
    pub(crate) topic: [u8; 32],
}

impl Sealer {
    /// The nonce that names something.
    pub(crate) fn nonce(&self, named: &[u8]) -> [u8; 24] {
        let key = kdf(&[], &self.secret, "nonce", &[]);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(named);
        mac.finalize().into_bytes()[..24].try_into().unwrap()
    }

    /// `kind ‖ topic ‖ nonce24 ‖ ct` of a plaintext.
    pub(crate) fn seal(&self, kind: u8, name: &str, nonce: [u8; 24], plaintext: &[u8]) -> Vec<u8> {
        let key = kdf(&[], &self.secret, "seal", &[]);
        let ad = [format!("gl/1/{name}").as_bytes(), &[kind], &self.topic].concat();
        let ct = seal(&key, &nonce, &ad, plaintext);
        [&[kind][..], &self.topic, &nonce, &ct].concat()
    }
}

/// `len32 ‖ content ‖ more ‖ zeros`, padded to 512 bytes.
pub(crate) fn padded(content: &[u8], more: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut bytes = [&length, content, more].concat();
    bytes.resize(bytes.len().div_ceil(512) * 512, 0);
    bytes
}
