//! Balances of several currencies in one, by rates that the app gives (SPEC §9.3).

mod convert;
mod rate;

use core::fmt;
use std::collections::BTreeMap;

pub use convert::Converted;
pub use rate::{Rate, RateError};

use super::Currency;

/// Exchange rates that an app gives, one for each pair of currencies. The ledger has none: whoever
/// settles up chooses them.
///
/// A rate serves both directions. Rates are not chained: with EUR/USD and USD/JPY alone there is none
/// between EUR and JPY.
///
/// ```
/// use ledger_core::{Balance, Currency, MemberId, Rates};
/// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
/// let (eur, usd) = (Currency::from_code("EUR")?, Currency::from_code("USD")?);
/// let mut rates = Rates::new();
/// rates.set(eur, usd, "1.10".parse()?)?; // one euro is 1.10 dollars
/// let units = Balance::from_minor_units;
/// let open = [
///     (eur, anna, units(1000)), (eur, ben, units(-1000)),
///     (usd, anna, units(-550)), (usd, ben, units(550)),
/// ];
/// let in_euro = rates.convert(eur, open)?;
/// assert_eq!(in_euro.balances(), [(anna, units(500)), (ben, units(-500))]);
/// assert_eq!(in_euro.rates()[0].to_string(), "EUR/USD=1.1");
/// assert_eq!(in_euro.settle_up().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// By the currencies as they were given.
    given: BTreeMap<(Currency, Currency), Rate>,
}

/// Exchange rate between two currencies: one `base` is worth `rate` of `quote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairRate {
    /// The currency of which one unit is priced.
    pub base: Currency,
    /// The currency of the price.
    pub quote: Currency,
    /// The price.
    pub rate: Rate,
}

/// Error of rates, or of a conversion with them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RatesError {
    /// Both sides of a pair are the same currency.
    #[error("{currency}/{currency} is no pair; leave it out, or name two currencies")]
    SameCurrency {
        /// The currency.
        currency: Currency,
    },
    /// A rate between these two was given before, in this or the other direction.
    #[error("there are two rates between {base} and {quote}; leave one out")]
    GivenTwice {
        /// The first currency of the second rate.
        base: Currency,
        /// Its second currency.
        quote: Currency,
    },
    /// There is money in currencies that have no rate with the one that was asked for.
    #[error("there is no rate for {}; give one for each", Pairs(.from, *.to))]
    Missing {
        /// The currencies without a rate, ascending, at least one.
        from: Vec<Currency>,
        /// The currency that was asked for.
        to: Currency,
    },
    /// A converted balance is beyond 128 bits.
    #[error("a balance in {currency} is too large by these rates; check the rates")]
    TooLarge {
        /// The currency that was asked for.
        currency: Currency,
    },
}

impl Rates {
    /// No rates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rate: one unit of `base` is worth `rate` units of `quote`.
    ///
    /// # Errors
    /// [`RatesError::SameCurrency`], and [`RatesError::GivenTwice`] if there is one between the two;
    /// then nothing has changed.
    pub fn set(&mut self, base: Currency, quote: Currency, rate: Rate) -> Result<(), RatesError> {
        if base == quote {
            return Err(RatesError::SameCurrency { currency: base });
        }
        if self.between(base, quote).is_some() {
            return Err(RatesError::GivenTwice { base, quote });
        }
        self.given.insert((base, quote), rate);
        Ok(())
    }

    /// The rate between two currencies, as it was given.
    #[must_use]
    pub fn between(&self, one: Currency, other: Currency) -> Option<PairRate> {
        let given = |base, quote| {
            let rate = *self.given.get(&(base, quote))?;
            Some(PairRate { base, quote, rate })
        };
        given(one, other).or_else(|| given(other, one))
    }

    /// All rates, as they were given, by their currencies.
    pub fn iter(&self) -> impl Iterator<Item = PairRate> + '_ {
        let pair = |(&(base, quote), &rate): (&(Currency, Currency), &Rate)| PairRate {
            base,
            quote,
            rate,
        };
        self.given.iter().map(pair)
    }
}

impl fmt::Display for PairRate {
    /// Such as `EUR/USD=1.1`: one euro is 1.10 dollars.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}={}", self.base, self.quote, self.rate)
    }
}

/// Text of pairs: `JPY/EUR and USD/EUR`.
struct Pairs<'a>(&'a [Currency], Currency);

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, from) in self.0.iter().enumerate() {
            let between = match place {
                0 => "",
                _ if place.saturating_add(1) == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{between}{from}/{}", self.1)?;
        }
        Ok(())
    }
}
