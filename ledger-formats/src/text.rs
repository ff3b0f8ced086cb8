//! Text without characters that act on what reads it.

/// The text on one line, without control characters and marks that turn the direction of writing.
///
/// Line breaks and tabs become spaces; every other such character becomes U+FFFD.
///
/// ```
/// assert_eq!(ledger_formats::one_line("Tea\nfor\ttwo\u{1b}[2J"), "Tea for two\u{fffd}[2J");
/// ```
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                '\u{fffd}'
            }
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
