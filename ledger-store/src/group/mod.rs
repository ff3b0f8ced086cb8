//! The handle of one group.

#[cfg(feature = "import")]
mod import;
mod keys;
mod recurring;
mod schedule;
mod settle_up;
mod state;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::engine::{AsOf, Ledger, VerifiedEntry};
use ledger_core::{
    Balance, Converted, Currency, Debts, DeviceId, EntryId, GroupId, Member, MemberId, Rates,
    Settings, Settlement,
};

use crate::StoreError;
use crate::admitting::{Invites, Shares};
use crate::entries::{Ingested, NewEntry, Opening, Undone, WaitingCount};
use crate::health::GroupMaintenance;
use crate::keyring::signing_key;
use crate::lists::{Cursor, Lists, balances_as_of, debts_of, mark_read, pairwise_debts, settings};
use crate::platform::progress::Progress;
use crate::sealed::Bundles;
use crate::session::{Changes, GroupSession, OpeningComparison};
use crate::statements::{Proposal, StatementIntent, propose, sign_and};

pub use keys::GroupKeys;
pub use recurring::{Due, RecordedDue, Recurring, SeriesChange};
pub use state::CurrentState;

/// A list for each currency.
pub type ByCurrency<T> = Vec<(Currency, Vec<T>)>;

