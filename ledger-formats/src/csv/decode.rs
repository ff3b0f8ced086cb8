//! Bytes of a file into text.

use std::borrow::Cow;

use crate::import::{Problem, ProblemKind};

/// A byte order mark.
const BOM: char = '\u{feff}';

/// The text of a file without byte order marks, and whether it is UTF-16, as spreadsheets save "Unicode
/// text". UTF-16 needs its mark: without one, the zero bytes say that the file is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, bool), Problem> {
    let (rest, is_little) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, true),
        [0xfe, 0xff, rest @ ..] => (rest, false),
        _ => return Ok((Cow::Borrowed(utf8(bytes)?.trim_start_matches(BOM)), false)),
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    let unit = |pair| if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text = String::with_capacity(pairs.len());
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c) if c != '\0' => text.push(c),
            _ => return Err(Problem::new(lines(text.as_bytes()), ProblemKind::NotText)),
        }
    }
    // Some programs end the file with the second half of a line break.
    if !matches!(odd, [] | [0 | b'\n' | b'\r']) {
        return Err(Problem::new(lines(text.as_bytes()), ProblemKind::NotText));
    }
    Ok((Cow::Owned(text.trim_start_matches(BOM).to_owned()), true))
}

/// The bytes as text without zero bytes, which are a sign of UTF-16 without a mark or of a file that is
/// no text at all.
fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    let valid = match core::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    let valid = bytes.iter().take(valid).position(|byte| *byte == 0).unwrap_or(valid);
    let (before, after) = bytes.split_at_checked(valid).unwrap_or((bytes, &[]));
    match core::str::from_utf8(before) {
        Ok(text) if after.is_empty() => Ok(text),
        _ => Err(Problem::new(lines(before), ProblemKind::NotText)),
    }
}

/// The line behind these bytes, counted from 1. Lines end with LF, CR LF or CR.
fn lines(bytes: &[u8]) -> u64 {
    let following = bytes.iter().skip(1).map(Some).chain([None]);
    let ends = bytes.iter().zip(following).filter(|(byte, following)| match byte {
        b'\n' => true,
        b'\r' => *following != Some(&b'\n'),
        _ => false,
    });
    u64::try_from(ends.count()).unwrap_or(u64::MAX).saturating_add(1)
}
