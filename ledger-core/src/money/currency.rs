//! Currencies: codes of three letters, and units of a group's own.

use core::fmt;
use std::collections::BTreeSet;

use super::currency_table::{CURRENT, OTHER, RETIRED};
use super::unit_name::{
    MAX_UNIT_NAME_BYTES, is_unit_name, is_unit_name_character, listed_lookalike,
};

/// Currency: a code of three letters `A` to `Z`, normally of ISO 4217, or a unit of a group's own,
/// which is written with its decimals, such as `beers/0`.
///
/// The ledger accepts any three letters from other devices (rule P5), because
/// ISO adds codes and two versions of this library must never disagree about
/// an entry. New money is recorded only in currencies that
/// [`Currency::from_code`] knows: every code that ISO 4217 lists or ever listed, a few that
/// apps use beside it, such as BTC, and every unit. A code that was known once stays known, with the
/// same decimals. Units that differ in decimals are two currencies.
///
/// Currencies are ordered by the bytes of their code.
///
/// ```
/// use ledger_core::Currency;
/// let exponent = |code: &str| Currency::from_code(code).map(|currency| currency.exponent());
/// assert_eq!(exponent("EUR"), Ok(2));
/// assert_eq!(exponent("ITL"), Ok(0));
/// assert_eq!(exponent("BTC"), Ok(8));
/// assert_eq!(exponent("beers/0"), Ok(0));
/// assert_eq!(exponent("USDT/6"), Ok(6));
/// assert!(exponent("Bitcoin").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// The code, filled up with zeros. No code has a zero, so the order is that of the codes.
    bytes: [u8; MAX_CODE_BYTES],
    len: u8,
}

/// Bytes of the longest code: a unit's name, the slash, and a digit.
const MAX_CODE_BYTES: usize = MAX_UNIT_NAME_BYTES + 2;

/// Most decimals of a unit.
const MAX_UNIT_DECIMALS: u32 = 9;

/// Error of a code in which no money is recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurrencyError {
    /// The code is not in the table of currencies.
    #[error(
        "{code:?} is not a known currency; write a code such as EUR, JPY or KWD, or a unit of your \
         own with its decimals, such as beers/0"
    )]
    Unknown {
        /// The beginning of the code.
        code: String,
    },
    /// What stands behind the slash of a unit is not its number of decimals.
    #[error(
        "{code:?} does not say how many decimals the unit has; write one digit behind the slash, \
         such as beers/0 or USDT/6"
    )]
    Decimals {
        /// The beginning of the code.
        code: String,
    },
    /// The name of a unit is too long.
    #[error(
        "the name of the unit {code:?} has {bytes} bytes, {} more than the 16 that fit; shorten it",
        .bytes.saturating_sub(MAX_UNIT_NAME_BYTES)
    )]
    TooLong {
        /// The beginning of the code.
        code: String,
        /// The length of the name in bytes.
        bytes: usize,
    },
    /// The name of a unit has a character that does not show, or that would mislead.
    #[error(
        "the name of a unit has letters of any script and, behind the first, digits, '-', '.', '_' \
         and single spaces; leave out {character:?} in {code:?}"
    )]
    Character {
        /// The beginning of the code.
        code: String,
        /// The first character that a name does not have there.
        character: char,
    },
    /// The unit would be taken for a currency.
    #[error(
        "people would take {code:?} for the currency {listed}; choose another name for the unit"
    )]
    Lookalike {
        /// The unit.
        code: String,
        /// The code for which it would be taken.
        listed: String,
    },
}

/// Decimals of a code that this build does not know (SPEC §4).
const UNKNOWN_EXPONENT: u32 = 2;

