//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ledger_store::Cursor;

/// Shared expenses as a signed, encrypted ledger.
///
/// A ledger is one database file, encrypted with a key from a key file beside
/// it. Start by importing a Splitwise export, then look at balances, and let
/// settle-up tell who pays whom.
#[derive(Debug, Parser)]
#[command(
    name = "ledger",
    version,
    after_help = "Example:\n  \
    ledger import --db flat.db --format splitwise export.csv\n  \
    ledger settle-up --db flat.db\n\n\
    Exit codes: 0 done, 1 the input or the ledger is at fault, 2 wrong usage."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read another program's export into the ledger
    ///
    /// The first import makes the database and its key file. Rows that an
    /// earlier import recorded are recognised, so importing the same file
    /// twice adds nothing, and an updated export adds only its new rows. A
    /// file with any error in it imports nothing.
    Import(Import),
    /// Show who is owed and who owes, per currency
    Balances(Read),
    /// Show who should pay whom so that everybody is settled
    ///
    /// Up to 16 open balances per currency the plan provably has the fewest
    /// transfers. The same balances always give the same plan.
    SettleUp(Read),
    /// List expenses and transfers, newest first
    Expenses(List),
    /// List everything that anybody did, newest first, and whether it counts
    Activity(List),
    /// Check every hash, signature, link and rule again from the stored bytes
    Verify(Read),
    /// Check everything in the database, and optionally write anew what can be
    ///
    /// Works out from the entries everything that is derived from them, and
    /// compares; checks every signature and every page of the file.
    Fsck(Fsck),
    /// Write the ledger for other programs, to standard output
    Export(Export),
}

/// Where the ledger is.
#[derive(Debug, Args)]
pub(crate) struct Location {
    /// The database file
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The file with the keys [default: beside the database, FILE.keys]
    ///
    /// Whoever has it can read and sign the ledger. It is made by the first
    /// import, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Say on standard error how the ledger was opened
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Which program wrote the file
    #[arg(long, value_enum)]
    pub(crate) format: ImportFormat,
    /// Which member of the file you are, on the first import [default: the
    /// first column]
    #[arg(long, value_name = "NAME")]
    pub(crate) me: Option<String>,
    /// Name of the group, on the first import [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The export
    #[arg(value_name = "CSV")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImportFormat {
    /// A group exported from Splitwise as a spreadsheet (CSV)
    Splitwise,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fsck {
    #[command(flatten)]
    pub(crate) read: Read,
    /// Write anew what is derived from the entries, if that is what is wrong
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) read: Read,
    /// At most so many rows [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Go on after the row with this cursor
    ///
    /// Each row of the JSON has its cursor; a list that was cut off prints the
    /// last one.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<Cursor>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) location: Location,
    /// For which program
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A journal of hledger, with the entry id of each transaction in a tag
    Hledger,
    /// The layout of a Splitwise export, with closing totals
    Csv,
    /// Members, balances and every entry with its verdict
    Json,
}
