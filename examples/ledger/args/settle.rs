//! Arguments of balances and settle-up, with exchange rates.

use std::str::FromStr;

use clap::Args;
use ledger_core::{Currency, Date, Rate, RateError};

use super::Read;

#[derive(Debug, Args)]
pub(crate) struct Balances {
    #[command(flatten)]
    pub(crate) read: Read,
    /// As of the end of a day, as YYYY-MM-DD, or as of an entry, by the beginning of its id
    ///
    /// By what counts today: what was voided since, counts at no time.
    #[arg(long, value_name = "DAY|ENTRY")]
    pub(crate) as_of: Option<String>,
    #[command(flatten)]
    pub(crate) conversion: Conversion,
}

/// The currency in which all others are counted.
#[derive(Debug, Args)]
pub(crate) struct Conversion {
    /// Count all currencies in this one, by the rates of --rate
    #[arg(long = "in", value_name = "CURRENCY")]
    pub(crate) currency: Option<String>,
    /// What one A is worth in B, as EUR/USD=1.08, EUR/USD=27/25 or beers/0/EUR=4.50; may be said
    /// several times
    ///
    /// A rate serves both directions. Each currency with an open balance needs one with the
    /// currency of --in.
    #[arg(long = "rate", value_name = "A/B=N", requires = "currency")]
    pub(crate) rates: Vec<RateOption>,
}

/// `A/B=N`, with currencies that the group may know and this version not.
#[derive(Clone, Debug)]
pub(crate) struct RateOption {
    pub(crate) base: String,
    pub(crate) quote: String,
    pub(crate) rate: Rate,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum RateOptionError {
    #[error("a rate is written as EUR/USD=1.08, if one euro is 1.08 dollars")]
    NotAPair,
    #[error(transparent)]
    Rate(#[from] RateError),
}

impl FromStr for RateOption {
    type Err = RateOptionError;

    fn from_str(text: &str) -> Result<Self, RateOptionError> {
        let (pair, rate) = text.split_once('=').ok_or(RateOptionError::NotAPair)?;
        let (base, quote) = currencies(pair).ok_or(RateOptionError::NotAPair)?;
        Ok(Self { base: base.to_owned(), quote: quote.to_owned(), rate: rate.parse()? })
    }
}

/// The two currencies of `A/B`. Units have a slash of their own, as in `beers/0/EUR`, which stands
/// between currencies in one place only.
fn currencies(pair: &str) -> Option<(&str, &str)> {
    let both = |at: usize| Some((pair.get(..at)?, pair.get(at.checked_add(1)?..)?));
    let mut ways = pair.match_indices('/').filter_map(|(at, _)| both(at));
    let is_currency = |code: &str| Currency::from_recorded(code).is_some();
    let found = ways.clone().find(|(base, quote)| is_currency(base) && is_currency(quote));
    // What is no currency gets an error of its own.
    found.or_else(|| ways.next())
}

#[derive(Debug, Args)]
pub(crate) struct SettleUp {
    #[command(flatten)]
    pub(crate) read: Read,
    /// Let people pay only those whom they owe
    ///
    /// As many transfers as there are pairs with an open debt, which can be more.
    #[arg(long, conflicts_with = "currency")]
    pub(crate) only_owed: bool,
    /// Only what this member pays and gets
    ///
    /// Then the member is settled, and the others go on by the rest of the plan.
    #[arg(long = "for", value_name = "NAME")]
    pub(crate) member: Option<String>,
    #[command(flatten)]
    pub(crate) conversion: Conversion,
    /// Record the transfers, all of them or none, as paid
    ///
    /// Not with --in: a payment in one currency leaves the balances in the others open.
    #[arg(long, conflicts_with = "currency")]
    pub(crate) record: bool,
    /// On which day they were paid, as YYYY-MM-DD [default: today]
    #[arg(long, visible_alias = "date", value_name = "DATE", requires = "record")]
    pub(crate) on: Option<Date>,
}
