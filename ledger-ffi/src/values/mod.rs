//! Values that apps write and read: ids, days, instants, amounts, transactions
//! and messages.

mod ids;
mod message;
mod money;
mod split;
mod time;
mod transaction;

pub use ids::ExpenseId;
pub use message::{MessageKind, message_from_text, message_kind, message_to_text};
pub use money::{
    CurrencyInfo, Money, currencies, currency_exponent, format_money, parse_money, split_equally,
};
pub use split::{Split, SplitItem, SplitPart, shares_of};
pub use time::{Age, Day, Instant};
pub use transaction::{Direction, Expense, Part, Transaction, Transfer};
