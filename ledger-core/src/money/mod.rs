//! Money: currencies, amounts in minor units, dates, splits, debts, exchange rates, settling up.

mod amount;
mod currency;
mod currency_table;
mod date;
mod debts;
mod direction;
mod rates;
mod recurrence;
mod settle_up;
mod split;
mod unit_name;

pub use amount::{Amount, AmountError, Balance};
pub use currency::{Currency, CurrencyError};
pub use date::{Date, DateError};
pub use debts::Debts;
pub use direction::Direction;
pub use rates::{Converted, PairRate, Rate, RateError, Rates, RatesError};
pub use recurrence::{Recurrence, RecurrenceError, RecurrenceUnit};
pub use settle_up::{Settlement, settle_up};
pub use split::{
    Itemised, Percent, PercentError, Split, SplitError, SplitItem, SplitKind, split_equally,
};
