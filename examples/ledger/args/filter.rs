//! Arguments that choose among expenses and transfers.

use clap::{Args, ValueEnum};
use ledger_core::Date;

use super::{List, Read};

/// Filters, all of which must hold.
#[derive(Debug, Args)]
pub(crate) struct Filters {
    /// From this day on, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<Date>,
    /// Up to this day, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<Date>,
    /// Only what this member paid or shares, gave or received
    #[arg(long, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// Only what this member paid; of received money, what they received
    #[arg(long, value_name = "NAME")]
    pub(crate) payer: Option<String>,
    /// Only this category
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// Only what has this tag; may be said several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) tag: Vec<String>,
    /// Only this currency
    #[arg(long, value_name = "CURRENCY")]
    pub(crate) currency: Option<String>,
    /// Only amounts of at least so much, in the currency of --currency or the only one of the group
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) at_least: Option<String>,
    /// Only amounts of at most so much, as --at-least
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) at_most: Option<String>,
    /// Only what was spent, or what was received as a refund or income
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(crate) direction: Option<Way>,
    /// Only what has words that begin so, in description, note, category or a tag
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Expenses {
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) filters: Filters,
    /// Only expenses, or only transfers
    #[arg(long, value_enum)]
    pub(crate) kind: Option<OfKind>,
    /// Only what is cancelled, or only what is not
    #[arg(long, value_enum)]
    pub(crate) cancelled: Option<YesOrNo>,
}

/// Which of the two ways money went.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Way {
    /// Money was spent
    Spent,
    /// Money was received
    Received,
}

/// Kind of what the list of expenses shows.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OfKind {
    /// Expenses, refunds and income
    Expense,
    /// Transfers from one member to another
    Transfer,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesOrNo {
    /// It is so
    Yes,
    /// It is not so
    No,
}

#[derive(Debug, Args)]
pub(crate) struct Totals {
    #[command(flatten)]
    pub(crate) read: Read,
    /// By what the expenses are added up
    #[arg(long, value_enum)]
    pub(crate) by: By,
    #[command(flatten)]
    pub(crate) filters: Filters,
}

/// What expenses are added up by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum By {
    /// The month of the day
    Month,
    /// The category
    Category,
    /// The member: their shares, and what they paid
    Member,
    /// The currency alone
    Currency,
}
