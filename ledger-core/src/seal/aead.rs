//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, RFC 8439).

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// Bytes by which the ciphertext is longer than the plaintext.
pub(crate) const TAG_BYTES: usize = 16;

/// A key that is ready for use. Wiped on drop.
#[derive(Clone)]
pub(crate) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Encrypts `buffer` in place from `start` on, and appends the tag.
    pub(crate) fn seal_from(
        &self,
        nonce: &[u8; 24],
        ad: &[u8],
        buffer: &mut Vec<u8>,
        start: usize,
    ) {
        let plaintext = buffer.get_mut(start..).unwrap_or_default();
        let sealed =
            self.0.encrypt_inout_detached(&XNonce::from(*nonce), ad, InOutBuf::from(plaintext));
        // Fails only beyond 256 GiB.
        match sealed {
            Ok(tag) => buffer.extend_from_slice(&tag),
            Err(_) => buffer.clear(),
        }
    }

    /// Decrypts. `None` if the key, nonce or associated data differ, or a byte was altered.
    ///
    /// The result is not wiped: entries and manifests are in memory after it, too.
    pub(crate) fn open(&self, nonce: &[u8; 24], ad: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
        let (ciphertext, tag) = ciphertext.split_last_chunk::<TAG_BYTES>()?;
        let mut plaintext = ciphertext.to_vec();
        let buffer = InOutBuf::from(plaintext.as_mut_slice());
        let nonce = XNonce::from(*nonce);
        self.0.decrypt_inout_detached(&nonce, ad, buffer, &Tag::from(*tag)).ok()?;
        Some(plaintext)
    }
}

/// Encrypts under `key`. A nonce may be used again only with the same plaintext and associated
/// data.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 24], ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = plaintext.to_vec();
    Cipher::new(key).seal_from(nonce, ad, &mut sealed, 0);
    sealed
}

/// Decrypts what [`seal`] encrypted, as [`Cipher::open`]. The result is wiped on drop.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: &[u8; 24],
    ad: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    Cipher::new(key).open(nonce, ad, ciphertext).map(Zeroizing::new)
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

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn seals_as_the_xchacha_draft_says() {
        let plaintext = "Ladies and Gentlemen of the class of '99: If I could offer you only one \
            tip for the future, sunscreen would be it.";
        let ad = hex("50515253c0c1c2c3c4c5c6c7");
        let key: [u8; 32] = core::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = core::array::from_fn(|i| 0x40 + i as u8);
        let expected = hex("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
             731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
             2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
             21f9664c97637da9768812f615c68b13b52e\
             c0875924c1c7987947deafd8780acf49");
        assert_eq!(seal(&key, &nonce, &ad, plaintext.as_bytes()), expected);
        assert_eq!(**open(&key, &nonce, &ad, &expected).unwrap(), *plaintext.as_bytes());
        for place in 0..expected.len() {
            let mut altered = expected.clone();
            altered[place] ^= 0x80;
            assert!(open(&key, &nonce, &ad, &altered).is_none());
            assert!(open(&key, &nonce, &ad, &expected[..place]).is_none());
        }
        assert!(open(&key, &nonce, &[], &expected).is_none());
    }
}
