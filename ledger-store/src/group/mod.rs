//! The handle of one group.

mod balances;
mod entries;
#[cfg(feature = "import")]
mod import;
mod keys;
mod recurring;
mod schedule;
mod settings;
mod state;
mod statements;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::engine::Ledger;
use ledger_core::{DeviceId, EntryId, GroupId, Member, MemberId};

use crate::StoreError;
use crate::admitting::{Invites, Shares};
use crate::entries::{Opening, WaitingCount};
use crate::health::GroupMaintenance;
use crate::lists::{Cursor, Lists, mark_read};
use crate::platform::progress::Progress;
use crate::sealed::Bundles;
use crate::session::{Changes, GroupSession, OpeningComparison};

pub use balances::{ByCurrency, GroupBalances};
pub use entries::GroupEntries;
pub use keys::GroupKeys;
pub use recurring::{Due, RecordedDue, Recurring, SeriesChange};
pub use settings::GroupSettings;
pub use state::CurrentState;
pub use statements::GroupStatements;

/// One group of an open store. A handle, as `Store` is: cheap to clone, and
/// keeps the database open. Calls about one topic are on sub-handles: `entries`, `balances`,
/// `statements`, `settings`, `lists`, `recurring`, `bundles`, `invites`, `keys`, `shares` and
/// `maintenance`.
#[derive(Clone)]
pub struct Group(pub(crate) GroupSession);

impl Group {
    pub(crate) fn new(session: GroupSession) -> Self {
        Self(session)
    }

