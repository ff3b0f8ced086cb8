//! Padding to size classes, so that sizes reveal little (SPEC §11.3).

/// The smallest step between two sizes.
const STEP_BYTES: usize = 512;

/// Most bytes of a padded plaintext: the largest entry with its framing.
pub(crate) const MAX_PADDED_BYTES: usize = 65_536;

/// The size to which `len` bytes are padded: the next multiple of 512 or, where
/// that is coarser, of what Padmé rounds to (Nikitin et al., "Reducing Metadata
/// Leakage from Encrypted Files and Communication with PURBs", 2019): at most
/// an eighth more above 4 KiB, with as many classes as the logarithm has bits.
pub(crate) fn padded_len(len: usize) -> usize {
    let exponent = len.max(1).ilog2();
    let kept_bits = exponent.max(1).ilog2().saturating_add(1);
    let dropped_bits = exponent.saturating_sub(kept_bits);
    let step = 1usize.checked_shl(dropped_bits).unwrap_or(STEP_BYTES).max(STEP_BYTES);
    len.max(1).checked_next_multiple_of(step).unwrap_or(len)
}

/// Whether `len` is a size class.
pub(crate) fn is_padded_len(len: usize) -> bool {
    len > 0 && len <= MAX_PADDED_BYTES && padded_len(len) == len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_few_and_never_much_larger() {
        for (len, padded) in [
            (0, 512),
            (1, 512),
            (512, 512),
            (513, 1024),
            (4096, 4096),
            (4097, 4608),
            (8192, 8192),
            (8193, 8704),
            (16_385, 17_408),
            (32_769, 34_816),
            (65_535, 65_536),
            (65_536, 65_536),
        ] {
            assert_eq!(padded_len(len), padded, "{len}");
        }
        let mut classes = 0;
        for len in 1..=MAX_PADDED_BYTES {
            let padded = padded_len(len);
            assert!(padded >= len && padded <= MAX_PADDED_BYTES && is_padded_len(padded));
            assert!(padded - len < 512 || padded <= len + len / 8);
            classes += usize::from(is_padded_len(len));
        }
        assert_eq!(classes, 64);
        assert!(!is_padded_len(0) && !is_padded_len(MAX_PADDED_BYTES + 2048));
    }
}
