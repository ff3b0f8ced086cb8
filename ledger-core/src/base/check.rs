//! Check bytes: four bytes behind data that shows damage (SPEC §1.2).
//!
//! They detect accidents, such as a message that was copied in part. They prove
//! nothing about an author: anybody can compute them.

use super::hash::{Tag, digest};

/// Length of the check bytes.
pub(crate) const CHECK_BYTES: usize = 4;

/// The check bytes of the concatenation of `parts`: the first four bytes of
/// `D("check", parts)`.
pub(crate) fn check_bytes(parts: &[&[u8]]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, ..] = digest(Tag::CHECK, parts);
    [a, b, c, d]
}

/// Appends to `bytes` the check bytes of everything that `bytes` holds.
pub(crate) fn append_check(bytes: &mut Vec<u8>) {
    let check = check_bytes(&[bytes.as_slice()]);
    bytes.extend_from_slice(&check);
}

/// Splits off the check bytes at the end of `bytes`. Returns what precedes them if
/// they fit, and `None` if they do not or `bytes` is shorter than they are.
pub(crate) fn strip_check(bytes: &[u8]) -> Option<&[u8]> {
    let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
    (check_bytes(&[body]) == *check).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_bytes_come_off_only_if_nothing_changed() {
        let mut bytes = b"some bytes".to_vec();
        append_check(&mut bytes);
        assert_eq!(bytes.len(), 10 + CHECK_BYTES);
        assert_eq!(strip_check(&bytes), Some(&b"some bytes"[..]));
        assert_eq!(check_bytes(&[b"some ", b"bytes"]), bytes[10..]);
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            assert_eq!(strip_check(&altered), None, "{place}");
            assert_eq!(strip_check(&bytes[..place]), None, "{place}");
        }
    }
}
