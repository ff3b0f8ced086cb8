//! Repairs: what a reader had to mend, which people are told.

use core::fmt;

use ledger_core::Currency;

/// Change that a reader made to what stands in a file, so that it could be read. Every one is exact or
/// bounded, and people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// Numbers had more decimals than their currency. Each was changed by less than one minor unit, so
    /// that every row adds up to 0.
    Rounded {
        /// The currency.
        currency: Currency,
        /// How many rows.
        rows: u64,
    },
    /// Numbers have a decimal comma.
    DecimalComma,
    /// Fields are separated by this and not by commas.
    Separator(char),
    /// The file is in UTF-16.
    Utf16,
    /// The file does not say the weights of these people, who never paid; each was read as 1.
    Weights(Vec<String>),
    /// So many rows of the file say that they are deleted, and were left out.
    Deleted(u64),
    /// So many rows of the file recur. Each was read once: a series has to be made anew.
    Recurring(u64),
    /// So many rows are reimbursements of several people, and were read as expenses.
    Reimbursements(u64),
    /// So many rows have a rate to another currency. They were read in the currency that they name.
    Rates(u64),
    /// Nothing was read of these columns.
    Columns(Vec<String>),
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rounded { currency, rows } => write!(
                f,
                "{rows} rows have more decimals than {currency} has; each number was rounded by less \
                 than one minor unit, so that the rows add up to 0"
            ),
            Self::DecimalComma => f.write_str("numbers were read with a decimal comma"),
            Self::Separator('\t') => f.write_str("fields were read as separated by tabs"),
            Self::Separator(separator) => {
                write!(f, "fields were read as separated by {separator:?}")
            }
            Self::Utf16 => f.write_str("the file was read as UTF-16"),
            Self::Weights(names) => write!(
                f,
                "the weights of people who never paid are not in the file and were read as 1: {}",
                names.iter().map(|name| crate::one_line(name)).collect::<Vec<_>>().join(", ")
            ),
            Self::Deleted(rows) => {
                write!(f, "{rows} rows are deleted in the file and were left out")
            }
            Self::Recurring(rows) => write!(
                f,
                "{rows} rows recur in the other program; each was read once, so set up here what should \
                 go on"
            ),
            Self::Reimbursements(rows) => write!(
                f,
                "{rows} reimbursements go to several people and were read as expenses with their shares"
            ),
            Self::Rates(rows) => write!(
                f,
                "{rows} rows have a rate of exchange; they were read in the currency that each names, \
                 and nothing was converted"
            ),
            Self::Columns(names) => write!(
                f,
                "nothing was read of the columns {}",
                names.iter().map(|name| crate::one_line(name)).collect::<Vec<_>>().join(", ")
            ),
        }
    }
}
