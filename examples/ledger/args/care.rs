//! Arguments of the commands that look after the database.

use std::path::PathBuf;

use clap::Args;

use super::{Database, Location};

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) location: Database,
    /// The new file, which must not exist
    #[arg(value_name = "FILE")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Rekey {
    #[command(flatten)]
    pub(crate) location: Database,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteGroup {
    #[command(flatten)]
    pub(crate) location: Location,
}
