//! An open database with its groups, and sub-handles by topic.

mod imports;
mod joining;
mod maintenance;
mod open;
mod pairing;
mod receive;
mod recovery;
mod salvage;
mod watch;

use std::sync::Arc;

use ledger_core::{GroupId, MemberId};
use ledger_store::Store;

use crate::error::LedgerError;
use crate::group::{LedgerGroup, UnfinishedImport};
use crate::platform::Secrets;
use crate::store_handle::StoreHandle;
use crate::values::{Instant, Money};

pub use imports::{
    AppliedImport, ChangedRow, ColumnMember, ImportChoice, ImportPlan, ImportPreview, ImportTarget,
    Imports, OldRows, PlannedPerson, PlannedTotal, RenamedPerson, TotalDifference, UndoneImport,
};
pub use joining::{JoinedGroup, Joining, PendingJoin, RequestOutcome};
pub use maintenance::Maintenance;
pub use pairing::{
    AcceptingGroups, AwaitingEnrolment, EnrollingDevice, EnteringDigits, NewDevice, OldDevice,
    PairedGroup, Pairing, PairingMode, ShowingCode,
};
pub use receive::{FileReceipt, ImportedGroup};
pub use recovery::{
    ApprovedDevice, GroupPreview, Recovery, RecoveryProgress, RestoredGroup, ReturnedShare,
};
pub use salvage::{SalvageReport, SalvagedGroup, salvage_database, salvage_database_with_key_file};
pub use watch::{Change, ChangeListener, Watch};

/// An open, encrypted database with any number of groups.
///
/// Any thread may use it. Every call may wait for the disk, and for a call on another
/// thread: keep it off the thread that draws. Calls about one topic are on sub-handles:
/// `joining`, `pairing`, `recovery`, `imports` and `maintenance`.
#[derive(uniffi::Object)]
pub struct Ledger {
    store: StoreHandle,
    /// The secret store; none for a ledger in memory.
    secrets: Option<Secrets>,
}

/// A group in the list of groups.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupOverview {
    /// The group's id.
    pub id: GroupId,
    /// The group's name.
    pub name: String,
    /// The member who uses this device.
    pub me: Option<MemberId>,
    /// What the group owes that member, in every currency in which that is not zero.
    pub balances: Vec<Money>,
    /// The code of the currency to offer first, if one is set.
    pub default_currency: Option<String>,
    /// How many members there are, without removed ones.
    pub members: u64,
    /// How many entries wait for others that are not here, and do not count.
    pub waiting: u64,
    /// How many of them this device signed. While there are any, it signs nothing:
    /// import a bundle that has the missing entries, or call
    /// `GroupKeys.go_on_without_missing`.
    pub own_waiting: u64,
    /// The import of a file that stopped half-way, if there is one: balances are not those of
    /// the file. Show it until it is finished or undone.
    pub unfinished_import: Option<UnfinishedImport>,
    /// How many entries of other devices came since `LedgerGroup.mark_read`: those that
    /// count, without the ones that only keep the group together.
    pub unread: u64,
    /// Whether more may be unread: only the first 10,000 entries are looked at.
    pub is_more_unread: bool,
    /// When the entry that came to this device last was made, by its author's clock. Show
    /// it, and do not trust it.
    pub last_activity: Instant,
    /// The cursor for the page after this row.
    pub cursor: String,
}

#[uniffi::export]
impl Ledger {
    /// Joining groups by invites.
    #[must_use]
    pub fn joining(&self) -> Arc<Joining> {
        Arc::new(Joining::new(self.store.clone()))
    }

    /// Pairing a further device of the same person.
    #[must_use]
    pub fn pairing(&self) -> Arc<Pairing> {
        Arc::new(Pairing::new(self.store.clone()))
    }

    /// Recovery of a person who lost every device.
    #[must_use]
    pub fn recovery(&self) -> Arc<Recovery> {
        Arc::new(Recovery::new(self.store.clone()))
    }

    /// Backups, changes of keys, checks and repairs of the whole database.
    #[must_use]
    pub fn maintenance(&self) -> Arc<Maintenance> {
        Arc::new(Maintenance::new(self.store.clone(), self.secrets.clone()))
    }