    /// The group's id.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.0.id
    }

    /// The device that writes here.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.0.device
    }

    /// The member who uses this device.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn me(&self) -> Result<Option<MemberId>, StoreError> {
        Ok(self.0.ledger()?.state().device_owner(self.0.device))
    }

    /// The state of the group as it is now, without a copy: later changes do not show in it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn state(&self) -> Result<CurrentState, StoreError> {
        Ok(CurrentState::new(self.0.ledger()?))
    }

    /// State and frontier, as they are now: later changes do not show in it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn ledger(&self) -> Result<Arc<Ledger>, StoreError> {
        self.0.ledger()
    }

    /// The members in the order of introduction, removed ones as well.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn members(&self) -> Result<Vec<(MemberId, Member)>, StoreError> {
        let ledger = self.0.ledger()?;
        let members = ledger.state().members().into_iter();
        Ok(members.map(|(id, member)| (id, member.clone())).collect())
    }

    /// Loads the ledger now, which otherwise the first call does that needs it, and keeps
    /// it in memory. That takes milliseconds from a checkpoint. If there is none that
    /// checks out, all entries are replayed, microseconds for each: then `progress` counts
    /// them, and may stop the work. Changes nothing in the database.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::StoreOptions;
    /// # let store = StoreOptions::new().in_memory()?;
    /// # let group = store.create_group("Flat", "Anna")?;
    /// // On a thread of the app, before it shows the group.
    /// let opening = group.prepare(&mut |progress| {
    ///     println!("{}: {} of {}", progress.phase.name(), progress.done, progress.total);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(opening.dropped_checkpoints, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped: what was done is forgotten, and
    /// whatever needs the ledger next begins anew. [`StoreError`] if the database
    /// cannot be read.
    pub fn prepare(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Opening, StoreError> {
        let session = &self.0.session;
        session.snapshot_apart(|snapshot| {
            let mut progress = session.stopped_by(progress);
            Ok(snapshot.ledger_with_progress(self.0.key, self.0.id, Some(&mut progress))?.opening)
        })
    }

    /// The source of the ledger in memory: from which checkpoint it was loaded, and how many
    /// entries were replayed after it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn opening(&self) -> Result<Opening, StoreError> {
        self.0.read(|_, loaded| Ok(loaded.opening))
    }

    /// The heads by which devices compare what they have: two devices with the
    /// same heads and the same state digest agree (SPEC §5.3).
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn agreed_heads(&self) -> Result<BTreeSet<EntryId>, StoreError> {
        self.0.read(|_, loaded| Ok(loaded.ledger.agreed_heads()))
    }

    /// Number of entries that wait for others that are not here, and count for nothing so far. An
    /// app shows it beside the balances.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn waiting(&self) -> Result<WaitingCount, StoreError> {
        self.0.waiting()
    }

    /// Marks what came to this device as read, up to a position in [`Lists::arrived`] or, without
    /// one, up to what is here now, which may be more than the person saw. The marker never moves
    /// back. It is of this device only, and is no part of the ledger.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// let unread = group.lists().unread()?;
    /// let seen = group.lists().arrived(unread.read, 50)?;
    /// group.mark_read(seen.last().map(|row| row.cursor))?;
    /// assert_eq!(group.lists().unread()?.entries, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`] if the position is none of that list; [`StoreError`] if
    /// the database cannot be used.
    pub fn mark_read(&self, upto: Option<Cursor>) -> Result<(), StoreError> {
        mark_read(&self.0, upto)
    }

    /// Subscribes to the changes of this group.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn subscribe(&self) -> Result<Changes, StoreError> {
        self.0.subscribe()
    }

    /// Saves a checkpoint of this group if it has entries since the last one. The library saves
    /// one every 500 entries without being asked.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.0.checkpoint()
    }

    /// Creates a group that continues this one, for when the owner's key is lost for good or
    /// stolen: with all members and their balances, owned by the person of this device. The
    /// others come as placeholders, and follow by an invite. The old group stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if the name is too long, or this device's person is
    /// not known in the group.
    pub fn create_successor_group(&self, name: &str) -> Result<Self, StoreError> {
        Ok(Self(self.0.create_successor(name)?))
    }

    /// Compares the balances with which this group began with those of the group that it continues,
    /// as they are in this database. Whoever created the group chose them. `None` if it continues
    /// no other group.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if the old group is not in this database.
    pub fn compare_opening(&self) -> Result<Option<OpeningComparison>, StoreError> {
        self.0.compare_opening()
    }

    /// New entries of this device, and entries from elsewhere.
    #[must_use]
    pub fn entries(&self) -> GroupEntries<'_> {
        GroupEntries::new(&self.0)
    }

    /// Balances of the members, debts between them, and plans that settle both.
    #[must_use]
    pub fn balances(&self) -> GroupBalances<'_> {
        GroupBalances::new(&self.0)
    }

    /// Statements of the owner and of members: proposed first, then signed.
    #[must_use]
    pub fn statements(&self) -> GroupStatements<'_> {
        GroupStatements::new(&self.0)
    }

    /// The settings of the group.
    #[must_use]
    pub fn settings(&self) -> GroupSettings<'_> {
        GroupSettings::new(&self.0)
    }

    /// The lists of this group: expenses, activity, history.
    #[must_use]
    pub fn lists(&self) -> Lists<'_> {
        Lists::new(&self.0)
    }

    /// Recurring expenses and transfers.
    #[must_use]
    pub fn recurring(&self) -> Recurring<'_> {
        Recurring::new(&self.0)
    }

    /// Export and import of bundles.
    #[must_use]
    pub fn bundles(&self) -> Bundles<'_> {
        Bundles::new(&self.0)
    }

    /// The keys of the group and of this device in it.
    #[must_use]
    pub fn keys(&self) -> GroupKeys<'_> {
        GroupKeys::new(&self.0)
    }

    /// Invites, and admission of the people who ask by them.
    #[must_use]
    pub fn invites(&self) -> Invites<'_> {
        Invites::new(&self.0)
    }

    /// Shares of recovery phrases.
    #[must_use]
    pub fn shares(&self) -> Shares<'_> {
        Shares::new(&self.0)
    }

    /// Verification of the history.
    #[must_use]
    pub fn maintenance(&self) -> GroupMaintenance<'_> {
        GroupMaintenance::new(&self.0)
    }
}
