//! Names that people give: which ones this library writes, and which differ in nothing that shows.

use unicode_normalization::UnicodeNormalization as _;

/// Error of a name that nobody could read, or that would act on what shows it. Entries of other
/// devices may have such names all the same (rule P3 asks only that a name is not empty).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// No character of the name shows.
    #[error("a name has at least one character that people see; write one")]
    Invisible,
    /// The name has a control character, a line break, or a mark that turns the direction of all
    /// that follows.
    #[error("a name has no control character, and this one has U+{:04X}; leave it out", u32::from(*.0))]
    Control(char),
}

/// Checks a name that a person gives to a group, a member or themselves.
///
/// ```
/// use ledger_core::{NameError, check_name};
/// assert_eq!(check_name("Zoë 👩\u{200d}🚀"), Ok(()));
/// assert_eq!(check_name("\u{200b} "), Err(NameError::Invisible));
/// assert_eq!(check_name("Ben\n"), Err(NameError::Control('\n')));
/// ```
///
/// # Errors
/// [`NameError`] if no character of it shows, or it has a control character.
pub fn check_name(name: &str) -> Result<(), NameError> {
    if let Some(control) = name.chars().find(|c| is_control(*c)) {
        return Err(NameError::Control(control));
    }
    if visible_form(name).is_empty() { Err(NameError::Invisible) } else { Ok(()) }
}

/// The name without characters that do not show, with single spaces, and with every accent composed
/// with its letter (NFC). Names with one form differ in nothing that people see; letters of several
/// scripts can look alike all the same.
///
/// ```
/// use ledger_core::visible_form;
/// assert_eq!(visible_form("A\u{200b}nn\u{a0} Lee "), "Ann Lee");
/// assert_eq!(visible_form("Zoe\u{308}"), visible_form("Zo\u{eb}"));
/// assert_ne!(visible_form("Ann"), visible_form("ann"));
/// ```
#[must_use]
pub fn visible_form(name: &str) -> String {
    // First: a character that does not show keeps an accent from its letter.
    let shown = name.chars().filter(|c| c.is_whitespace() || !is_invisible(*c));
    let shown: String = shown.nfc().collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Controls, line breaks, and the marks that embed or override a direction of writing. The marks
/// U+200E and U+200F are none of these: keyboards put them into names in Arabic and Hebrew.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that show nothing: controls, Unicode's `Default_Ignorable_Code_Point`, the marks
/// around annotations (U+FFF9 to U+FFFB), the empty pattern of Braille, and the empty note head
/// (U+1D159).
fn is_invisible(c: char) -> bool {
    is_control(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_have_are_written() {
        for name in [
            "Anna",
            "李小龙",
            "O'Neill",
            "Mehmet \"Memo\" Yılmaz",
            " Ben ",
            "می\u{200c}نا",
            "עידו\u{200f}",
            "👩\u{200d}🚀",
            "❤\u{fe0f}",
            "\u{1d15e}\u{1d159}",
            "\u{fffc}",
            "\u{fffd}",
            "?",
            "e\u{301}",
        ] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn names_that_nobody_sees_are_not() {
        for name in [
            "",
            " ",
            "\u{a0}\u{3000}",
            "\u{200b}",
            "\u{200f}\u{200e}",
            "\u{feff}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}\u{2060}",
            "\u{e0001}",
            "\u{fff9}\u{fffa}\u{fffb}",
            "\u{1d159}",
        ] {
            assert_eq!(check_name(name), Err(NameError::Invisible), "{name:?}");
        }
    }

    #[test]
    fn names_that_act_on_a_screen_are_not() {
        for (name, control) in [
            ("\u{1b}[31mRed", '\u{1b}'),
            ("Ben\t", '\t'),
            ("a\u{85}b", '\u{85}'),
            ("gnp.\u{202e}exe", '\u{202e}'),
            ("\u{2066}x", '\u{2066}'),
            ("a\u{2028}b", '\u{2028}'),
        ] {
            assert_eq!(check_name(name), Err(NameError::Control(control)), "{name:?}");
        }
        let text = NameError::Control('\n').to_string();
        assert_eq!(text, "a name has no control character, and this one has U+000A; leave it out");
    }

    #[test]
    fn what_differs_in_nothing_that_shows_has_one_form() {
        for name in [
            "A\u{200b}nn",
            " Ann",
            "Ann\u{200f}",
            "\u{202e}Ann\u{1b}",
            "Ann\u{a0}",
            "\u{fff9}Ann\u{fffb}",
            "Ann\u{1d159}",
        ] {
            assert_eq!(visible_form(name), "Ann", "{name:?}");
        }
        for name in ["Zo\u{eb}", "Zoe\u{308}", "Zoe\u{200b}\u{308}", "Zoe\u{34f}\u{308}"] {
            assert_eq!(visible_form(name), "Zo\u{eb}", "{name:?}");
        }
        assert_eq!(visible_form("Ann \u{200b} Lee"), visible_form("Ann\u{a0}Lee"));
        assert_ne!(visible_form("Ann"), visible_form("ann"));
    }
}
