//! Amounts: whole minor units, never floats.

use ledger_core::{Amount, Balance, Currency, split_equally as split};

use crate::error::{ErrorCode, LedgerError};

/// Amount or balance in one currency.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Money {
    /// The currency code, such as `EUR`, or a unit with its decimals, such as `beers/0`.
    pub currency: String,
    /// How much, in the currency's minor units, such as cents. Of a balance: what the
    /// group owes the member is positive, what the member owes is negative.
    pub minor_units: i64,
    /// How many decimals the currency has: EUR 2, JPY 0, KWD 3.
    pub exponent: u32,
}

impl Money {
    pub(crate) fn of_amount(amount: Amount, currency: Currency) -> Self {
        let exponent = currency.exponent();
        Self { currency: currency.code().to_owned(), minor_units: minor_units(amount), exponent }
    }

    pub(crate) fn of_balance(balance: Balance, currency: Currency) -> Result<Self, LedgerError> {
        let minor_units = i64::try_from(balance.minor_units())
            .map_err(|_| LedgerError::balance_too_large(balance))?;
        let exponent = currency.exponent();
        Ok(Self { currency: currency.code().to_owned(), minor_units, exponent })
    }
}

/// Converts an amount from another language.
pub(crate) fn amount(minor_units: i64) -> Result<Amount, LedgerError> {
    let negative = || LedgerError::new(ErrorCode::InvalidAmount, "an amount is not negative");
    Ok(Amount::from_minor_units(u64::try_from(minor_units).map_err(|_| negative())?)?)
}

/// Converts an amount for other languages. Amounts are at most 10^15, so it always fits.
pub(crate) fn minor_units(amount: Amount) -> i64 {
    i64::try_from(amount.minor_units()).unwrap_or(i64::MAX)
}

/// Reads an amount from a decimal number with a point, such as `12.5`. The number has no
/// sign and no grouping: an app converts what people type in their language.
///
/// # Errors
/// `InvalidCurrency`, or `InvalidAmount` if it is not a number or has more
/// decimals than the currency.
#[uniffi::export]
pub fn parse_money(text: &str, currency: &str) -> Result<Money, LedgerError> {
    let currency: Currency = currency.parse()?;
    Ok(Money::of_amount(Amount::parse(text, currency)?, currency))
}

/// Writes an amount as a decimal number with the currency's decimals, such as `-12.50`,
/// for files and tests. Apps show money in the way of the person's language.
///
/// # Errors
/// `InvalidAmount` if the exponent is beyond 18.
#[uniffi::export]
pub fn format_money(money: &Money) -> Result<String, LedgerError> {
    let places = usize::try_from(money.exponent).ok().filter(|places| *places <= 18);
    let error = || LedgerError::new(ErrorCode::InvalidAmount, "no currency has so many decimals");
    let places = places.ok_or_else(error)?;
    let sign = if money.minor_units < 0 { "-" } else { "" };
    let width = places.saturating_add(1);
    let digits = format!("{:0width$}", money.minor_units.unsigned_abs());
    Ok(match digits.split_at_checked(digits.len().saturating_sub(places)) {
        Some((whole, fraction)) if places > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    })
}

/// Number of decimals of a currency: EUR 2, JPY 0, KWD 3.
///
/// # Errors
/// `InvalidCurrency`.
#[uniffi::export]
pub fn currency_exponent(currency: &str) -> Result<u32, LedgerError> {
    Ok(currency.parse::<Currency>()?.exponent())
}

/// Makes the code of a unit of the group's own, such as `beers/0` or `USDT/6`, which stands for a
/// currency wherever one is asked for. Units that differ in decimals are two currencies.
///
/// # Errors
/// `InvalidCurrency` if the name is too long, has what does not show, or would be taken for a
/// currency, or if there are more than 9 decimals.
#[uniffi::export]
pub fn unit_code(name: &str, decimals: u32) -> Result<String, LedgerError> {
    Ok(Currency::unit(name, decimals)?.code().to_owned())
}

