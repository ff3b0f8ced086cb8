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
    /// Only this category
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// Only this currency
    #[arg(long, value_name = "CURRENCY")]
    pub(crate) currency: Option<String>,
    /// Only what has words that begin so, in description, note or category
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Expenses {
    #[command(flatten)]
    pub(crate) list: List,
    #[command(flatten)]
    pub(crate) filters: Filters,
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
