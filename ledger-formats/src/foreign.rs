//! Files that are no export of any program, by their first bytes: people choose the wrong file.

use ledger_core::bundle::Records;
use ledger_core::messages::MessageKind;

/// First bytes that a file is read to.
const HEAD: usize = 65_536;

/// Most bytes of a message of this library.
const MESSAGE: usize = 256 << 10;

/// First bytes of files of other kinds, and what they are.
const MAGIC: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a workbook or ZIP file; save the sheet as CSV, or unpack the file"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel workbook or another Office file; save the \
      sheet as CSV",
    ),
    (b"SQLite format 3\0", "a database; export the group from its program as CSV"),
    (
        b"group-ledger keys 1",
        "a key file of this program: whoever reads it can read the ledger; keep \
      it secret, and choose the export",
    ),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG); choose the export"),
    (b"\xff\xd8\xff", "a picture (JPEG); choose the export"),
    (b"GIF8", "a picture (GIF); choose the export"),
    (b"%PDF-", "a PDF document; export the group as CSV"),
    (b"{\\rtf", "a text document (RTF); export the group as CSV"),
    (b"\x1f\x8b", "a compressed file (gzip); unpack it"),
    (b"Rar!", "a compressed file (RAR); unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file (7z); unpack it"),
    (b"!Type:", "an export for Quicken (QIF); export the group as CSV"),
    (b"OFXHEADER", "a statement of a bank (OFX); export the group as CSV"),
];

/// Words with which texts of other kinds begin, in small letters, and what they are.
const WORDS: &[(&str, &str)] = &[
    ("<!doctype html", "a web page; export the group as CSV"),
    ("<html", "a web page; export the group as CSV"),
    ("<?xml", "an XML file; export the group as CSV"),
    ("<svg", "a picture (SVG); choose the export"),
];

/// The kind of a file that no reader takes, with what to do about it.
pub(crate) fn kind(bytes: &[u8]) -> Option<&'static str> {
    let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    if let Some((_, kind)) = magic {
        return Some(kind);
    }
    // A container of pictures and videos has its length before its name.
    match bytes.get(4..12) {
        Some(b"ftypheic" | b"ftypmif1" | b"ftypavif") => {
            return Some("a picture; choose the export");
        }
        Some([b'f', b't', b'y', b'p', ..]) => return Some("a video; choose the export"),
        _ => {}
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("a picture (WebP); choose the export");
    }
    let start = bytes.get(..bytes.len().min(HEAD)).unwrap_or(bytes);
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    if let Some((_, kind)) = WORDS.iter().find(|(word, _)| begins(word)) {
        return Some(kind);
    }
    of_this_library(bytes, start)
}

/// The kind of a file that this library writes for others.
fn of_this_library(bytes: &[u8], start: &[u8]) -> Option<&'static str> {
    const MESSAGE_OF_OURS: &str = "a message of Group Ledger, such as an invite or a request to join; receive it, choose the \
         export here";
    let text = || core::str::from_utf8(bytes).ok().map(|text| text.trim());
    let is_message = bytes.len() <= MESSAGE
        && (MessageKind::from_message(bytes).is_ok()
            || text().is_some_and(|text| {
                text.starts_with("ledger://") || MessageKind::from_text(text).is_ok()
            }));
    if is_message {
        return Some(MESSAGE_OF_OURS);
    }
    let mut records = Records::new();
    records.push(start);
    records
        .next_record()
        .is_some()
        .then_some("a bundle of Group Ledger, which has entries and no rows; import it as a bundle")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_named() {
        for (bytes, word) in [
            (&b"PK\x03\x04rest"[..], "workbook"),
            (b"\x89PNG\r\n\x1a\nrest", "PNG"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "picture"),
            (b"\0\0\0\x18ftypisom\0\0\0\0", "video"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
            (b"%PDF-1.7\n%", "PDF"),
            (b"{\\rtf1 text}", "RTF"),
            (b"\xef\xbb\xbf\n <!DOCTYPE HTML><p>", "web page"),
            (b"group-ledger keys 1: whoever reads this file", "key file"),
            (b"ledger://join#AAAA\n", "message"),
        ] {
            let found = kind(bytes).unwrap_or_default();
            assert!(found.contains(word), "{word}: {found:?}");
        }
        for text in ["", "Date,Description", "hello", "{\"a\": 1}", "\u{feff}what,amount"] {
            assert_eq!(kind(text.as_bytes()), None, "{text:?}");
        }
    }
}
