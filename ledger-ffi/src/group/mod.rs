//! One group: its members, devices and balances, and sub-handles by topic.

mod balances;
mod bundles;
mod entries;
mod import;
mod invites;
mod keys;
mod lists;
mod maintenance;
mod recurring;
mod rows;
mod settings;
mod shares;
mod statements;
mod undo;

use std::sync::Arc;

use ledger_core::GroupId;

use crate::error::LedgerError;
use crate::platform::{ProgressListener, with_progress};
use crate::store_handle::StoreHandle;
use crate::values::Money;

pub use balances::{ConvertedBalances, GroupBalances};
pub use bundles::{BundleExport, BundleImport, BundleParts, Bundles, RefusedEntry};
pub use entries::GroupEntries;
pub use import::{CancelledRow, ImportSummary};
pub use invites::{
    Admitted, Invite, InviteInfo, InvitePolicy, Invites, JoinRequest, JoinRequestInfo,
};
pub use keys::GroupKeys;
pub use lists::{
    ActivityRow, Arrival, CategoryInUse, Condition, Edit, EntryKind, ExpenseFilter, ExpenseRow,
    Lists, ReviewCounts, ReviewRow, SettingChange, SignedStatement, StatementRow,
    StatementRowDetails, TagInUse, TemplateDetails, Total, TotalsBy, UnfinishedImport, Unread,
    Verdict, VersionKind, VersionRow,
};
pub use maintenance::{GroupMaintenance, Problem, Verification};
pub use recurring::{DueList, DueOccurrence, RecordedDue, RecurringExpenses, RecurringSeries};
pub use rows::{Agreement, AsOf, Device, GroupInfo, Member, MemberBalance, Payment, Speaks};
pub use settings::{DefaultWeight, GroupSettings, ProposedRelays, Settings};
pub use shares::{KeptShare, KeptShareInfo, RecoveryRequest, Shares, read_recovery_request};
pub use statements::{GroupStatements, Proposal, ProposedStatement, StatementIntent};
pub use undo::{Undone, UndoneBy};

/// One group of an open ledger.
///
/// The handle costs little. It is of no use once the ledger is closed. Calls about one
/// topic are on sub-handles: `entries`, `balances`, `statements`, `settings`, `lists`, `recurring`,
/// `bundles`, `invites`, `keys`, `shares` and `maintenance`.
#[derive(Clone, uniffi::Object)]
pub struct LedgerGroup {
    store: StoreHandle,
    id: GroupId,
}

impl LedgerGroup {
    pub(crate) fn new(store: StoreHandle, id: GroupId) -> Self {
        Self { store, id }
    }

    /// The group's handle in the store, with the keys that this device has now.
    pub(crate) fn group(&self) -> Result<ledger_store::Group, LedgerError> {
        self.store.group(self.id)
    }

    /// The replayed ledger, whose state is not copied.
    fn ledger(&self) -> Result<Arc<ledger_core::engine::Ledger>, LedgerError> {
        self.store.read_group(self.id, ledger_store::Group::ledger)
    }
}

/// Comparison of a group's opening balances with the group that it continues.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OpeningComparison {
    /// The group that it continues.
    pub predecessor: GroupId,
    /// The balances that differ; empty if all are equal.
    pub differences: Vec<OpeningDifference>,
    /// Whether the old group has the entries here that the new group's founder had.
    pub is_same_state: bool,
}

/// A balance with which a group began, and which the group before has otherwise.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OpeningDifference {
    /// The person's name.
    pub name: String,
    /// The balance with which the new group began.
    pub opening: Money,
    /// The balance in the old group.
    pub before: Money,
}

#[uniffi::export]
impl LedgerGroup {
    /// New entries of this device: recorded, corrected, cancelled, reviewed, undone.
    #[must_use]
    pub fn entries(&self) -> Arc<GroupEntries> {
        Arc::new(GroupEntries::new(self.clone()))
    }

    /// Balances of the members, debts between them, and plans that settle both.
    #[must_use]
    pub fn balances(&self) -> Arc<GroupBalances> {
        Arc::new(GroupBalances::new(self.clone()))
    }

    /// Statements of the owner and of members: proposed first, then signed.
    #[must_use]
    pub fn statements(&self) -> Arc<GroupStatements> {
        Arc::new(GroupStatements::new(self.clone()))
    }

    /// Lists of expenses, entries and reviews.
    #[must_use]
    pub fn lists(&self) -> Arc<Lists> {
        Arc::new(Lists::new(self.store.clone(), self.id))
    }

    /// Bundles: files of sealed entries for other devices.
    #[must_use]
    pub fn bundles(&self) -> Arc<Bundles> {
        Arc::new(Bundles::new(self.clone()))
    }

    /// Invites to this group, and requests to join it.
    #[must_use]
    pub fn invites(&self) -> Arc<Invites> {
        Arc::new(Invites::new(self.clone()))
    }

    /// The keys of the group and of this device in it.
    #[must_use]
    pub fn keys(&self) -> Arc<GroupKeys> {
        Arc::new(GroupKeys::new(self.clone()))
    }

