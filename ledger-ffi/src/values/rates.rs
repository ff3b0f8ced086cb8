//! Exchange rates, which the app gives.

use ledger_core::{Currency, PairRate, Rate, Rates};

use crate::error::LedgerError;

/// Exchange rate as an exact fraction: one whole unit of `base`, such as a euro, is worth
/// `numerator / denominator` units of `quote`. It serves both directions.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExchangeRate {
    /// The code of the currency of which one unit is priced.
    pub base: String,
    /// The code of the currency of the price.
    pub quote: String,
    /// The upper part of the price, at least 1.
    pub numerator: u64,
    /// The lower part of the price, at least 1.
    pub denominator: u64,
}

impl From<PairRate> for ExchangeRate {
    fn from(pair: PairRate) -> Self {
        Self {
            base: pair.base.code().to_owned(),
            quote: pair.quote.code().to_owned(),
            numerator: pair.rate.numerator(),
            denominator: pair.rate.denominator(),
        }
    }
}

/// Reads a rate from a decimal number with a point, such as `1.08`, or from a fraction, such
/// as `27/25`: one `base` is worth so many `quote`.
///
/// # Errors
/// `InvalidRate` if it is neither, or not above 0; `InvalidCurrency`.
#[uniffi::export]
pub fn parse_rate(base: &str, quote: &str, text: &str) -> Result<ExchangeRate, LedgerError> {
    let (base, quote): (Currency, Currency) = (base.parse()?, quote.parse()?);
    let rate: Rate = text.parse()?;
    let (base, quote) = (base.code().to_owned(), quote.code().to_owned());
    Ok(ExchangeRate { base, quote, numerator: rate.numerator(), denominator: rate.denominator() })
}

/// Converts rates from another language, with the currency that `currency` finds for a code.
pub(crate) fn rates(
    given: &[ExchangeRate],
    currency: impl Fn(&str) -> Result<Currency, LedgerError>,
) -> Result<Rates, LedgerError> {
    let mut rates = Rates::new();
    for rate in given {
        let (base, quote) = (currency(&rate.base)?, currency(&rate.quote)?);
        rates.set(base, quote, Rate::new(rate.numerator, rate.denominator)?)?;
    }
    Ok(rates)
}