impl Currency {
    /// Creates a currency from a known code, in capitals, or from a unit with its decimals.
    ///
    /// # Errors
    /// [`CurrencyError`] if the code is not in the table of currencies, or the unit is none in which
    /// this library records.
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        match code.rsplit_once('/') {
            Some((name, decimals)) => {
                let error = || CurrencyError::Decimals { code: beginning(code) };
                let one_digit = decimals.len() == 1;
                let decimals = decimals.parse().ok().filter(|_| one_digit).ok_or_else(error)?;
                Self::unit(name, decimals)
            }
            None => {
                let error = || CurrencyError::Unknown { code: beginning(code) };
                let known = Self::from_letters(code.as_bytes()).ok_or_else(error)?;
                known.listed_exponent().map(|_| known).ok_or_else(error)
            }
        }
    }

    /// Creates a unit of a group's own, such as points or a coin that has no code.
    ///
    /// ```
    /// use ledger_core::{Amount, Currency};
    /// let tether = Currency::unit("USDT", 6)?;
    /// assert_eq!(tether.code(), "USDT/6");
    /// assert_eq!(Amount::parse("1.5", tether)?.minor_units(), 1_500_000);
    /// assert!(Currency::unit("EUR", 2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CurrencyError`] says what the name or the number of decimals has that a unit has not.
    pub fn unit(name: &str, decimals: u32) -> Result<Self, CurrencyError> {
        use unicode_normalization::UnicodeNormalization as _;
        // Composed and decomposed letters look the same, and would be two currencies.
        let name: String = name.nfc().collect();
        let code = format!("{name}/{decimals}");
        if decimals > MAX_UNIT_DECIMALS {
            return Err(CurrencyError::Decimals { code: beginning(&code) });
        }
        let bytes = name.len();
        if bytes > MAX_UNIT_NAME_BYTES {
            return Err(CurrencyError::TooLong { code: beginning(&code), bytes });
        }
        if let Some(listed) = listed_lookalike(&name) {
            return Err(CurrencyError::Lookalike { code, listed: listed.to_owned() });
        }
        Self::from_recorded(&code).ok_or_else(|| {
            let wrong = name.char_indices().find(|(at, c)| !is_unit_name_character(*c, *at == 0));
            // A space at the end, or next to another.
            let character = wrong.map_or(' ', |(_, character)| character);
            match name.is_empty() {
                true => CurrencyError::Unknown { code: beginning(&code) },
                false => CurrencyError::Character { code: beginning(&code), character },
            }
        })
    }

    /// Creates a currency from the code that an entry of another device may have (rule P5): also letters
    /// that this version does not know, and units that it would not write. Use it to read, not to
    /// record.
    #[must_use]
    pub fn from_recorded(code: &str) -> Option<Self> {
        match code.rsplit_once('/') {
            None => Self::from_letters(code.as_bytes()),
            Some((name, decimals)) => {
                let one_digit = decimals.len() == 1 && decimals.bytes().all(|b| b.is_ascii_digit());
                (one_digit && is_unit_name(name)).then(|| Self::from_bytes(code.as_bytes()))?
            }
        }
    }

    /// Creates a currency from any three letters A to Z (rule P5).
    pub(crate) fn from_letters(letters: &[u8]) -> Option<Self> {
        let is_code = letters.len() == 3 && letters.iter().all(u8::is_ascii_uppercase);
        is_code.then(|| Self::from_bytes(letters))?
    }

    fn from_bytes(code: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_CODE_BYTES];
        bytes.get_mut(..code.len())?.copy_from_slice(code);
        Some(Self { bytes, len: u8::try_from(code.len()).ok()? })
    }

    /// All listed currencies, ascending by code: for a list from which a person chooses.
    pub fn all() -> impl Iterator<Item = Self> {
        let codes = CURRENT.iter().chain(&RETIRED).chain(&OTHER);
        let all: BTreeSet<Self> =
            codes.filter_map(|(code, _)| Self::from_letters(code.as_bytes())).collect();
        all.into_iter()
    }

    /// The three letters, or a unit with its decimals, such as `beers/0`. [`Currency::from_code`]
    /// reads it.
    #[must_use]
    pub fn code(&self) -> &str {
        let code = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        // Only texts get in, so this never falls back.
        core::str::from_utf8(code).unwrap_or_default()
    }

    /// The name of a unit, such as `beers` of `beers/0`; none of a currency with a code.
    #[must_use]
    pub fn unit_name(&self) -> Option<&str> {
        self.code().rsplit_once('/').map(|(name, _)| name)
    }

    /// Number of decimals of the currency: EUR 2, JPY 0, KWD 3, BTC 8; of a unit what stands behind
    /// the slash; 2 for a code that this version does not know.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        let decimals = self.code().rsplit_once('/').and_then(|(_, decimals)| decimals.parse().ok());
        decimals.or_else(|| self.listed_exponent()).unwrap_or(UNKNOWN_EXPONENT)
    }

    /// Whether ISO 4217 listed the code once and does so no more, as DEM. Money can be recorded in
    /// it all the same; a list from which a person chooses may show it last.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.find(&RETIRED).is_some()
    }

    fn listed_exponent(&self) -> Option<u32> {
        self.find(&CURRENT).or_else(|| self.find(&RETIRED)).or_else(|| self.find(&OTHER))
    }

    /// The decimals of the code in one of the lists.
    fn find(&self, list: &[(&str, u32)]) -> Option<u32> {
        let row = list.binary_search_by_key(&self.code(), |(code, _)| code).ok()?;
        list.get(row).map(|(_, exponent)| *exponent)
    }
}

