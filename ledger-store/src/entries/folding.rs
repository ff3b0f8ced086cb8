//! Folding of text for the word index: what people take for the same word becomes the same letters,
//! and scripts that are written without spaces become words.
//!
//! Texts and searches are folded alike, so a search for "strasse" finds "Straße", and one for a part
//! of a Japanese text finds it. FTS5 itself ignores accents (`remove_diacritics 2`).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// Folds a text. Letters of Latin and other scripts with spaces keep their words; each letter of a
/// script without spaces becomes a word, so that a part of such a text is a phrase.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    // FTS5 folds these.
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkc() {
        if is_unspaced(letter) {
            folded.push(' ');
            folded.push(letter);
            folded.push(' ');
        } else {
            // Twice, as the capital sharp s has no capital letters of its own, and the small one has
            // two. One letter at a time, so that the place in a word makes no difference.
            let small = letter.to_lowercase().flat_map(char::to_uppercase);
            folded.extend(small.flat_map(char::to_lowercase));
        }
    }
    Cow::Owned(folded)
}

/// Whether a letter is of a script that is written without spaces between words, or, as Hangul, is
/// searched by syllables.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{312f}' // Hiragana, Katakana, Bopomofo
        | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' // Han
        | '\u{ac00}'..='\u{d7a3}' // Hangul
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_take_for_the_same_becomes_the_same() {
        let words = |text: &str| fold(text).split_whitespace().map(str::to_lowercase).collect();
        for (one, other) in [
            ("Straße", "strasse"),
            ("STRASSE", "stra\u{1e9e}e"),
            ("ﬁlm", "FILM"),
            ("ΟΔΟΣ", "οδος"),
            ("ＡＢＣ１２", "abc12"),
            ("ｶﾞ", "ガ"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
            ("東京タワー", "東 京 タ ワ ー"),
            ("x東", "x 東"),
        ] {
            let (one, other): (Vec<String>, Vec<String>) = (words(one), words(other));
            assert_eq!(one, other);
        }
        assert!(matches!(fold("Dinner, 42"), Cow::Borrowed("Dinner, 42")));
        assert_eq!(fold("Müll"), "müll", "accents are left to the index");
    }

    proptest::proptest! {
        /// Case makes no difference, and folding again changes no word.
        #[test]
        fn folding_ignores_case_and_is_done_once(text in "\\PC{0,20}") {
            let once = fold(&text).into_owned();
            let again: Vec<String> =
                fold(&once).split_whitespace().map(str::to_owned).collect();
            let first: Vec<&str> = once.split_whitespace().collect();
            if !text.is_ascii() {
                proptest::prop_assert_eq!(again, first);
            }
        }
    }
}
