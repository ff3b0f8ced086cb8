//! Currencies by their ISO 4217 code.

use core::fmt;

/// Currency code: three letters `A` to `Z`, normally of ISO 4217.
///
/// The ledger accepts any three letters from other devices (rule P5), because
/// ISO adds codes and two versions of this library must never disagree about
/// an entry. New money is recorded only in currencies that
/// [`Currency::from_code`] knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Error of a code that names no currency with minor units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?} is not an ISO 4217 currency; write a code such as EUR, JPY or KWD")]
pub struct CurrencyError {
    code: String,
}

/// Decimals of a code that this build does not know.
const UNKNOWN_EXPONENT: u32 = 2;

impl Currency {
    /// Creates a currency from its ISO 4217 code, in capitals.
    ///
    /// # Errors
    /// [`CurrencyError`] if the code is not in ISO 4217 or has no minor units
    /// there (gold, test codes).
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        let error = || CurrencyError { code: code.chars().take(16).collect() };
        let known = Self::from_letters(code.as_bytes()).ok_or_else(error)?;
        known.iso_exponent().map(|_| known).ok_or_else(error)
    }

    /// Creates a currency from any three letters A to Z (rule P5).
    pub(crate) fn from_letters(letters: &[u8]) -> Option<Self> {
        let letters: [u8; 3] = letters.try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only ASCII letters get in, so this never falls back.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Number of decimals of the currency: EUR 2, JPY 0, KWD 3; 2 for a code that this
    /// version does not know.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        self.iso_exponent().unwrap_or(UNKNOWN_EXPONENT)
    }

    fn iso_exponent(&self) -> Option<u32> {
        iso_currency::Currency::from_code(self.code())?.exponent().map(u32::from)
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

    #[test]
    fn knows_real_exponents() {
        for (code, exponent) in
            [("EUR", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("TND", 3), ("USD", 2)]
        {
            assert_eq!(Currency::from_code(code).map(|c| c.exponent()), Ok(exponent), "{code}");
        }
    }

    #[test]
    fn prints_its_letters() {
        let euro = Currency::from_code("EUR").unwrap();
        assert_eq!(format!("{euro} {euro:>5} {euro:?}"), "EUR   EUR Currency(EUR)");
    }

    #[test]
    fn refuses_what_is_no_currency() {
        for bad in ["", "eur", "EURO", "E€R", "ABC", "XAU", "€"] {
            assert!(Currency::from_code(bad).is_err(), "{bad}");
        }
        assert!(Currency::from_letters(b"ABC").is_some());
        assert!(Currency::from_letters(b"AbC").is_none());
    }
}
