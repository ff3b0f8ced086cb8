//! The recovery phrase: a person's entropy as 24 words (SPEC §16.1; BIP 39).

use std::borrow::Cow;

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use super::RootEntropy;
use crate::base::rule::Rule;

/// Number of words of a phrase.
const WORDS: usize = 24;

/// Reason why typed words are no recovery phrase. The person who typed them can correct them. Never
/// shows a word, because a mistyped word is nearly the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhraseError {
    /// Rule R1: the phrase does not have 24 words.
    #[error("a recovery phrase has {WORDS} words, these are {found}; type all of them, in order")]
    WordCount {
        /// Number of words that were typed.
        found: usize,
    },
    /// Rule R1: a word is not in the list.
    #[error(
        "word {place} is not in the list of words of recovery phrases; compare it with what is \
         written down"
    )]
    UnknownWord {
        /// Number of the word, from 1.
        place: usize,
    },
    /// Rule R2: each word is in the list, but the checksum does not fit.
    #[error(
        "each word is in the list, but they are not a recovery phrase; one is another word \
         than the one written down, or two are swapped"
    )]
    Checksum,
}

impl PhraseError {
    /// The rule of SPEC.md that the phrase breaks.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self {
            Self::WordCount { .. } | Self::UnknownWord { .. } => Rule::R1,
            Self::Checksum => Rule::R2,
        }
    }
}

