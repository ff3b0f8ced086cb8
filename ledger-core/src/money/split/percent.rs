//! Percentages, exact to a ten-thousandth of a percent.

use core::fmt;

/// Percentage from 0 % to 100 %, as a whole number of millionths (ppm): 33.3333 % is 333,333.
///
/// ```
/// use ledger_core::Percent;
/// let third = Percent::parse("33.3333")?;
/// assert_eq!(third.millionths(), 333_333);
/// assert_eq!(third.to_string(), "33.3333");
/// # Ok::<(), ledger_core::PercentError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u64);

/// Error of a number that is not a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PercentError {
    /// More than 100 %.
    #[error("a percentage is at most 100")]
    TooLarge,
    /// The text is not a decimal number such as `33.33`.
    #[error("a percentage is written as digits with at most one point, such as 33.33")]
    NotANumber,
    /// The text has more than four decimals.
    #[error("a percentage has at most 4 decimals; weights say any proportion, such as 1 to 2")]
    TooPrecise,
}

/// Decimals of a percentage.
const PLACES: usize = 4;

impl Percent {
    /// 100 %.
    pub const WHOLE: Percent = Percent(1_000_000);

    /// Creates a percentage from a number of millionths: 1 % is 10,000.
    ///
    /// # Errors
    /// [`PercentError::TooLarge`] above 1,000,000.
    pub const fn from_millionths(millionths: u64) -> Result<Self, PercentError> {
        if millionths > Self::WHOLE.0 {
            return Err(PercentError::TooLarge);
        }
        Ok(Self(millionths))
    }

    /// Reads a decimal number with a point, such as `25` or `33.33`, without a sign and without
    /// `%`. Further decimals than four must be zeros.
    ///
    /// # Errors
    /// [`PercentError`] if the text is anything else, or above 100.
    pub fn parse(text: &str) -> Result<Self, PercentError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(PercentError::NotANumber);
        }
        let (kept, beyond) = fraction.split_at_checked(PLACES).unwrap_or((fraction, ""));
        if beyond.bytes().any(|b| b != b'0') {
            return Err(PercentError::TooPrecise);
        }
        let digits = format!("{whole}{kept:0<PLACES$}");
        Self::from_millionths(digits.parse().map_err(|_| PercentError::TooLarge)?)
    }

    /// The number of millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Percent {
    /// A decimal number without superfluous zeros and without `%`, such as `33.3333` or `25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format(self.0))
    }
}

/// Millionths as percent, also above 100.
pub(super) fn format(millionths: u64) -> String {
    let text = format!("{}.{:0PLACES$}", millionths / 10_000, millionths % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_four_decimals() {
        for (text, millionths, written) in [
            ("0", 0, "0"),
            ("25", 250_000, "25"),
            ("33.33", 333_300, "33.33"),
            ("0.0001", 1, "0.0001"),
            ("12.50000", 125_000, "12.5"),
            ("100.00", 1_000_000, "100"),
        ] {
            let percent = Percent::parse(text).unwrap();
            assert_eq!((percent.millionths(), percent.to_string()), (millionths, written.into()));
        }
        assert_eq!(Percent::parse("100.0001"), Err(PercentError::TooLarge));
        assert_eq!(Percent::parse("99999999999999999999999"), Err(PercentError::TooLarge));
        assert_eq!(Percent::parse("33.33333"), Err(PercentError::TooPrecise));
        for bad in ["", ".", "5.", ".5", "-1", "+1", "5%", "1e1", "1,5", "1.2.3", "٥"] {
            assert_eq!(Percent::parse(bad), Err(PercentError::NotANumber), "{bad}");
        }
    }
}
