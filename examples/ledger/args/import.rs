//! Arguments of `ledger import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Location;

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Which program wrote the file
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) format: ImportFormat,
    /// The currency of rows for which the file names none, such as EUR
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<ledger_core::Currency>,
    /// Which member of the file you are, if the import makes a group [default:
    /// the first column]
    #[arg(long, value_name = "NAME")]
    pub(crate) me: Option<String>,
    /// Name of the group, if the import makes one [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Import into this group, by its name or the beginning of its id, even if
    /// the file seems to be of another one
    #[arg(long, value_name = "GROUP", conflicts_with_all = ["group", "new_group"])]
    pub(crate) into: Option<String>,
    /// Make a further group of the file
    #[arg(long, conflicts_with = "group")]
    pub(crate) new_group: bool,
    /// Say that the member OLD is NEW in the file
    #[arg(long, value_name = "OLD=NEW", conflicts_with = "new_group")]
    pub(crate) map: Vec<String>,
    /// Cancel recorded rows that are gone from the file or changed in it, and
    /// record what the file has
    #[arg(long, conflicts_with = "add_anyway")]
    pub(crate) replace: bool,
    /// Leave such rows as they are, and record beside them what the file has
    #[arg(long)]
    pub(crate) add_anyway: bool,
    /// Let rows of the file count again that somebody cancelled here
    #[arg(long)]
    pub(crate) restore_cancelled: bool,
    /// Only say what the import would do
    #[arg(long)]
    pub(crate) plan: bool,
    /// Report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The export; - is standard input. The word undo undoes an import that
    /// stopped half-way, or else the last one: it cancels the rows that the import
    /// recorded, and restores those that it cancelled
    #[arg(value_name = "CSV")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Recognised by its content
    Auto,
    /// A group exported from Splitwise as a spreadsheet (CSV)
    Splitwise,
    /// A group exported from Spliit as CSV
    Spliit,
    /// A project exported from Cospend as CSV
    Cospend,
    /// Bills exported from ihatemoney as CSV
    Ihatemoney,
    /// A group exported from Settle Up or Splid as CSV
    SettleUp,
}
