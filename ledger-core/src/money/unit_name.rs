//! Names of units: the characters that they have (rule P5), and names that people would take for a
//! currency.

use unicode_normalization::UnicodeNormalization as _;

use super::currency_table::{CURRENT, OTHER, RETIRED};

/// Bytes of the longest name of a unit.
pub(super) const MAX_UNIT_NAME_BYTES: usize = 16;

/// Whether an entry may have a unit of this name (SPEC §4).
pub(super) fn is_unit_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= MAX_UNIT_NAME_BYTES;
    let spaced = !name.ends_with(' ') && !name.contains("  ");
    let is_code = name.len() == 3 && name.bytes().all(|b| b.is_ascii_uppercase());
    let mut characters = name.char_indices();
    fits && spaced && !is_code && characters.all(|(at, c)| is_unit_name_character(c, at == 0))
}

/// Whether a name may have this character there. The rules of a name never change, as all devices
/// must judge it alike; so this does not ask the standard library's tables of Unicode, which grow.
pub(super) fn is_unit_name_character(character: char, is_first: bool) -> bool {
    match character {
        'A'..='Z' | 'a'..='z' => true,
        '0'..='9' | ' ' | '-' | '.' | '_' => !is_first,
        _ => !character.is_ascii() && !HIDDEN.iter().any(|(a, z)| (*a..=*z).contains(&character)),
    }
}

/// Characters beyond ASCII that show nothing, are spaces, or turn the direction of writing.
const HIDDEN: [(char, char); 26] = [
    ('\u{80}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{ffffd}'),
    ('\u{100000}', '\u{10fffd}'),
];

/// The listed code that people would read in a name: the same letters, small or capital, full width,
/// or of the Greek or Cyrillic script. Which codes are listed may grow, so no rule of entries asks.
pub(super) fn listed_lookalike(name: &str) -> Option<&'static str> {
    let read: String = name.nfkd().map(latin).map(|letter| letter.to_ascii_uppercase()).collect();
    let lists = CURRENT.iter().chain(&RETIRED).chain(&OTHER);
    lists.map(|(code, _)| *code).find(|code| *code == read)
}

/// The Latin letter that a Greek or Cyrillic one looks like, else the letter itself.
fn latin(letter: char) -> char {
    const GREEK: (&str, &str) = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲ", "ABEZHIKMNOPTYXoc");
    const CYRILLIC: (&str, &str) = ("АВЕЅІЈКМНОРСТУХЗаеіјорсухѕ", "ABESIJKMHOPCTYX3aeijopcyxs");
    [GREEK, CYRILLIC]
        .iter()
        .flat_map(|(foreign, latin)| foreign.chars().zip(latin.chars()))
        .find_map(|(foreign, latin)| (foreign == letter).then_some(latin))
        .unwrap_or(letter)
}
