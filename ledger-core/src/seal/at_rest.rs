//! Sealed secrets, for a secret store that others may read (SPEC §17).

use core::fmt;

use zeroize::Zeroizing;

use super::aead::{self, TAG_BYTES};
use crate::base::check::{CHECK_BYTES, append_check, strip_check};
use crate::base::hash::{Tag, kdf};

/// Version of sealed secrets, their first byte.
const VERSION: u8 = 1;

/// Bytes by which a sealed secret is longer than the secret.
const OVERHEAD: usize = 1 + 32 + 24 + TAG_BYTES + CHECK_BYTES;

/// Key that seals secrets before they are kept: an app's key, or one that is itself sealed under
/// an app's key. Wiped on drop; `Debug` does not show it.
///
/// ```
/// use ledger_core::seal::{SealedSecretError, WrappingKey};
///
/// // In a program both come from a cryptographic random generator.
/// let (key, nonce) = (WrappingKey::from_bytes([7; 32]), [9; 24]);
/// let sealed = key.seal("entropy", b"secret", &nonce);
/// assert_eq!(*key.open("entropy", &sealed)?, b"secret");
/// assert_eq!(key.open("recovery", &sealed), Err(SealedSecretError::Damaged));
/// let other = WrappingKey::from_bytes([8; 32]);
/// assert_eq!(other.open("entropy", &sealed), Err(SealedSecretError::OtherKey));
/// # Ok::<(), SealedSecretError>(())
/// ```
#[derive(Clone)]
pub struct WrappingKey(Zeroizing<[u8; 32]>);

/// Reason why a sealed secret does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealedSecretError {
    /// The bytes were never sealed, or hardly anything of them is left (rule Z1).
    #[error("the secret is not sealed, or only a piece of it is left")]
    NotSealed,
    /// The secret is whole, but sealed under another key (rule Z2).
    #[error("the secret is sealed under another key")]
    OtherKey,
    /// A byte was altered, or the secret was kept under another name (rules Z1, Z3).
    #[error("the secret is damaged, or was kept under another name")]
    Damaged,
}

impl WrappingKey {
    /// Creates a key from 32 bytes of a cryptographic random generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes of the key, for sealing them under another key.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals the secret of this name. `nonce` must be 24 fresh random bytes.
    #[must_use]
    pub fn seal(&self, name: &str, secret: &[u8], nonce: &[u8; 24]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(secret.len().saturating_add(OVERHEAD));
        sealed.push(VERSION);
        sealed.extend_from_slice(self.commit().as_slice());
        sealed.extend_from_slice(nonce);
        sealed.extend(aead::seal(&self.sealing(), nonce, &associated(name), secret));
        append_check(&mut sealed);
        sealed
    }

    /// Opens a secret that was sealed under this key for this name.
    ///
    /// # Errors
    /// [`SealedSecretError`] says what is wrong with it.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealedSecretError> {
        let (commit, nonce, ciphertext) = parts(sealed)?;
        // A comparison in constant time is not needed: the commitment is no secret.
        if *commit != *self.commit() {
            return Err(SealedSecretError::OtherKey);
        }
        aead::open(&self.sealing(), nonce, &associated(name), ciphertext)
            .ok_or(SealedSecretError::Damaged)
    }

    /// Whether these bytes are a sealed secret, under any key.
    #[must_use]
    pub fn is_sealed(bytes: &[u8]) -> bool {
        parts(bytes).is_ok()
    }

    fn commit(&self) -> Zeroizing<[u8; 32]> {
        kdf(&self.0, Tag::REST_COMMIT, &[])
    }

    fn sealing(&self) -> Zeroizing<[u8; 32]> {
        kdf(&self.0, Tag::REST_SEAL, &[])
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKey(secret)")
    }
}

type Parts<'a> = (&'a [u8; 32], &'a [u8; 24], &'a [u8]);

/// Splits a sealed secret into commitment, nonce and ciphertext, if it is whole (rule Z1).
fn parts(sealed: &[u8]) -> Result<Parts<'_>, SealedSecretError> {
    let not_sealed = SealedSecretError::NotSealed;
    if sealed.len() < OVERHEAD || sealed.first() != Some(&VERSION) {
        return Err(not_sealed);
    }
    let body = strip_check(sealed).ok_or(SealedSecretError::Damaged)?;
    let (_, rest) = body.split_first().ok_or(not_sealed)?;
    let (commit, rest) = rest.split_first_chunk::<32>().ok_or(not_sealed)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<24>().ok_or(not_sealed)?;
    Ok((commit, nonce, ciphertext))
}

fn associated(name: &str) -> Vec<u8> {
    [Tag::REST.as_bytes(), &[VERSION], name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> WrappingKey {
        WrappingKey::from_bytes([byte; 32])
    }

    /// With the check that fits, as somebody would who meant it.
    fn with_check(mut body: Vec<u8>) -> Vec<u8> {
        append_check(&mut body);
        body
    }

    fn forged(sealed: &[u8], place: usize) -> Vec<u8> {
        let mut body = sealed[..sealed.len() - 4].to_vec();
        body[place] ^= 1;
        with_check(body)
    }

    #[test]
    fn z1_every_altered_byte_is_told_from_another_key() {
        let sealed = key(1).seal("entropy", &[5; 32], &[2; 24]);
        assert_eq!(sealed.len(), 32 + OVERHEAD);
        assert!(WrappingKey::is_sealed(&sealed));
        assert_eq!(**key(1).open("entropy", &sealed).unwrap(), [5; 32]);
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 0x10;
            let expected = match place {
                0 => SealedSecretError::NotSealed,
                _ => SealedSecretError::Damaged,
            };
            assert_eq!(key(1).open("entropy", &altered), Err(expected), "{place}");
            assert!(key(1).open("entropy", &sealed[..place]).is_err(), "{place}");
            assert!(!WrappingKey::is_sealed(&sealed[..place]));
        }
        assert_eq!(key(1).open("entropy", &[5; 32]), Err(SealedSecretError::NotSealed));
        assert_eq!(key(1).open("entropy", &[1; 200]), Err(SealedSecretError::Damaged));
    }

    #[test]
    fn z2_the_sealed_bytes_commit_to_the_key() {
        let sealed = key(1).seal("entropy", &[5; 32], &[2; 24]);
        assert_eq!(key(3).open("entropy", &sealed), Err(SealedSecretError::OtherKey));
        for place in 1..33 {
            let forged = forged(&sealed, place);
            assert_eq!(key(1).open("entropy", &forged), Err(SealedSecretError::OtherKey));
        }
        // The commitment of one key before the ciphertext of another.
        let other = key(3).seal("entropy", &[5; 32], &[2; 24]);
        let mixed = with_check([&other[..33], &sealed[33..sealed.len() - 4]].concat());
        assert_eq!(key(3).open("entropy", &mixed), Err(SealedSecretError::Damaged));
    }

    #[test]
    fn z3_what_was_forged_or_renamed_does_not_open() {
        let sealed = key(1).seal("device-a", &[5; 64], &[2; 24]);
        assert_eq!(key(1).open("device-b", &sealed), Err(SealedSecretError::Damaged));
        for place in 33..sealed.len() - 4 {
            let opened = key(1).open("device-a", &forged(&sealed, place));
            assert_eq!(opened, Err(SealedSecretError::Damaged), "{place}");
        }
        let empty = key(1).seal("", &[], &[0; 24]);
        assert!(key(1).open("", &empty).unwrap().is_empty());
        assert!(!format!("{:?}", key(1)).contains('1'));
    }
}