/// One group of an open store. A handle, as `Store` is: cheap to clone, and
/// keeps the database open.
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

    /// The balances that are not zero, by currency.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn balances(&self) -> Result<ByCurrency<(MemberId, Balance)>, StoreError> {
        let ledger = self.0.ledger()?;
        let state = ledger.state();
        let balances = |currency| (currency, state.open_balances(currency).collect());
        Ok(state.currencies().map(balances).collect())
    }

    /// The balances that were not zero as of an entry or a day, by currency, by the verdicts of now
    /// (SPEC §7.3). As of an entry it reads what came after it in the order of clocks; as of a day, what
    /// is dated up to it. `progress` counts that, and may stop the work.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// use ledger_core::engine::AsOf;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # for day in ["2026-11-21", "2026-11-22"] {
    /// #     let tea = Expense::new(day.parse()?, "Tea", euro, ten).paid_by(anna, ten);
    /// #     group.append(vec![NewEntry::Record(tea.split_equally(&[anna, ben], 0).into())])?;
    /// # }
    /// let day = AsOf::Date("2026-11-21".parse()?);
    /// let then = group.balances_as_of(day, &mut |_| ControlFlow::Continue(()))?;
    /// let open: Vec<_> = then[0].1.iter().map(|(_, balance)| balance.minor_units().abs()).collect();
    /// assert_eq!(open, [500, 500]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] if the entry is not here; [`StoreError::Cancelled`] if it was
    /// stopped; [`StoreError`] if the database cannot be read.
    pub fn balances_as_of(
        &self,
        point: AsOf,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ByCurrency<(MemberId, Balance)>, StoreError> {
        let mut balances = ByCurrency::<(MemberId, Balance)>::new();
        for ((currency, member), balance) in balances_as_of(&self.0, point, progress)? {
            match balances.last_mut() {
                Some((last, members)) if *last == currency => members.push((member, balance)),
                _ => balances.push((currency, vec![(member, balance)])),
            }
        }
        Ok(balances)
    }

    /// The payments that settle all balances, by currency.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn settle_up(&self) -> Result<ByCurrency<Settlement>, StoreError> {
        let ledger = self.0.ledger()?;
        let state = ledger.state();
        let plan = |currency| (currency, ledger_core::settle_up(state.open_balances(currency)));
        Ok(state.currencies().map(plan).collect())
    }

    /// The balances of all currencies in one, by rates that the app gives, and a plan that settles
    /// them together: [`Converted::settle_up`]. They sum to zero (SPEC §9.3).
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense, Rates};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Trip", "Anna")?;
    /// # group.append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (yen, amount) = (Currency::from_code("JPY")?, Amount::from_minor_units(3200)?);
    /// # let tea = Expense::new("2026-11-21".parse()?, "Ramen", yen, amount)
    /// #     .paid_by(anna, amount).split_equally(&[anna, ben], 0);
    /// # group.append(vec![NewEntry::Record(tea.into())])?;
    /// let euro = Currency::from_code("EUR")?;
    /// let mut rates = Rates::new();
    /// rates.set(euro, Currency::from_code("JPY")?, "160".parse()?)?;
    /// let converted = group.balances_in(euro, &rates)?;
    /// assert_eq!(converted.balance(ben).format(euro), "-10.00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Rates`] with each pair that lacks a rate; [`StoreError`] if the database cannot
    /// be read.
    pub fn balances_in(&self, currency: Currency, rates: &Rates) -> Result<Converted, StoreError> {
        Ok(self.0.ledger()?.state().balances_in(currency, rates)?)
    }

    /// What each other member owes one member, by currency; negative is what the member owes them.
    /// Those with whom nothing is open are left out. In each currency the sum is the member's
    /// balance. Takes time for each expense and transfer that names the member, in proportion to
    /// those who paid it times those who have a share in it, of whom an entry can have a thousand.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// let tea = Expense::new("2026-11-21".parse()?, "Tea", euro, ten)
    ///     .paid_by(anna, ten)
    ///     .split_equally(&[anna, ben], 0);
    /// group.append(vec![NewEntry::Record(tea.into())])?;
    /// let (currency, others) = &group.debts(ben)?[0];
    /// assert_eq!((*currency, others[0].0, others[0].1.minor_units()), (euro, anna, -500));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn debts(&self, member: MemberId) -> Result<ByCurrency<(MemberId, Balance)>, StoreError> {
        let debts = debts_of(&self.0, member)?;
        Ok(debts.currencies().map(|currency| (currency, debts.of(currency, member))).collect())
    }

    /// Who owes whom, of all members: [`Debts::settle_up`] of it is the plan in which people pay
    /// only those whom they owe. Reads every expense and transfer that counts; `progress` counts
    /// them, and may stop the work, also inside of an expense that many paid for many.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped. [`StoreError`] if the database cannot be read.
    pub fn pairwise_debts(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Debts, StoreError> {
        pairwise_debts(&self.0, progress)
    }

    /// The settings in force: default currency and weights, relays, categories. A setting is
    /// appended as [`NewEntry::Setting`]. Takes time in proportion to the number of settings that
    /// were ever appended.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Currency, SettingValue};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// let euro = Currency::from_code("EUR")?;
    /// group.append(vec![NewEntry::Setting(SettingValue::DefaultCurrency(Some(euro)))])?;
    /// assert_eq!(group.settings()?.default_currency, Some(euro));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn settings(&self) -> Result<Settings, StoreError> {
        settings(&self.0)
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

    /// Signs and appends new entries of this device, all or none, durably.
    ///
    /// # Errors
    /// [`StoreError::RolledBack`] or [`StoreError::OwnEntriesWait`] if entries that this device
    /// signed are missing here or wait: [`GroupKeys::go_on_without_missing`] goes on without them.
    /// [`StoreError::Draft`] if one of them cannot be an entry,
    /// [`StoreError::WouldBeVoid`] if one would not count, for example because this device was
    /// removed; then none is appended.
    pub fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<EntryId>, StoreError> {
        let device = signing_key(&self.0)?;
        self.0.write(|transaction| {
            entries.iter().map(|entry| transaction.record(&device, entry)).collect()
        })
    }

    /// Takes back the cancellations of an expense or transfer, which counts again with the content
    /// that it showed: a call of [`Group::append`] with one [`NewEntry::Restoration`]. Returns the
    /// entry.
    ///
    /// # Errors
    /// [`StoreError::NotCancelled`] if it is not cancelled, [`StoreError::NotCounted`] if it is
    /// void; otherwise as [`Group::append`].
    pub fn restore(&self, original: EntryId) -> Result<EntryId, StoreError> {
        let device = signing_key(&self.0)?;
        self.0.write(|transaction| transaction.record(&device, &NewEntry::Restoration { original }))
    }

    /// Undoes the last act of this device: cancels what it recorded, copied or restored, restores what it
    /// cancelled, and gives what it corrected its content of before. What the library wrote by itself is
    /// no act. Undone twice, the undoing is undone.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Balance, Currency, Expense};
    /// use ledger_store::UndoneBy;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # let me = group.me()?.ok_or("nobody")?;
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// let tea = Expense::new("2026-11-21".parse()?, "Tea", euro, ten).paid_by(me, ten);
    /// let id = group.append(vec![NewEntry::Record(tea.split_equally(&[me], 0).into())])?[0];
    /// let undone = group.undo()?;
    /// assert_eq!((undone.act, undone.how), (id, UndoneBy::Cancellation));
    /// assert!(group.lists().expenses(None, 1)?[0].cancelled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Undo`] with the reason if there is nothing to undo, if the act has no opposite, or
    /// if undoing it would take back what others did; otherwise as [`Group::append`].
    pub fn undo(&self) -> Result<Undone, StoreError> {
        let device = signing_key(&self.0)?;
        self.0.write(|transaction| transaction.undo(&device))
    }

    /// Works out the effects of a statement, for a person to read before signing it.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if it would bring about nothing, as with the
    /// removal of a member by a member who is not the owner.
    /// [`StoreError::NoRootKey`] if this device cannot sign statements.
    /// [`StoreError::Draft`] if it names an unknown member or breaks a limit.
    pub fn propose(&self, intent: StatementIntent) -> Result<Proposal, StoreError> {
        propose(&self.0, intent)
    }

    /// Signs a proposed statement, durably. It also leaves those entries valid that came in
    /// since it was proposed.
    ///
    /// # Errors
    /// [`StoreError::ProposalOutdated`] if it would by now bring about
    /// something else. Otherwise as [`Group::propose`].
    pub fn sign(&self, proposal: &Proposal) -> Result<EntryId, StoreError> {
        sign_and(&self.0, proposal, |_, entry| Ok(entry))
    }

    /// Admits entries from elsewhere, in any order: header and payload, and the
    /// signature. One transaction; entries that are refused or depend on missing ones are
    /// reported, the others are stored.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is stored.
    pub fn ingest(&self, entries: &[(Vec<u8>, [u8; 64])]) -> Result<Ingested, StoreError> {
        self.0.ingest(entries)
    }

    /// Like [`Group::ingest`], for entries that the caller has verified, perhaps on
    /// threads of its own.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is stored.
    pub fn ingest_verified(&self, entries: Vec<VerifiedEntry>) -> Result<Ingested, StoreError> {
        self.0.admit_batch(entries, Ingested::default(), |_, _| Ok(()))
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

    /// Exports for other programs, and a check of exported files.
    #[cfg(feature = "import")]
    #[must_use]
    pub fn exports(&self) -> crate::exports::Exports<'_> {
        crate::exports::Exports::new(&self.0)
    }

    /// Verification of the history.
    #[must_use]
    pub fn maintenance(&self) -> GroupMaintenance<'_> {
        GroupMaintenance::new(&self.0)
    }
}
