//! Exchange rates as fractions.

use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;

/// Decimals of a rate that is written as a decimal number.
const MAX_DECIMALS: usize = 12;

/// Exact exchange rate: what one whole unit of a currency (a euro, not a cent) is worth in whole
/// units of another, as a fraction in lowest terms. Both parts are from 1 to 2^64 - 1.
///
/// ```
/// use ledger_core::Rate;
/// let rate: Rate = "1.08".parse()?;
/// assert_eq!((rate.numerator(), rate.denominator()), (27, 25));
/// assert_eq!("27/25".parse(), Ok(rate));
/// assert_eq!(rate.to_string(), "1.08");
/// assert_eq!(rate.inverse().to_string(), "25/27");
/// # Ok::<(), ledger_core::RateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    numerator: NonZeroU64,
    denominator: NonZeroU64,
}

/// Error of numbers or a text that are no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// The rate is zero, or a part of the fraction is.
    #[error("a rate is more than 0; write what one unit of the first currency is worth")]
    Zero,
    /// The text is neither a decimal number nor a fraction.
    #[error("a rate is written as a decimal number such as 1.08, or as a fraction such as 27/25")]
    NotANumber,
    /// A part of the fraction has more than 64 bits, or there are too many decimals.
    #[error(
        "a rate has at most {MAX_DECIMALS} decimals, and parts below 2^64; write it with fewer digits"
    )]
    TooLong,
}

impl Rate {
    /// Creates a rate from a fraction, which need not be in lowest terms.
    ///
    /// # Errors
    /// [`RateError::Zero`] if one of the numbers is 0.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, RateError> {
        let divisor = common_divisor(numerator, denominator);
        let part = |number: u64| number.checked_div(divisor).and_then(NonZeroU64::new);
        match (part(numerator), part(denominator)) {
            (Some(numerator), Some(denominator)) => Ok(Self { numerator, denominator }),
            _ => Err(RateError::Zero),
        }
    }

    /// The numerator, in lowest terms.
    #[must_use]
    pub const fn numerator(self) -> u64 {
        self.numerator.get()
    }

    /// The denominator, in lowest terms.
    #[must_use]
    pub const fn denominator(self) -> u64 {
        self.denominator.get()
    }

    /// The rate the other way round, which is exact.
    #[must_use]
    pub const fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    /// Reads a decimal number with a point, or two whole numbers with `/` between them. No sign, no
    /// grouping, no exponent.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let number = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            _ if digits.is_empty() => Err(RateError::NotANumber),
            true => digits.parse::<u64>().map_err(|_| RateError::TooLong),
            false => Err(RateError::NotANumber),
        };
        if let Some((numerator, denominator)) = text.split_once('/') {
            return Self::new(number(numerator)?, number(denominator)?);
        }
        let (whole, fraction) = match text.split_once('.') {
            None => (text, ""),
            // Without decimals behind the point, or digits in front of it, it is a slip.
            Some((whole, fraction)) if whole.is_empty() || fraction.is_empty() => {
                return Err(RateError::NotANumber);
            }
            Some(parts) => parts,
        };
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RateError::NotANumber);
        }
        number(whole)?;
        if fraction.len() > MAX_DECIMALS {
            return Err(RateError::TooLong);
        }
        let places = u32::try_from(fraction.len()).map_err(|_| RateError::TooLong)?;
        let denominator = 10u64.checked_pow(places).ok_or(RateError::TooLong)?;
        Self::new(number(&format!("{whole}{fraction}"))?, denominator)
    }
}

impl fmt::Display for Rate {
    /// A decimal number if the rate is one, such as `1.08`; else a fraction, such as `25/27`. Both
    /// are read back as the same rate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, denominator) = (self.numerator(), self.denominator());
        for places in 0..=MAX_DECIMALS {
            let power = u32::try_from(places).ok().and_then(|places| 10u128.checked_pow(places));
            let Some(scaled) = power.and_then(|power| power.checked_mul(numerator.into())) else {
                break;
            };
            if scaled.checked_rem(denominator.into()) != Some(0) {
                continue;
            }
            let units = scaled.checked_div(denominator.into()).unwrap_or_default();
            if u64::try_from(units).is_err() {
                break;
            }
            let width = places.saturating_add(1);
            let digits = format!("{units:0width$}");
            return match digits.split_at_checked(digits.len().saturating_sub(places)) {
                Some((whole, fraction)) if places > 0 => write!(f, "{whole}.{fraction}"),
                _ => f.write_str(&digits),
            };
        }
        write!(f, "{numerator}/{denominator}")
    }
}

/// The greatest common divisor; 0 of two zeros.
fn common_divisor(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_decimals_and_fractions_and_nothing_else() {
        let parts =
            |text: &str| text.parse::<Rate>().map(|rate| (rate.numerator(), rate.denominator()));
        assert_eq!(parts("1"), Ok((1, 1)));
        assert_eq!(parts("0.0061"), Ok((61, 10_000)));
        assert_eq!(parts("160.50"), Ok((321, 2)));
        assert_eq!(parts("6/4"), Ok((3, 2)));
        assert_eq!(parts("18446744073709551615/2"), Ok((u64::MAX, 2)));
        assert_eq!(parts("0.000000000001"), Ok((1, 1_000_000_000_000)));
        for zero in ["0", "0.00", "0/1", "1/0", "0/0"] {
            assert_eq!(parts(zero), Err(RateError::Zero), "{zero}");
        }
        for long in ["18446744073709551616", "1/18446744073709551616", "1.0000000000001"] {
            assert_eq!(parts(long), Err(RateError::TooLong), "{long}");
        }
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,08",
            "1 / 2",
            "1/2/3",
            "/",
            "1/",
            "/2",
            "1.2.3",
            "1.5/2",
            "١",
            "1.000000000000x",
        ] {
            assert_eq!(parts(bad), Err(RateError::NotANumber), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_rate_is_read_back_as_it_is_written(a in 1u64.., b in 1u64..) {
            for rate in [Rate::new(a, b)?, Rate::new(a % 9999 + 1, 10u64.pow(b as u32 % 13))?] {
                prop_assert_eq!(rate.to_string().parse(), Ok(rate));
                prop_assert_eq!(rate.inverse().inverse(), rate);
            }
        }
    }
}