impl RootEntropy {
    /// The 24 words (BIP 39, English) that restore everything of this person:
    /// root keys, and with them what others shared with this person. To be
    /// shown to nobody else, and written down on paper.
    ///
    /// ```
    /// # use ledger_core::keys::RootEntropy;
    /// let entropy = RootEntropy::from_bytes([7; 32]);
    /// let phrase = entropy.reveal_phrase();
    /// assert_eq!(phrase.split(' ').count(), 24);
    /// let restored = RootEntropy::from_phrase(&phrase)?;
    /// assert_eq!(restored.root_key(0).id(), entropy.root_key(0).id());
    /// # Ok::<(), ledger_core::keys::PhraseError>(())
    /// ```
    #[must_use]
    pub fn reveal_phrase(&self) -> Zeroizing<String> {
        let mut phrase = Zeroizing::new(String::with_capacity(WORDS.saturating_mul(9)));
        // 32 bytes are always an entropy that BIP 39 knows.
        let mnemonic = Mnemonic::from_entropy_in(Language::English, self.expose_bytes());
        debug_assert!(mnemonic.is_ok());
        for word in mnemonic.iter().flat_map(Mnemonic::words) {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        phrase
    }

    /// Reads a phrase as a person types it: capital letters, further white
    /// space and other Unicode forms of the same letters do not matter.
    ///
    /// # Errors
    /// [`PhraseError`] says which word is wrong, or that the words do not
    /// belong together.
    pub fn from_phrase(typed: &str) -> Result<Self, PhraseError> {
        let mut normal = Cow::Borrowed(typed);
        Mnemonic::normalize_utf8_cow(&mut normal);
        let typed = Zeroizing::new(normal.to_lowercase());
        if let Cow::Owned(normal) = normal {
            drop(Zeroizing::new(normal));
        }
        let found = typed.split_whitespace().count();
        if found != WORDS {
            return Err(PhraseError::WordCount { found });
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &typed);
        let mnemonic = mnemonic.map_err(|error| match error {
            bip39::Error::UnknownWord(place) => {
                PhraseError::UnknownWord { place: place.saturating_add(1) }
            }
            _ => PhraseError::Checksum,
        })?;
        let bytes = Zeroizing::new(mnemonic.to_entropy());
        bytes.first_chunk().map(|bytes| Self::from_bytes(*bytes)).ok_or(PhraseError::Checksum)
    }
}

/// The words of recovery phrases that begin with `prefix`, in the order of the
/// alphabet: an app offers them while a person types. The first four letters
/// tell every word.
///
/// ```
/// assert_eq!(ledger_core::keys::phrase_words("abst").collect::<Vec<_>>(), ["abstract"]);
/// ```
pub fn phrase_words(prefix: &str) -> impl Iterator<Item = &'static str> {
    let prefix = Zeroizing::new(prefix.trim().to_lowercase());
    let begins = move |word: &&str| word.starts_with(prefix.as_str());
    Language::English.word_list().iter().copied().filter(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of BIP 39 with 32 bytes of entropy
    /// (<https://github.com/trezor/python-mnemonic/blob/master/vectors.json>).
    const PUBLISHED: [(&str, &str); 8] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000000",
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
             abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
             abandon abandon abandon art",
        ),
        (
            "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
            "legal winner thank year wave sausage worth useful legal winner thank year wave \
             sausage worth useful legal winner thank year wave sausage worth title",
        ),
        (
            "8080808080808080808080808080808080808080808080808080808080808080",
            "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd \
             amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless",
        ),
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \
             zoo zoo vote",
        ),
        (
            "00ac97c48106f0aeb8ba061e0250a559b3251dc35854e694780ba51d53a50120",
            "absent gorilla van acoustic humor firm title dolphin bulk barely citizen recall \
             crane moment aspect appear track phrase actual enforce steel spoon afraid benefit",
        ),
        (
            "3edc83b60740d77af3afa2fcb82c2f1bc541ee4e2518ddef4996d32453f54a3c",
            "disagree tomato unique attend aspect runway solid violin witness scrap armed daring \
             favorite warm decade perfect target kid grant play early wide cigar night",
        ),
        (
            "89bb4bc5555992cdaf3444c5e7ca5a6e9f27efab894f1990bae41be8b2a26ea4",
            "meadow surge vanish primary odor grocery rubber mass shine dinner notable tag venue \
             water purchase clarify book magic ribbon daughter menu eye ritual orchard",
        ),
        (
            "911fec0fbd88029f6fa99164896c18d898c9232af18bdcca3e42d53b86493104",
            "much youth advance kitchen lens exile salt cram goose enter alert raise milk muscle \
             profit cousin system faint mouse price reveal cause series long",
        ),
    ];

    fn entropy(hex: &str) -> RootEntropy {
        RootEntropy::from_bytes(*hex.parse::<crate::base::id::EntryId>().unwrap().as_bytes())
    }

    fn error(phrase: &str) -> PhraseError {
        RootEntropy::from_phrase(phrase).unwrap_err()
    }

    #[test]
    fn published_vectors() {
        for (hex, phrase) in PUBLISHED {
            assert_eq!(*entropy(hex).reveal_phrase(), phrase);
            let restored = RootEntropy::from_phrase(phrase).unwrap();
            assert_eq!(restored.expose_bytes(), entropy(hex).expose_bytes());
        }
    }

    #[test]
    fn typing_is_forgiven() {
        let phrase = PUBLISHED[4].1;
        let shouted = format!("\n {}\t", phrase.to_uppercase().replace(' ', " \u{a0} "));
        // Full-width letters are other forms of the same (NFKD).
        let wide = phrase.replace("absent", "\u{ff21}\u{ff42}\u{ff53}\u{ff45}\u{ff4e}\u{ff54}");
        for typed in [shouted, wide] {
            let restored = RootEntropy::from_phrase(&typed).unwrap();
            assert_eq!(restored.expose_bytes(), entropy(PUBLISHED[4].0).expose_bytes());
        }
    }

    #[test]
    fn r1_a_wrong_count_or_word_is_named_without_showing_it() {
        let phrase = PUBLISHED[4].1;
        assert_eq!(error(""), PhraseError::WordCount { found: 0 });
        assert_eq!(error(&format!("{phrase} art")), PhraseError::WordCount { found: 25 });
        // Twelve words are a phrase of BIP 39, but not ours.
        let twelve = "abandon ".repeat(11) + "about";
        assert_eq!(error(&twelve), PhraseError::WordCount { found: 12 });
        let unknown = error(&phrase.replace("humor", "humour"));
        assert_eq!(unknown, PhraseError::UnknownWord { place: 5 });
        assert!(unknown.to_string().starts_with("word 5 "));
        assert!(!unknown.to_string().contains("humo"));
        assert_eq!(unknown.rule(), Rule::R1);
    }

    #[test]
    fn r2_words_that_do_not_belong_together() {
        let swapped = PUBLISHED[4].1.replace("absent gorilla", "gorilla absent");
        assert_eq!(error(&swapped), PhraseError::Checksum);
        assert_eq!(error(&swapped).rule(), Rule::R2);
    }

    #[test]
    fn words_for_a_prefix() {
        assert_eq!(phrase_words("ZO").collect::<Vec<_>>(), ["zone", "zoo"]);
        assert_eq!(phrase_words("").count(), 2048);
        assert_eq!(phrase_words("q7").count(), 0);
    }
}
