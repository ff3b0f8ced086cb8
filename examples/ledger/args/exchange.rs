//! Arguments of the commands that bring people and entries from device to device.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ledger_core::Date;

use super::{Database, Location, Read};

/// Whether a file that a command writes may take the place of another one.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Replace {
    /// Replace a file that exists, but never the database, its keys, or what the command reads
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Invite {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Admit everybody who has the link, without approval
    #[arg(long, alias = "open")]
    pub(crate) no_approval: bool,
    /// How many people may join by it [default: any number]
    #[arg(long, value_name = "N")]
    pub(crate) max_uses: Option<u32>,
    /// The member whose place the person takes, such as a placeholder
    #[arg(long, value_name = "NAME")]
    pub(crate) for_member: Option<String>,
    /// The last day on which it can be used, as YYYY-MM-DD [default: it does not expire]
    #[arg(long, value_name = "DATE")]
    pub(crate) expires: Option<Date>,
    /// A note for yourself
    #[arg(long)]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InvitesCommand {
    /// List the invites that this device made, oldest first
    List(Read),
    /// Cancel an invite, so that nobody can ask or join by its link any more
    ///
    /// Whoever joined by it stays.
    Cancel {
        #[command(flatten)]
        location: Location,
        /// The beginning of the id that the list shows
        #[arg(value_name = "INVITE")]
        invite: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RequestsCommand {
    /// List the requests that wait for an answer, oldest first
    List(Read),
    /// Decline a request
    ///
    /// The person is not told, and cannot ask again with the same keys by that invite.
    Decline {
        #[command(flatten)]
        location: Location,
        /// The person's name, or the keys that the list shows
        #[arg(value_name = "NAME|KEYS")]
        who: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    #[command(flatten)]
    pub(crate) location: Database,
    /// Your name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) replace: Replace,
    /// The link
    pub(crate) link: String,
    /// Where to write the request
    #[arg(value_name = "REQUEST")]
    pub(crate) request: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Admit {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Admit the person without asking
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) replace: Replace,
    /// The request
    pub(crate) request: PathBuf,
    /// Where to write the welcome
    #[arg(value_name = "WELCOME")]
    pub(crate) welcome: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Enter {
    #[command(flatten)]
    pub(crate) location: Database,
    /// A name of this device that everybody sees, such as "Anna's phone"
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<String>,
    /// The welcome
    pub(crate) welcome: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Receive {
    #[command(flatten)]
    pub(crate) location: Database,
    /// The file
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Write entries for everybody in the group
    Export {
        #[command(flatten)]
        location: Location,
        /// Write only the entries that the device with this summary lacks
        #[arg(long, value_name = "SUMMARY")]
        since: Option<String>,
        #[command(flatten)]
        replace: Replace,
        /// Where to write
        file: PathBuf,
    },
    /// Import the entries of a bundle
    Import {
        #[command(flatten)]
        location: Location,
        /// The bundle
        file: PathBuf,
    },
    /// Print a summary of what this device has, for --since
    Summary {
        #[command(flatten)]
        location: Location,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Phrase {
    #[command(flatten)]
    pub(crate) location: Database,
}

#[derive(Debug, Args)]
pub(crate) struct Recover {
    #[command(flatten)]
    pub(crate) location: Database,
    #[command(flatten)]
    pub(crate) restore: GroupToRestore,
}

/// Arguments for restoring a group of a person who was restored.
#[derive(Debug, Args)]
pub(crate) struct GroupToRestore {
    /// Do not ask whether the bundle is of the right group
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) replace: Replace,
    /// A bundle of the group
    pub(crate) bundle: PathBuf,
    /// Where to write the request to approve this device
    #[arg(value_name = "REQUEST")]
    pub(crate) request: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    pub(crate) location: Database,
    /// The request of the restored device
    pub(crate) request: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ResetKeys {
    #[command(flatten)]
    pub(crate) location: Location,
    #[command(flatten)]
    pub(crate) replace: Replace,
    /// Where to write the request to approve this device
    #[arg(value_name = "REQUEST")]
    pub(crate) request: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GoOn {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}
