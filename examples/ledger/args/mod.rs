//! Arguments of the command line.

mod care;
mod change;
mod exchange;
mod filter;
mod import;
mod settle;

use std::ops::Deref;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use ledger_core::{Currency, Date};
use ledger_store::{Cursor, StatementCursor};

use crate::pair::PairCommand;
use crate::recurring::RecurringCommand;
use crate::shares::SharesCommand;
use crate::sharing::Sharing;

pub(crate) use care::{Backup, DeleteGroup, Rekey};
pub(crate) use change::{Cancel, Correct, Hints, History, OfEntry, Review};
pub(crate) use exchange::{
    Admit, Approve, BundleCommand, Enter, GoOn, GroupToRestore, Invite, InvitesCommand, Join,
    Phrase, Receive, Recover, Replace, RequestsCommand, ResetKeys,
};
pub(crate) use filter::{By, Expenses, Filters, OfKind, Totals, Way, YesOrNo};
pub(crate) use import::{Import, ImportFormat};
pub(crate) use settle::{Balances, Conversion, SettleUp};

/// Shared expenses as a signed, encrypted ledger.
///
/// A ledger is one database file, encrypted with a key from a key file beside it. Start
/// by importing a Splitwise export or creating a group. Then look at the balances, and
/// let settle-up tell who pays whom.
#[derive(Debug, Parser)]
#[command(
    name = "ledger",
    version,
    after_help = "Example:\n  \
    ledger import --db flat.db --format splitwise export.csv\n  \
    ledger settle-up --db flat.db\n\n\
    Exit codes: 0 done, 1 the input or the ledger is at fault, 2 wrong usage, \
    3 you declined."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read another program's export into the ledger
    ///
    /// The first import makes the database and its key file. An import compares the file
    /// with the rows that earlier ones recorded: importing the same file twice adds
    /// nothing, and an updated export adds only its new rows. If rows of earlier exports
    /// are gone from the file or changed in it, or if the file seems to be of another
    /// group, nothing is recorded, and a table says why. A file with any error in it
    /// imports nothing.
    Import(Import),
    /// Show who is owed and who owes, per currency
    ///
    /// People who were removed or left are listed while they owe or are owed something.
    Balances(Balances),
    /// Show who should pay whom so that everybody is settled
    ///
    /// For up to 16 open balances per currency, no plan has fewer transfers. The same
    /// balances always give the same plan. People who were removed or left pay and get what
    /// is open.
    SettleUp(SettleUp),
    /// Show whom a member owes, and who owes the member
    ///
    /// Each share of an expense is owed to those who paid, in proportion to what they paid.
    /// What others owe the member, less what the member owes, is the member's balance.
    Debts(Debts),
    /// Explain a member's balance: every expense and transfer with what it does to it
    ///
    /// Newest first, with the balance after each. The first row has the balance of now.
    Statement(Statement),
    /// List expenses and transfers, newest first
    Expenses(Expenses),
    /// Show what was spent, by month, category, member or currency
    ///
    /// Less refunds and income; transfers are no spending. Of a member: the sum of their shares.
    Totals(Totals),
    /// List the categories that expenses have, each with the last day of one
    Categories(Read),
    /// List the tags that expenses and transfers have, each with the last day of one
    Tags(Read),
    /// List all entries, newest first, and whether they count
    Activity(List),
    /// List what came from other devices since it was marked as read, oldest first
    ///
    /// In the order in which it came: a dinner that comes late is new, however old its day is.
    Unread(Unread),
    /// Create a group
    New(New),
    /// Record an expense
    ///
    /// Shared by all members, equally or by the default weights of the group (`ledger settings`),
    /// unless --for, --split or --item say otherwise.
    Record(Record),
    /// Show how an amount is shared
    ///
    /// It needs no ledger and records nothing. `record` takes the same options. Where several have
    /// an equal claim to an odd cent, names come in alphabetical order here, and members in the
    /// order of their ids there.
    Split(Split),
    /// Record that somebody paid somebody back
    Pay(Pay),
    /// Correct an expense or transfer, and show what changes
    ///
    /// What no option names stays as it is. If the amount changes, an equal split stays equal, and
    /// one payer pays it all; otherwise say who pays and shares.
    Correct(Correct),
    /// Cancel an expense or transfer, so that it counts no more
    Cancel(Cancel),
    /// Restore an expense or transfer that was cancelled, so that it counts again
    Restore(OfEntry),
    /// Undo the last act of this device: what it recorded, corrected, cancelled or restored
    Undo(Location),
    /// Confirm an expense or transfer
    ///
    /// It changes no balance. Everybody sees it in the history.
    Confirm(Review),
    /// Dispute an expense or transfer
    ///
    /// It changes no balance. Everybody sees it in the history.
    Dispute(Review),
    /// Copy an entry that does not count, so that it does
    ///
    /// For what somebody who was removed recorded, and is true all the same.
    Copy(OfEntry),
    /// Show every version of an expense or transfer, who wrote it, and who confirms it
    History(History),
    /// List the groups of the database
    Groups(ReadDatabase),
    /// List the members
    Members(Read),
    /// List the devices that may write
    Devices(Read),
    /// Make a link by which somebody can ask to join
    Invite(Invite),
    /// The invites that this device made
    #[command(subcommand)]
    Invites(InvitesCommand),
    /// Ask to join by a link
    Join(Join),
    /// The requests of people who ask to join
    #[command(subcommand)]
    Requests(RequestsCommand),
    /// Admit the person who sent a request
    Admit(Admit),
    /// Enter a group with the welcome that answers a request
    Enter(Enter),
    /// Exchange entries as sealed files
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Take any file that somebody sent, and say what it is
    ///
    /// Bundles are imported, and groups entered; a file that a person has to look at first is
    /// only named.
    Receive(Receive),
    /// Pair a further device of yours with this one
    #[command(subcommand)]
    Pair(PairCommand),
    /// Give shares of your phrase to friends, or recover by them
    #[command(subcommand)]
    Shares(SharesCommand),
    /// Show the 24 words that restore you on another device
    Phrase(Phrase),
    /// Restore a group from the 24 words and a bundle
    Recover(Recover),
    /// Approve another member's restored device
    Approve(Approve),
    /// Give this device new keys in the group
    ///
    /// For a device that signs nothing more, because its keys are on two devices or its
    /// database is an old copy. Any member's device approves the request.
    #[command(name = "reset-device-keys", alias = "reset-keys")]
    ResetKeys(ResetKeys),
    /// Go on without entries of this device that are missing here
    ///
    /// For a device that signs nothing, because entries that it signed are missing or wait, as
    /// after a salvage, and nobody else has the missing ones. It gets new keys, and writes at
    /// once. The entries that wait stay.
    GoOn(GoOn),
    /// Remove a member, as the owner
    Remove(Remove),
    /// Revoke one of your devices, which then may not write any more
    Revoke(Revoke),
    /// Leave the group
    Leave(Leave),
    /// Rename yourself
    Rename(Rename),
    /// Go on in a new group that you own, with everybody's balances
    ///
    /// For a group whose owner's keys are lost for good, or stolen.
    Successor(Successor),
    /// Compare the opening balances of a group with the group that it continues
    CompareOpening(Location),
    /// Compare with another device
    ///
    /// Without a file, it prints the text to give to the other device.
    Agree(Agree),
    /// Verify every hash, signature, link and rule again from the stored bytes
    #[command(alias = "verify")]
    VerifyHistory(Read),
    /// Check the whole database, and optionally rebuild its indexes
    ///
    /// It checks every signature and every page of the file. It derives all tables again
    /// from the entries, and compares them with those in the database.
    #[command(alias = "fsck")]
    CheckDatabase(CheckDatabase),
    /// Salvage the sound parts of a damaged database into a new one
    ///
    /// The damaged file is only read. The new database has all entries of every group
    /// whose signatures are valid; lost entries are listed. It opens with the same key
    /// file: give that by --key-file.
    #[command(alias = "repair")]
    Salvage(Salvage),
    /// Expenses and transfers that recur, and recording what of them is due
    #[command(subcommand)]
    Recurring(RecurringCommand),
    /// Show the settings of the group, or change some
    ///
    /// Every member may change them, but for relays: those of the owner are in force, and those of
    /// anybody else are a proposal.
    Settings(Settings),
    /// Write the ledger for other programs, to standard output
    Export(Export),
    /// Copy the database, as it is now, into a new file
    ///
    /// The copy opens with the same key file: give that by --key-file, and keep a copy of it in
    /// another place.
    Backup(Backup),
    /// Encrypt the database anew with a fresh key
    ///
    /// For when somebody may have the old one. Backups from before do not open any more, so it asks first.
    Rekey(Rekey),
    /// Delete a group from this device, for good
    ///
    /// Asks for the group's name. The other members keep theirs; what only this device has is lost.
    DeleteGroup(DeleteGroup),
}

