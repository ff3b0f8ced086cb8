//! Fingerprints: digits that two people compare to know that they mean the same keys.

use core::fmt;

use super::{Card, DeviceCertificate};
use crate::base::hash::{Tag, digest};

/// Thirty digits that identify a card or a certificate (SPEC §3.2). They are short enough to
/// read aloud, and so many that an attacker cannot find keys with equal digits.
///
/// ```
/// # use ledger_core::GroupId;
/// # use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
/// # let group = GroupId::from_bytes([0; 32]);
/// # let phone = DeviceKey::from_bytes(&[1; 64]);
/// let entropy = RootEntropy::from_bytes([2; 32]);
/// let card = SignedCard::new(group, "Ben", &entropy, 0, &phone)?;
/// let digits = card.card().fingerprint().to_string();
/// assert_eq!(digits.split(' ').map(str::len).collect::<Vec<_>>(), [5; 6]);
/// # Ok::<(), ledger_core::Refusal>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u32; 6]);

impl Fingerprint {
    pub(crate) fn compute(bytes: &[u8]) -> Self {
        let hash = digest(Tag::FINGERPRINT, &[bytes]);
        let mut groups = [0; 6];
        let (words, _) = hash.as_chunks::<4>();
        for (group, word) in groups.iter_mut().zip(words) {
            *group = u32::from_be_bytes(*word) % 100_000;
        }
        Self(groups)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = &self.0;
        write!(f, "{first:05}")?;
        rest.iter().try_for_each(|group| write!(f, " {group:05}"))
    }
}

impl Card {
    /// The fingerprint that the person and the admitting member compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::compute(self.as_bytes())
    }
}

impl DeviceCertificate {
    /// The fingerprint that the device and the enrolling member compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::compute(self.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_hash() {
        // From: printf '\x10gl/1/fingerprintabc' | sha256sum
        assert_eq!(Fingerprint::compute(b"abc").to_string(), "52573 22228 18068 70414 65485 57445");
        assert_eq!(Fingerprint([0, 1, 99_999, 7, 10_000, 0]).to_string().len(), 35);
    }
}
