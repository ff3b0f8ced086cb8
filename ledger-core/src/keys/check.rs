//! Checks of keys that are introduced (rules K1 and K2), and of single signatures.

use crate::base::hash::{Tag, signed_message};
use crate::base::rule::{Refusal, Rule};
use ed25519_zebra::{Signature, VerificationKey};

/// Rule K1: refuses small-order, torsioned and non-canonical Ed25519 keys.
/// Under ZIP 215 the identity key would verify anything.
pub(super) fn check_ed25519(key: &[u8; 32], whose: &str) -> Result<(), Refusal> {
    let refused = || Refusal::with_detail(Rule::K1, whose);
    let point = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| refused())?.to_edwards();
    let canonical = point.compress().to_bytes() == *key;
    if !canonical || point.is_small_order() || !point.is_torsion_free() {
        return Err(refused());
    }
    Ok(())
}

/// Rule K2: refuses low-order and non-canonical X25519 keys, which would make
/// every later key wrap fail.
pub(crate) fn check_x25519(key: &[u8; 32], whose: &str) -> Result<(), Refusal> {
    // 2^255 - 19, little-endian; a canonical coordinate is smaller.
    const PRIME: [u8; 32] = {
        let mut prime = [0xff; 32];
        prime[0] = 0xed;
        prime[31] = 0x7f;
        prime
    };
    let canonical = key.iter().rev().lt(PRIME.iter().rev());
    if !canonical || LOW_ORDER.contains(key) {
        return Err(Refusal::with_detail(Rule::K2, whose));
    }
    Ok(())
}

/// The canonical coordinates of low order, on the curve or its twist: those of order 1 and 2, 4,
/// 8, 8, and 4 on the twist (<https://cr.yp.to/ecdh.html#validate>). Every scalar maps them to
/// zero, and no other coordinate. To try a scalar on each key would tell the same, and double what
/// a rotation costs.
const LOW_ORDER: [[u8; 32]; 5] = [
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// Checks a certificate's signature under ZIP 215 (rule K4).
pub(crate) fn check_signature(
    key: &[u8; 32],
    tag: Tag,
    bytes: &[u8],
    signature: &[u8; 64],
    whose: &str,
) -> Result<(), Refusal> {
    VerificationKey::try_from(*key)
        .and_then(|key| key.verify(&Signature::from(*signature), &signed_message(tag, bytes)))
        .map_err(|_| Refusal::with_detail(Rule::K4, whose))
}

#[cfg(test)]
mod tests {
    use x25519_dalek::{PublicKey, StaticSecret};

    use super::*;

    /// Encodings of all eight points of small order, and some of their
    /// non-canonical forms ("Taming the many EdDSAs", Table 1).
    const SMALL_ORDER: &[&str] = &[
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    fn bytes(hex: &str) -> [u8; 32] {
        *hex.parse::<crate::base::id::EntryId>().unwrap().as_bytes()
    }

    #[test]
    fn k1_refuses_weak_and_ambiguous_ed25519_keys() {
        for hex in SMALL_ORDER {
            let found = check_ed25519(&bytes(hex), "it").map_err(|e| e.rule());
            assert_eq!(found, Err(Rule::K1), "{hex}");
        }
        let honest = ed25519_dalek::SigningKey::from_bytes(&[5; 32]).verifying_key();
        assert_eq!(check_ed25519(honest.as_bytes(), "it"), Ok(()));
        // The same key plus a point of order two: valid, but with torsion.
        let two = ed25519_dalek::VerifyingKey::from_bytes(&bytes(SMALL_ORDER[1])).unwrap();
        let torsioned = (honest.to_edwards() + two.to_edwards()).compress().to_bytes();
        assert_eq!(check_ed25519(&torsioned, "it").map_err(|e| e.rule()), Err(Rule::K1));
    }

    #[test]
    fn k2_refuses_low_order_and_non_canonical_x25519_keys() {
        // RFC 7748 §6.1 and https://cr.yp.to/ecdh.html#validate.
        for hex in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0900000000000000000000000000000000000000000000000000000000000080",
        ] {
            let found = check_x25519(&bytes(hex), "it").map_err(|e| e.rule());
            assert_eq!(found, Err(Rule::K2), "{hex}");
        }
        // Exactly these are mapped to zero: as many as the curve (8) and its twist (4) have.
        let secret = StaticSecret::from([0x42; 32]);
        for key in LOW_ORDER {
            assert!(!secret.diffie_hellman(&PublicKey::from(key)).was_contributory());
            for neighbour in [key[0].wrapping_sub(2), key[0] ^ 0x80] {
                let mut near = key;
                near[0] = neighbour;
                assert!(secret.diffie_hellman(&PublicKey::from(near)).was_contributory());
            }
        }
        let honest = PublicKey::from(&StaticSecret::from([7; 32]));
        assert_eq!(check_x25519(honest.as_bytes(), "it"), Ok(()));
    }
}