/// The beginning of what was given for a code, for an error.
fn beginning(code: &str) -> String {
    code.chars().take(24).collect()
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

impl core::str::FromStr for Currency {
    type Err = CurrencyError;
    fn from_str(code: &str) -> Result<Self, CurrencyError> {
        Self::from_code(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    /// The promise: each line a code and its decimals. Lines are only ever added, at the end.
    const PROMISED: &str = include_str!("currencies.txt");

    /// SHA-256 of the lines that were there when the table was first released.
    const FIRST_LINES: (usize, &str) =
        (323, "f84ba297a4b3042988e26323104d0afaad4af267798331dd89a43c74cc1e4017");

    fn promised() -> Vec<(&'static str, u32)> {
        let line = |line: &'static str| line.split_once(' ').unwrap();
        PROMISED.lines().map(line).map(|(code, n)| (code, n.parse().unwrap())).collect()
    }

    #[test]
    fn a_code_that_was_known_stays_known_with_its_decimals() {
        for (code, exponent) in promised() {
            assert_eq!(Currency::from_code(code).map(|c| c.exponent()), Ok(exponent), "{code}");
        }
        let promised: BTreeSet<_> = promised().into_iter().map(|(code, _)| code).collect();
        for known in Currency::all() {
            assert!(promised.contains(known.code()), "{known} belongs into currencies.txt");
        }
    }

    #[test]
    fn the_promise_only_grows() {
        let (count, digest) = FIRST_LINES;
        let first: Vec<_> = PROMISED.split_inclusive('\n').take(count).collect();
        let found = Sha256::digest(first.concat());
        assert_eq!(base16ct::lower::encode_string(&found), digest);
        assert!(PROMISED.ends_with('\n'));
    }

    #[test]
    fn each_list_is_ascending_and_no_code_is_in_two() {
        let lists: [&[(&str, u32)]; 3] = [&CURRENT, &RETIRED, &OTHER];
        for list in lists {
            assert!(list.is_sorted_by(|a, b| a.0 < b.0));
        }
        assert_eq!(Currency::all().count(), lists.iter().map(|list| list.len()).sum::<usize>());
    }

    #[test]
    fn knows_real_exponents() {
        for (code, exponent) in [
            ("EUR", 2),
            ("USD", 2),
            ("JPY", 0),
            ("ISK", 0),
            ("UYI", 0),
            ("KWD", 3),
            ("TND", 3),
            ("CLF", 4),
            ("UYW", 4),
            ("MRU", 2),
            ("MGA", 2),
            ("DEM", 2),
            ("FRF", 2),
            ("ITL", 0),
            ("TRL", 0),
            ("BYR", 0),
            ("HRK", 2),
            ("BGN", 2),
            ("ZWL", 2),
            ("VEF", 2),
            ("XAU", 2),
            ("BTC", 8),
            ("ETH", 9),
        ] {
            assert_eq!(Currency::from_code(code).map(|c| c.exponent()), Ok(exponent), "{code}");
        }
    }

    #[test]
    fn tells_retired_codes() {
        let retired = |code| Currency::from_code(code).unwrap().is_retired();
        assert!(retired("DEM") && retired("BGN") && retired("ANG"));
        assert!(!retired("EUR") && !retired("XCG") && !retired("BTC"));
    }

    #[test]
    fn prints_its_letters() {
        let euro = Currency::from_code("EUR").unwrap();
        assert_eq!(format!("{euro} {euro:>5} {euro:?}"), "EUR   EUR Currency(EUR)");
    }

    #[test]
    fn a_unit_has_a_name_and_decimals() {
        for (code, name, exponent) in [
            ("beers/0", "beers", 0),
            ("x/0", "x", 0),
            ("Punkte/2", "Punkte", 2),
            ("USDT/6", "USDT", 6),
            ("DOGE/8", "DOGE", 8),
            ("loyalty points/9", "loyalty points", 9),
            ("sixteen-bytes-it/0", "sixteen-bytes-it", 0),
            ("€/2", "€", 2),
            ("点数/0", "点数", 0),
            ("🍺/1", "🍺", 1),
        ] {
            let unit = Currency::from_code(code).unwrap();
            assert_eq!(
                (unit.code(), unit.unit_name(), unit.exponent()),
                (code, Some(name), exponent)
            );
            assert_eq!(Currency::unit(name, exponent), Ok(unit));
            assert_eq!(Currency::from_recorded(code), Some(unit), "{code}");
            assert!(!unit.is_retired());
        }
        assert_ne!(Currency::unit("beers", 0), Currency::unit("beers", 1));
        assert_eq!(Currency::unit("A\u{308}pfel", 0).unwrap().code(), "\u{c4}pfel/0");
        assert_eq!(Currency::from_code("EUR").unwrap().unit_name(), None);
    }

    #[test]
    fn currencies_are_ordered_by_their_codes() {
        let codes = ["EUR", "US/2", "US-x/0", "USD", "USDT/6", "a/0", "a/9", "b/0", "点数/0"];
        let mut sorted: Vec<_> =
            codes.iter().map(|code| Currency::from_recorded(code).unwrap()).collect();
        sorted.sort_unstable();
        let mut bytes = codes.map(str::as_bytes);
        bytes.sort_unstable();
        assert_eq!(sorted.iter().map(|c| c.code().as_bytes()).collect::<Vec<_>>(), bytes);
    }

    #[test]
    fn a_unit_that_nobody_could_tell_apart_is_refused() {
        let error = |code: &str| Currency::from_code(code).unwrap_err();
        for code in ["beers/", "beers/10", "beers/x", "beers/00", "beers/+1", "/"] {
            assert!(matches!(error(code), CurrencyError::Decimals { .. }), "{code}");
        }
        assert!(matches!(Currency::unit("beers", 10), Err(CurrencyError::Decimals { .. })));
        let long = error("seventeen-bytes--/0");
        assert_eq!(
            long.to_string(),
            "the name of the unit \"seventeen-bytes--/0\" has 17 bytes, 1 more than the 16 that fit; \
             shorten it"
        );
        for (code, wrong) in [
            (" beers/0", ' '),
            ("beers /0", ' '),
            ("be  ers/0", ' '),
            ("7up/0", '7'),
            ("-x/0", '-'),
            ("a\"b/0", '"'),
            ("a/b/0", '/'),
            ("a;b/0", ';'),
            ("a\u{200b}b/0", '\u{200b}'),
            ("a\u{202e}b/0", '\u{202e}'),
            ("a\u{a0}b/0", '\u{a0}'),
            ("a\nb/0", '\n'),
        ] {
            match error(code) {
                CurrencyError::Character { character, .. } => {
                    assert_eq!(character, wrong, "{code}")
                }
                other => panic!("{code}: {other}"),
            }
            assert_eq!(Currency::from_recorded(code), None, "{code}");
        }
        for (code, taken) in [
            ("EUR/2", "EUR"),
            ("eur/0", "EUR"),
            ("Btc/8", "BTC"),
            ("\u{415}UR/2", "EUR"),
            ("\u{ff25}\u{ff35}\u{ff32}/2", "EUR"),
        ] {
            match error(code) {
                CurrencyError::Lookalike { listed, .. } => assert_eq!(listed, taken, "{code}"),
                other => panic!("{code}: {other}"),
            }
        }
        // Other devices may have such a unit, but none with the three letters of a code.
        assert!(Currency::from_recorded("eur/0").is_some());
        assert!(Currency::from_recorded("EUR/2").is_none());
        assert!(Currency::from_recorded("ABC/2").is_none());
        assert!(matches!(error("/0"), CurrencyError::Unknown { .. }));
    }

    #[test]
    fn refuses_what_is_no_currency() {
        for bad in ["", "eur", "EURO", "E€R", "ABC", "DOGE", "€"] {
            assert!(Currency::from_code(bad).is_err(), "{bad}");
        }
        assert!(Currency::from_letters(b"AbC").is_none());
        for bad in ["", "EU", "EURO", "AbC", "beers", "beers/", "/0", "beers/a", "beers/10"] {
            assert!(Currency::from_recorded(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_code_of_another_device_has_two_decimals() {
        let unknown = Currency::from_letters(b"ABC").unwrap();
        assert_eq!((unknown.exponent(), unknown.is_retired()), (2, false));
    }
}