    /// Shares of recovery phrases: this person's for friends, and friends' on this
    /// device.
    #[must_use]
    pub fn shares(&self) -> Arc<Shares> {
        Arc::new(Shares::new(self.clone()))
    }

    /// Recurring expenses and transfers.
    #[must_use]
    pub fn recurring(&self) -> Arc<RecurringExpenses> {
        Arc::new(RecurringExpenses::new(self.clone()))
    }

    /// Settings of the group.
    #[must_use]
    pub fn settings(&self) -> Arc<GroupSettings> {
        Arc::new(GroupSettings::new(self.clone()))
    }

    /// Checks of everything that is stored of this group.
    #[must_use]
    pub fn maintenance(&self) -> Arc<GroupMaintenance> {
        Arc::new(GroupMaintenance::new(self.clone()))
    }

    /// The group's id.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn id(&self) -> Result<GroupId, LedgerError> {
        Ok(self.id)
    }

    /// The group's name and size, and the member who uses this device.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn info(&self) -> Result<GroupInfo, LedgerError> {
        let group = self.group()?;
        let ledger = group.ledger()?;
        let state = ledger.state();
        Ok(GroupInfo {
            id: self.id,
            name: state.name().to_owned(),
            me: group.me()?,
            entries: ledger.frontier().entries(),
            entries_needing_update: state.entries_needing_update(),
        })
    }

    /// The members in the order in which they were introduced, removed ones too.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn members(&self) -> Result<Vec<Member>, LedgerError> {
        let rows = self.group()?.lists().members()?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The devices that may write.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn devices(&self) -> Result<Vec<Device>, LedgerError> {
        let rows = self.group()?.lists().devices()?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The digest of the state, as hexadecimal text. Devices with equal digests agree
    /// on every member and every balance.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn state_digest(&self) -> Result<String, LedgerError> {
        Ok(self.ledger()?.state().digest().to_string())
    }

    /// What two devices compare: with equal digests and heads, they have the same
    /// entries, and agree on what the entries mean.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn agreement(&self) -> Result<Agreement, LedgerError> {
        let group = self.group()?;
        Ok(Agreement {
            state_digest: group.ledger()?.state().digest().to_string(),
            heads: group.agreed_heads()?.into_iter().collect(),
        })
    }

    /// Reads the group into memory. Call it before the app shows the group; otherwise
    /// the first call that needs the group does it. It takes milliseconds if there is a
    /// checkpoint. If there is none, it takes long, and reports its progress. It changes
    /// nothing.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, or any error of reading the database.
    #[uniffi::method(default(listener = None))]
    pub fn prepare(&self, listener: Option<Arc<dyn ProgressListener>>) -> Result<(), LedgerError> {
        let group = self.group()?;
        with_progress(listener, |progress| group.prepare(progress)).map(|_| ())
    }

    /// Marks what came to this device as read: up to a cursor of `Lists.arrived`, or
    /// without one all that is here now, which may be more than the person saw. The marker
    /// never moves back, and is of this device only.
    ///
    /// # Errors
    /// `InvalidCursor`, or any error of writing the database.
    #[uniffi::method(default(upto = None))]
    pub fn mark_read(&self, upto: Option<String>) -> Result<(), LedgerError> {
        Ok(self.group()?.mark_read(lists::cursor(upto)?)?)
    }

    /// Saves a checkpoint if entries came since the last one, so that the next opening
    /// is quick. The library itself saves one every 500 entries.
    ///
    /// # Errors
    /// Any error of writing the database.
    pub fn checkpoint(&self) -> Result<(), LedgerError> {
        Ok(self.group()?.checkpoint()?)
    }

    /// Creates a group with everybody of this one and their balances, for when the
    /// owner's key is lost or stolen. This device's person owns the new group. The
    /// others are placeholders in it, and come in by invites. This group stays as it is.
    ///
    /// # Errors
    /// `InvalidEntry` if the name is empty or too long, `NotEnrolled`, or any error of
    /// writing the database.
    pub fn create_successor_group(&self, name: &str) -> Result<Arc<Self>, LedgerError> {
        let group = self.group()?.create_successor_group(name)?;
        Ok(Arc::new(Self::new(self.store.clone(), group.id())))
    }

    /// Compares the balances with which this group began with those of the group that it
    /// continues, as they are in this database. Whoever created this group chose them.
    /// None if it continues no other group.
    ///
    /// # Errors
    /// `UnknownGroup` if the old group is not in this database, `BalanceTooLarge`, or any
    /// error of reading the database.
    pub fn compare_opening(&self) -> Result<Option<OpeningComparison>, LedgerError> {
        let Some(compared) = self.group()?.compare_opening()? else { return Ok(None) };
        let difference = |found: ledger_store::OpeningDifference| {
            Ok(OpeningDifference {
                name: found.name,
                opening: Money::of_balance(found.opening, found.currency)?,
                before: Money::of_balance(found.before, found.currency)?,
            })
        };
        let differences: Result<_, LedgerError> =
            compared.differences.into_iter().map(difference).collect();
        Ok(Some(OpeningComparison {
            predecessor: compared.predecessor,
            differences: differences?,
            is_same_state: compared.is_same_state,
        }))
    }
}
