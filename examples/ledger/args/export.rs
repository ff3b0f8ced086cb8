//! Arguments of `ledger export` and `ledger verify-export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Location, Replace};

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) location: Location,
    /// For which program
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// Write into this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) replace: Replace,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A journal of hledger, with the entry id of each transaction in a tag
    Hledger,
    /// A ledger of beancount, with the entry id of each transaction
    Beancount,
    /// A table for spreadsheets, with payers, shares, notes and entry ids; `ledger import` reads all of it
    Csv,
    /// Members, balances, what counts, and every entry with its verdict; `ledger import` reads it
    Json,
    /// The layout of a Splitwise export, with closing totals; it has no payers, shares or notes
    Splitwise,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyExport {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The file, CSV or JSON
    pub(crate) file: PathBuf,
}
