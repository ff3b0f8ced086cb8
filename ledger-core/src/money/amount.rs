//! Amounts of money as integers of minor units.

use core::fmt;

use super::Currency;
use crate::base::limits::MAX_AMOUNT;

/// A non-negative amount in minor units (cents for EUR, yen for JPY, fils for
/// KWD), at most 10^15.
///
/// ```
/// use ledger_core::{Amount, Currency};
/// let eur = Currency::from_code("EUR")?;
/// let price = Amount::parse("12.5", eur)?;
/// assert_eq!(price.minor_units(), 1250);
/// assert_eq!(price.format(eur), "12.50");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// Error of a number that is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The amount is beyond 10^15 minor units.
    #[error("an amount is at most 1,000,000,000,000,000 minor units")]
    TooLarge,
    /// The text is not a decimal number such as `12.50`.
    #[error("an amount is written as digits with at most one point, such as 12.50")]
    NotANumber,
    /// The text has more decimals than the currency.
    #[error("the currency has {allowed} decimals, the amount has more")]
    TooPrecise {
        /// Decimals of the currency.
        allowed: u32,
    },
}

impl Amount {
    /// Zero.
    pub const ZERO: Amount = Amount(0);

    /// Creates an amount from a number of minor units.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above 10^15.
    pub const fn from_minor_units(minor_units: u64) -> Result<Self, AmountError> {
        if minor_units > MAX_AMOUNT {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(minor_units))
    }

    /// Reads a decimal number with a point, such as `12`, `12.5` or `12.50`.
    /// Further decimals must be zeros. No sign, no grouping.
    ///
    /// # Errors
    /// [`AmountError`] if the text is anything else, or too large.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(AmountError::NotANumber);
        }
        let exponent = currency.exponent();
        let places = usize::try_from(exponent).map_err(|_| AmountError::TooLarge)?;
        let (kept, beyond) = fraction.split_at_checked(places).unwrap_or((fraction, ""));
        if beyond.bytes().any(|b| b != b'0') {
            return Err(AmountError::TooPrecise { allowed: exponent });
        }
        let padding = core::iter::repeat_n(b'0', places.saturating_sub(kept.len()));
        let mut minor_units = 0u64;
        for digit in whole.bytes().chain(kept.bytes()).chain(padding) {
            minor_units = minor_units
                .checked_mul(10)
                .and_then(|n| n.checked_add(u64::from(digit.saturating_sub(b'0'))))
                .filter(|n| *n <= MAX_AMOUNT)
                .ok_or(AmountError::TooLarge)?;
        }
        Ok(Self(minor_units))
    }

    /// The integer of minor units.
    #[must_use]
    pub const fn minor_units(self) -> u64 {
        self.0
    }

    /// Whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it is still an amount.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) if sum <= MAX_AMOUNT => Some(Self(sum)),
            _ => None,
        }
    }

    /// The difference, if `other` is not larger.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The sum of many, if it is still an amount.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The amount as a decimal number with the currency's decimals, a point
    /// and no grouping, such as `12.50`.
    #[must_use]
    pub fn format(self, currency: Currency) -> String {
        Balance::from(self).format(currency)
    }
}

/// A signed sum of amounts, in minor units. Positive: the group owes the member.
/// Negative: the member owes the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Balance(i128);

impl Balance {
    /// Zero: settled.
    pub const ZERO: Balance = Balance(0);

    /// Creates a balance from a number of minor units, such as one that an app kept.
    #[must_use]
    pub const fn from_minor_units(minor_units: i128) -> Self {
        Self(minor_units)
    }

    /// The integer of minor units.
    #[must_use]
    pub const fn minor_units(self) -> i128 {
        self.0
    }

    /// Whether nothing is owed either way.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum. It saturates, which no real ledger reaches: an amount is at most 10^15, and
    /// 128 bits hold the sum of more amounts than any disk.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference. It saturates like [`Balance::plus`].
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The balance with the opposite sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The balance as a decimal number with the currency's decimals, a point,
    /// no grouping, and `-` if negative, such as `-12.50`.
    #[must_use]
    pub fn format(self, currency: Currency) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let places = usize::try_from(currency.exponent()).unwrap_or(0);
        let width = places.saturating_add(1);
        let digits = format!("{:0width$}", self.0.unsigned_abs());
        match digits.split_at_checked(digits.len().saturating_sub(places)) {
            Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits}"),
        }
    }
}

impl From<Amount> for Balance {
    fn from(amount: Amount) -> Self {
        Self(i128::from(amount.0))
    }
}

impl fmt::Display for Balance {
    /// Minor units, without a currency.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn parses_with_the_currencys_decimals() {
        let cases = [
            ("12.50", "EUR", Ok(1250)),
            ("12.5", "EUR", Ok(1250)),
            ("12", "EUR", Ok(1200)),
            ("0.05", "EUR", Ok(5)),
            ("12.5000", "EUR", Ok(1250)),
            ("1000", "JPY", Ok(1000)),
            ("1000.00", "JPY", Ok(1000)),
            ("1.234", "KWD", Ok(1234)),
            ("10000000000000.00", "EUR", Ok(MAX_AMOUNT)),
            ("12.505", "EUR", Err(AmountError::TooPrecise { allowed: 2 })),
            ("1.5", "JPY", Err(AmountError::TooPrecise { allowed: 0 })),
            ("10000000000000.01", "EUR", Err(AmountError::TooLarge)),
            ("99999999999999999999999999", "EUR", Err(AmountError::TooLarge)),
        ];
        for (text, code, expected) in cases {
            let found = Amount::parse(text, currency(code)).map(Amount::minor_units);
            assert_eq!(found, expected, "{text} {code}");
        }
        for bad in
            ["", ".", ".5", "5.", "-1", "+1", "1,000.00", "1 000", "1e3", "١٢", "1.2.3", " 1"]
        {
            assert_eq!(Amount::parse(bad, currency("EUR")), Err(AmountError::NotANumber), "{bad}");
        }
    }

    #[test]
    fn sums_and_differences_stay_amounts() {
        let amount = |units| Amount::from_minor_units(units).unwrap();
        let (most, one) = (amount(MAX_AMOUNT), amount(1));
        assert_eq!(amount(MAX_AMOUNT - 1).checked_add(one), Some(most));
        assert_eq!((most.checked_add(one), most.checked_add(most)), (None, None));
        assert_eq!(Amount::checked_sum([most, Amount::ZERO]), Some(most));
        assert_eq!(Amount::checked_sum([one, most, one]), None);
        assert_eq!(most.checked_sub(one), Some(amount(MAX_AMOUNT - 1)));
        assert_eq!((one.checked_sub(one), one.checked_sub(most)), (Some(Amount::ZERO), None));
    }

    #[test]
    fn formats_with_the_currencys_decimals() {
        for (units, code, expected) in [
            (-5, "EUR", "-0.05"),
            (0, "EUR", "0.00"),
            (123_456, "EUR", "1234.56"),
            (-1000, "JPY", "-1000"),
            (7, "KWD", "0.007"),
        ] {
            assert_eq!(Balance(units).format(currency(code)), expected);
            assert_eq!(Balance(units).to_string(), units.to_string());
        }
    }

    proptest! {
        #[test]
        fn parsing_reverses_formatting(
            units in 0..=MAX_AMOUNT,
            code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        ) {
            let amount = Amount::from_minor_units(units)?;
            let currency = currency(code);
            prop_assert_eq!(Amount::parse(&amount.format(currency), currency), Ok(amount));
        }
    }
}