/// The name of a unit, such as `beers` of `beers/0`, to be shown beside an amount; none of a code such
/// as `EUR`.
#[uniffi::export]
#[must_use]
pub fn unit_name(currency: &str) -> Option<String> {
    Currency::from_recorded(currency)?.unit_name().map(str::to_owned)
}

/// A currency in which money can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CurrencyInfo {
    /// The code, such as `EUR`.
    pub code: String,
    /// How many decimals the currency has.
    pub exponent: u32,
    /// Whether ISO 4217 retired the code, as DEM. A list to choose from may show it last.
    pub is_retired: bool,
}

/// All listed currencies in which money can be recorded, ascending by code. Units are recorded
/// without being listed.
#[uniffi::export]
#[must_use]
pub fn currencies() -> Vec<CurrencyInfo> {
    let info = |currency: Currency| CurrencyInfo {
        code: currency.code().to_owned(),
        exponent: currency.exponent(),
        is_retired: currency.is_retired(),
    };
    Currency::all().map(info).collect()
}

/// Splits an amount into `parts` shares that differ by at most one minor unit. The units
/// that are left over go to the shares from number `turn` on, beginning again after the
/// last share. Pass a number that changes, such as a count of expenses, so that no member
/// is favoured.
///
/// # Errors
/// `InvalidAmount` if it is negative or above 10^15, or there are more than
/// 1,000 parts.
#[uniffi::export]
pub fn split_equally(minor_units: i64, parts: u32, turn: u64) -> Result<Vec<i64>, LedgerError> {
    let total = amount(minor_units)?;
    let count = usize::try_from(parts).ok().filter(|count| *count <= 1000);
    let error = || LedgerError::new(ErrorCode::InvalidAmount, "an amount has at most 1000 parts");
    let shares = split(total, count.ok_or_else(error)?, turn);
    Ok(shares.into_iter().map(self::minor_units).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_beyond_64_bits_is_an_error() {
        let eur = Currency::from_code("EUR").unwrap();
        let most = Balance::from(Amount::from_minor_units(1_000_000_000_000_000).unwrap());
        let sum = |n: usize| std::iter::repeat_n(most, n).fold(Balance::ZERO, Balance::plus);
        let fits = Money::of_balance(sum(9_223), eur).unwrap();
        assert_eq!(fits.minor_units, 9_223_000_000_000_000_000);
        let error = Money::of_balance(sum(9_224).negated(), eur).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BalanceTooLarge);
        assert!(error.to_string().contains("-9224000000000000000"), "{error}");
    }

    #[test]
    fn money_reads_back_what_it_writes() {
        for (text, currency, units) in [
            ("12.50", "EUR", 1250),
            ("0.05", "EUR", 5),
            ("7", "JPY", 7),
            ("1.234", "KWD", 1234),
            ("7", "beers/0", 7),
            ("1.5", "pints/1", 15),
        ] {
            let money = parse_money(text, currency).unwrap();
            assert_eq!(money.minor_units, units);
            assert_eq!(format_money(&money).unwrap(), text);
        }
        let owed = Money { currency: "EUR".into(), minor_units: -5, exponent: 2 };
        assert_eq!(format_money(&owed).unwrap(), "-0.05");
        let lowest = Money { currency: "EUR".into(), minor_units: i64::MIN, exponent: 18 };
        assert_eq!(format_money(&lowest).unwrap(), "-9.223372036854775808");
        for bad in ["-1", "1,5", "1.505", "", "1e3"] {
            let code = parse_money(bad, "EUR").unwrap_err().code();
            assert_eq!(code, ErrorCode::InvalidAmount, "{bad}");
        }
        assert_eq!(split_equally(1000, 3, 1).unwrap(), [333, 334, 333]);
        assert_eq!(unit_code("USDT", 6).unwrap(), "USDT/6");
        assert_eq!((unit_name("USDT/6").as_deref(), unit_name("EUR")), (Some("USDT"), None));
        assert_eq!(unit_code("eur", 2).unwrap_err().code(), ErrorCode::InvalidCurrency);
        assert!(split_equally(-1, 3, 1).is_err() && split_equally(1, 1001, 1).is_err());
    }
}