/// Where the database is.
#[derive(Debug, Args)]
pub(crate) struct Database {
    /// The database file
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The file with the keys [default: beside the database, FILE.keys]
    ///
    /// A person who has this file can read and sign the ledger. The first import makes
    /// it, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// Where the ledger is: a group of a database. Only commands about one group take it, so that
/// `--group` is an error where it has no effect.
#[derive(Debug, Args)]
pub(crate) struct Location {
    #[command(flatten)]
    pub(crate) database: Database,
    /// Which group, by its name or the beginning of its id, if there are several
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Say on standard error how the ledger was opened
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// A location is the place of its database, too.
impl Deref for Location {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// As [`Read`], for the whole database.
#[derive(Debug, Args)]
pub(crate) struct ReadDatabase {
    #[command(flatten)]
    pub(crate) location: Database,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Debts {
    #[command(flatten)]
    pub(crate) read: Read,
    /// The member
    #[arg(value_name = "NAME")]
    pub(crate) member: String,
}

#[derive(Debug, Args)]
pub(crate) struct Statement {
    #[command(flatten)]
    pub(crate) read: Read,
    /// The member
    #[arg(value_name = "NAME")]
    pub(crate) member: String,
    /// As of the end of a day, as YYYY-MM-DD, or as of an entry, by the beginning of its id
    ///
    /// By what counts today: what was voided since, counts at no time.
    #[arg(long, value_name = "DAY|ENTRY")]
    pub(crate) as_of: Option<String>,
    /// Only this currency [default: each one]
    #[arg(long, value_name = "CURRENCY")]
    pub(crate) currency: Option<String>,
    /// At most so many rows [default: all]
    #[arg(long, value_name = "N", requires = "currency")]
    pub(crate) limit: Option<u64>,
    /// Go on after the row with this cursor
    #[arg(long, value_name = "CURSOR", requires = "currency")]
    pub(crate) after: Option<StatementCursor>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("device_naming").args(["device_name", "no_device_name"]).multiple(false))]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) read: Read,
    /// The currency that is offered first; none takes it back
    #[arg(long, value_name = "CURRENCY")]
    pub(crate) currency: Option<String>,
    /// How much of an expense a member bears if nothing else is said, such as Ben=2 for a couple
    ///
    /// Whoever has no weight counts once. 0 leaves a member out, and none takes the weight back.
    #[arg(long, value_name = "NAME=WEIGHT")]
    pub(crate) weight: Vec<String>,
    /// An address of a relay, in place of those that you set before; may be said several times
    #[arg(long, value_name = "URL")]
    pub(crate) relay: Vec<String>,
    /// Set no relays
    #[arg(long, conflicts_with = "relay")]
    pub(crate) no_relays: bool,
    /// A category to offer, in place of those set before; may be said several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) category: Vec<String>,
    /// Offer no categories
    #[arg(long, conflicts_with = "category")]
    pub(crate) no_categories: bool,
    /// A name of this device that everybody sees, such as "Anna's phone"
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<String>,
    /// Take the name of this device away
    #[arg(long, conflicts_with = "device_name")]
    pub(crate) no_device_name: bool,
    /// Name another of your devices, by the beginning of its id
    #[arg(long, value_name = "DEVICE", requires = "device_naming")]
    pub(crate) device: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckDatabase {
    #[command(flatten)]
    pub(crate) read: ReadDatabase,
    /// Rebuild everything that is derived from the entries, if only that is wrong
    #[arg(long)]
    pub(crate) rebuild_indexes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Salvage {
    #[command(flatten)]
    pub(crate) read: ReadDatabase,
    /// The new database, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
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
    /// Each row of the JSON has its cursor. A list that was cut off prints the cursor of
    /// its last row.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<Cursor>,
}

#[derive(Debug, Args)]
pub(crate) struct Unread {
    #[command(flatten)]
    pub(crate) read: Read,
    /// Mark what is printed as read, on this device
    #[arg(long)]
    pub(crate) mark_read: bool,
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

#[derive(Debug, Args)]
pub(crate) struct New {
    #[command(flatten)]
    pub(crate) location: Database,
    /// Your name
    #[arg(long, value_name = "NAME")]
    pub(crate) me: String,
    /// A name of this device that everybody sees, such as "Anna's phone"
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<String>,
    /// People who have no ledger of their own yet
    #[arg(long = "with", value_name = "NAME")]
    pub(crate) others: Vec<String>,
    /// The group's name
    #[arg(value_name = "GROUP")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Who paid, and how much; may be said several times [default: you, everything]
    ///
    /// One of several payers may go without an amount: that one paid the rest.
    #[arg(long, value_name = "NAME[=AMOUNT]")]
    pub(crate) by: Vec<String>,
    #[command(flatten)]
    pub(crate) sharing: Sharing,
    /// On which day, as YYYY-MM-DD [default: today]
    #[arg(long, visible_alias = "date", value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// A refund or income: the payers received the money, and it is due to those who share it
    #[arg(long)]
    pub(crate) refund: bool,
    /// A category
    #[arg(long)]
    pub(crate) category: Option<String>,
    /// A longer text
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// A tag; may be said several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) tag: Vec<String>,
    /// What was paid in another currency, such as --currency-paid 12.34 USD; a note beside the amount
    #[arg(long, num_args = 2, value_names = ["AMOUNT", "CURRENCY"])]
    pub(crate) currency_paid: Vec<String>,
    /// What it was
    pub(crate) description: String,
    /// How much, such as 12.50
    #[arg(allow_negative_numbers = true)]
    pub(crate) amount: String,
    /// The currency, such as EUR
    pub(crate) currency: Currency,
}

#[derive(Debug, Args)]
pub(crate) struct Split {
    #[command(flatten)]
    pub(crate) sharing: Sharing,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// How much, such as 12.50
    #[arg(allow_negative_numbers = true)]
    pub(crate) amount: String,
    /// The currency, such as EUR
    pub(crate) currency: Currency,
}

#[derive(Debug, Args)]
pub(crate) struct Pay {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Who paid [default: you]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// On which day, as YYYY-MM-DD [default: today]
    #[arg(long, visible_alias = "date", value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// Who received it
    pub(crate) to: String,
    /// How much, such as 12.50
    #[arg(allow_negative_numbers = true)]
    pub(crate) amount: String,
    /// The currency, such as EUR
    pub(crate) currency: Currency,
}

/// A statement to be shown, and signed after a yes.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    #[command(flatten)]
    pub(crate) location: Location,
    /// Sign without asking
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) sign: Sign,
    /// The first of the member's entries that no longer counts, by the beginning of its id
    #[arg(long, value_name = "ENTRY")]
    pub(crate) since: Option<String>,
    /// The member
    pub(crate) member: String,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    pub(crate) sign: Sign,
    /// The first of the device's entries that no longer counts, by the beginning of its id
    #[arg(long, value_name = "ENTRY")]
    pub(crate) since: Option<String>,
    /// The beginning of the device's id
    pub(crate) device: String,
}

#[derive(Debug, Args)]
pub(crate) struct Leave {
    /// Leave although you own the group: nobody else can remove members then
    #[arg(long)]
    pub(crate) as_owner: bool,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

#[derive(Debug, Args)]
pub(crate) struct Rename {
    #[command(flatten)]
    pub(crate) sign: Sign,
    /// The new name
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Successor {
    #[command(flatten)]
    pub(crate) location: Location,
    /// The new group's name [default: as before]
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Agree {
    #[command(flatten)]
    pub(crate) location: Location,
    /// The text that the other device printed; - reads standard input
    pub(crate) other: Option<PathBuf>,
}