    /// The groups with what a list of them shows, at most `limit`. The group that came
    /// to this device last is the first. `after` is the cursor of the last row of the
    /// page before.
    ///
    /// # Errors
    /// `InvalidCursor`, or any error of reading the database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn groups(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<GroupOverview>, LedgerError> {
        let after = after.map(|cursor| cursor.parse()).transpose()?;
        let rows = self.open_store()?.overview(after, limit)?;
        let row = |row: ledger_store::Overview| {
            let balance = |(currency, balance)| Money::of_balance(balance, currency);
            Ok(GroupOverview {
                id: row.id,
                name: row.name,
                me: row.me,
                balances: row.balances.into_iter().map(balance).collect::<Result<_, _>>()?,
                default_currency: row.default_currency.map(|currency| currency.to_string()),
                members: row.members,
                waiting: row.waiting.total,
                own_waiting: row.waiting.own,
                unfinished_import: row.unfinished_import.map(Into::into),
                unread: row.unread.entries,
                is_more_unread: row.unread.is_more,
                last_activity: Instant::from_ms(row.last_activity_ms),
                cursor: row.cursor.to_string(),
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// Creates a group, with this device's person as its owner and first member.
    ///
    /// # Errors
    /// `InvalidEntry` if a name is empty or too long, or any error of writing the
    /// database.
    pub fn create_group(&self, name: &str, my_name: &str) -> Result<Arc<LedgerGroup>, LedgerError> {
        let group = self.open_store()?.create_group(name, my_name)?;
        Ok(Arc::new(LedgerGroup::new(self.store.clone(), group.id())))
    }

    /// One group.
    ///
    /// # Errors
    /// `InvalidId`, or `UnknownGroup` if the group is not in this database.
    pub fn group(&self, id: GroupId) -> Result<Arc<LedgerGroup>, LedgerError> {
        self.store.group(id)?;
        Ok(Arc::new(LedgerGroup::new(self.store.clone(), id)))
    }

    /// Deletes a group from this device for good, with the key by which this device
    /// signed in it. Other members keep the group. Entries that only this device has are
    /// lost.
    ///
    /// # Errors
    /// `UnknownGroup`, or any error of writing the database.
    pub fn delete_group(&self, id: GroupId) -> Result<(), LedgerError> {
        Ok(self.open_store()?.delete_group(id)?)
    }

    /// Reports from now on to a listener what changes in any group, also in groups that
    /// come later.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn watch(&self, listener: Arc<dyn ChangeListener>) -> Result<Arc<Watch>, LedgerError> {
        Ok(Arc::new(Watch::start(self.open_store()?.subscribe()?, listener)?))
    }

    /// Whether the file can only be read: its medium is read-only, or its permissions or its
    /// folder's do not let it be written. Calls that would write fail with `ReadOnly`.
    ///
    /// # Errors
    /// `Closed` after `close`.
    pub fn is_read_only(&self) -> Result<bool, LedgerError> {
        Ok(self.open_store()?.is_read_only())
    }

    /// Reads what other processes wrote, such as an app extension, and reports it to
    /// listeners. Call it when the app comes to the foreground.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn refresh(&self) -> Result<(), LedgerError> {
        Ok(self.open_store()?.refresh()?)
    }

    /// Lets go of the file: when this returns, no file is open and no lock is held. An
    /// app on iOS calls it before the system suspends the app, if an extension shares
    /// the database. Calls under way get half a second to end. Later calls fail with
    /// `Suspended`, until `resume`. Checkpoints are saved, and listeners stay.
    ///
    /// # Errors
    /// `StillInUse` if a call did not end in time, such as one whose progress listener
    /// does not return.
    pub fn suspend(&self) -> Result<(), LedgerError> {
        Ok(self.open_store()?.suspend()?)
    }

    /// Opens the file again after `suspend`. Does nothing if the file is open.
    ///
    /// # Errors
    /// As `open`; then the ledger stays suspended.
    pub fn resume(&self) -> Result<(), LedgerError> {
        Ok(self.open_store()?.resume()?)
    }

    /// Cancels the long calls that run now on other threads: each fails with `Cancelled`, as
    /// if its progress listener had stopped it. A listener is not called while a batch of
    /// entries is stored; this stops that, too. Calls that begin later are not cancelled.
    ///
    /// # Errors
    /// `Closed` if the ledger was closed.
    pub fn cancel_running(&self) -> Result<(), LedgerError> {
        self.open_store()?.cancel_running();
        Ok(())
    }

    /// Saves a checkpoint of every group that has new entries. Call it when the app goes
    /// to the background: then the next opening reads little, even if the system ends
    /// the app.
    ///
    /// # Errors
    /// Any error of writing the database; checkpoints that were saved stay.
    pub fn checkpoint(&self) -> Result<(), LedgerError> {
        Ok(self.open_store()?.checkpoint_all()?)
    }

    /// Closes the database, as soon as the calls under way have ended. Later calls fail
    /// with `Closed`, also calls on groups of this ledger. Closing twice does nothing.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn close(&self) -> Result<(), LedgerError> {
        self.store.close();
        Ok(())
    }
}

impl Ledger {
    fn new(store: Store, secrets: Option<Secrets>) -> Self {
        Self { store: StoreHandle::new(store), secrets }
    }

    fn open_store(&self) -> Result<Store, LedgerError> {
        self.store.store()
    }
}
