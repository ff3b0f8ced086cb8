//! Money: currencies, amounts in minor units, dates, equal splits.

mod amount;
mod currency;
mod date;
mod split;

pub use amount::{Amount, AmountError, Balance};
pub use currency::{Currency, CurrencyError};
pub use date::{Date, DateError};
pub use split::split_equally;
