//! Currencies by their code of three letters.

use core::fmt;
use std::collections::BTreeSet;

use super::currency_table::{CURRENT, OTHER, RETIRED};

/// Currency code: three letters `A` to `Z`, normally of ISO 4217.
///
/// The ledger accepts any three letters from other devices (rule P5), because
/// ISO adds codes and two versions of this library must never disagree about
/// an entry. New money is recorded only in currencies that
/// [`Currency::from_code`] knows: every code that ISO 4217 lists or ever listed, and a few that
/// apps use beside it, such as BTC. A code that was known once stays known, with the same
/// decimals.
///
/// ```
/// use ledger_core::Currency;
/// let exponent = |code: &str| Currency::from_code(code).map(|currency| currency.exponent());
/// assert_eq!(exponent("EUR"), Ok(2));
/// assert_eq!(exponent("ITL"), Ok(0));
/// assert_eq!(exponent("BTC"), Ok(8));
/// assert!(exponent("Bitcoin").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Error of a code that is not in the table of currencies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?} is not a known currency; write a code such as EUR, JPY or KWD")]
pub struct CurrencyError {
    code: String,
}

/// Decimals of a code that this build does not know (SPEC §4).
const UNKNOWN_EXPONENT: u32 = 2;

impl Currency {
    /// Creates a currency from a known code, in capitals.
    ///
    /// # Errors
    /// [`CurrencyError`] if the code is not in the table of currencies.
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        let error = || CurrencyError { code: code.chars().take(16).collect() };
        let known = Self::from_letters(code.as_bytes()).ok_or_else(error)?;
        known.known_exponent().map(|_| known).ok_or_else(error)
    }

    /// Creates a currency from any three letters A to Z (rule P5).
    pub(crate) fn from_letters(letters: &[u8]) -> Option<Self> {
        let letters: [u8; 3] = letters.try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// All known currencies, ascending by code: for a list from which a person chooses.
    pub fn all() -> impl Iterator<Item = Self> {
        let codes = CURRENT.iter().chain(&RETIRED).chain(&OTHER);
        let all: BTreeSet<Self> =
            codes.filter_map(|(code, _)| Self::from_letters(code.as_bytes())).collect();
        all.into_iter()
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only ASCII letters get in, so this never falls back.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Number of decimals of the currency: EUR 2, JPY 0, KWD 3, BTC 8; 2 for a code that this
    /// version does not know.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        self.known_exponent().unwrap_or(UNKNOWN_EXPONENT)
    }

    /// Whether ISO 4217 listed the code once and does so no more, as DEM. Money can be recorded in
    /// it all the same; a list from which a person chooses may show it last.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.find(&RETIRED).is_some()
    }

    fn known_exponent(&self) -> Option<u32> {
        self.find(&CURRENT).or_else(|| self.find(&RETIRED)).or_else(|| self.find(&OTHER))
    }

    /// The decimals of the code in one of the lists.
    fn find(&self, list: &[(&str, u32)]) -> Option<u32> {
        let row = list.binary_search_by_key(&self.code(), |(code, _)| code).ok()?;
        list.get(row).map(|(_, exponent)| *exponent)
    }
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
    fn refuses_what_is_no_currency() {
        for bad in ["", "eur", "EURO", "E€R", "ABC", "DOGE", "€"] {
            assert!(Currency::from_code(bad).is_err(), "{bad}");
        }
        assert!(Currency::from_letters(b"AbC").is_none());
    }

    #[test]
    fn an_unknown_code_of_another_device_has_two_decimals() {
        let unknown = Currency::from_letters(b"ABC").unwrap();
        assert_eq!((unknown.exponent(), unknown.is_retired()), (2, false));
    }
}
