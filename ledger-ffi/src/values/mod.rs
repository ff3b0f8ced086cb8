//! Values that apps write and read: ids, days, instants, amounts, transactions
//! and messages.

mod difference;
mod hints;
mod ids;
mod message;
mod money;
mod rates;
mod recurrence;
mod split;
mod time;
mod transaction;

pub use difference::Difference;
pub use hints::{Hints, PaidIn, Receipt};
pub use ids::ExpenseId;
pub use message::{MessageKind, message_from_text, message_kind, message_to_text};
pub(crate) use money::amount;
pub use money::{
    CurrencyInfo, Money, currencies, currency_exponent, format_money, parse_money, split_equally,
    unit_code, unit_name,
};
pub(crate) use rates::rates;
pub use rates::{ExchangeRate, parse_rate};
pub use recurrence::{RecurrenceRule, RecurrenceUnit};
pub(crate) use split::of_rule;
pub use split::{Split, SplitItem, SplitKind, SplitPart, shares_of};
pub use time::{Age, Day, Instant};
pub use transaction::{Direction, Expense, Part, Transaction, Transfer};
