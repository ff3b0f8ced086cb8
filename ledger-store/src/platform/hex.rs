//! Hexadecimal text of bytes that are no ids.

use zeroize::Zeroizing;

/// The digits of bytes, in lower case. Wiped when dropped: some of the bytes are keys.
pub(crate) fn hex(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(base16ct::lower::encode_string(bytes))
}

/// The bytes of digits in either case; `None` if the text is not hexadecimal. What was read of a
/// text that is none is wiped.
pub(crate) fn from_hex(digits: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; digits.len() / 2]);
    let read = base16ct::mixed::decode(digits, &mut bytes).ok()?.len();
    (read == bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_either_case_are_read_and_nothing_else() {
        assert_eq!(hex(&[0, 0x0a, 0xff]).as_str(), "000aff");
        assert_eq!(from_hex("000AfF").unwrap().as_slice(), [0, 0x0a, 0xff]);
        assert_eq!(from_hex("").unwrap().as_slice(), [0; 0]);
        for text in ["0", "000", "0g", "é0", " 00", "+f", "00\n"] {
            assert!(from_hex(text).is_none(), "{text:?}");
        }
    }
}
