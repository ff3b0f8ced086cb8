//! Arguments of the commands about one expense or transfer.

use clap::Args;
use ledger_core::{Currency, Date};

use super::{Location, Read};
use crate::sharing::Sharing;

/// An entry, as people name it.
#[derive(Debug, Args)]
pub(crate) struct OfEntry {
    #[command(flatten)]
    pub(crate) location: Location,
    /// The entry: the beginning of its id, as lists show it
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
}

#[derive(Debug, Args)]
pub(crate) struct Correct {
    #[command(flatten)]
    pub(crate) entry: OfEntry,
    /// What it was
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// How much, such as 12.50
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) amount: Option<String>,
    /// The currency, such as EUR
    #[arg(long, value_name = "CURRENCY")]
    pub(crate) currency: Option<Currency>,
    /// Who paid, and how much; may be said several times
    ///
    /// One of several payers may go without an amount: that one paid the rest.
    #[arg(long, value_name = "NAME[=AMOUNT]")]
    pub(crate) by: Vec<String>,
    /// Who received it, of a transfer
    #[arg(long, value_name = "NAME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) sharing: Sharing,
    /// On which day, as YYYY-MM-DD
    #[arg(long, visible_alias = "date", value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// A category; an empty one takes it away
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// A longer text; an empty one takes it away
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) hints: Hints,
}

/// Options of an expense alone, beside its amounts.
#[derive(Debug, Args)]
pub(crate) struct Hints {
    /// A refund or income: the payers received the money
    #[arg(long)]
    pub(crate) refund: bool,
    /// Spent, and no refund or income
    #[arg(long, conflicts_with = "refund")]
    pub(crate) no_refund: bool,
    /// A tag, in place of those that it has; may be said several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) tag: Vec<String>,
    /// Take all tags away
    #[arg(long, conflicts_with = "tag")]
    pub(crate) no_tags: bool,
    /// What was paid in another currency, such as --currency-paid 12.34 USD
    #[arg(long, num_args = 2, value_names = ["AMOUNT", "CURRENCY"])]
    pub(crate) currency_paid: Vec<String>,
    /// Take away what was paid in another currency
    #[arg(long, conflicts_with = "currency_paid")]
    pub(crate) no_currency_paid: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    pub(crate) entry: OfEntry,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) entry: OfEntry,
    /// A note on it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) read: Read,
    /// The entry: the beginning of its id, as lists show it
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
}
