//! Recording, undoing and taking in entries.

use ledger_core::engine::VerifiedEntry;
use ledger_core::{Currency, Date, EntryId, Settlement, Transaction, Transfer};

use crate::StoreError;
use crate::entries::{Ingested, NewEntry, Undone};
use crate::keyring::signing_key;
use crate::session::GroupSession;

/// New entries of this device, and entries from elsewhere.
#[derive(Clone, Copy)]
pub struct GroupEntries<'a> {
    session: &'a GroupSession,
}

impl<'a> GroupEntries<'a> {
    pub(super) fn new(session: &'a GroupSession) -> Self {
        Self { session }
    }

    /// Signs and appends new entries of this device, all or none, durably.
    ///
    /// # Errors
    /// [`StoreError::RolledBack`] or [`StoreError::OwnEntriesWait`] if entries that this device
    /// signed are missing here or wait:
    /// [`GroupKeys::go_on_without_missing`](super::GroupKeys::go_on_without_missing) goes on without them.
    /// [`StoreError::Draft`] if one of them cannot be an entry,
    /// [`StoreError::WouldBeVoid`] if one would not count, for example because this device was
    /// removed; then none is appended.
    pub fn append(&self, entries: Vec<NewEntry>) -> Result<Vec<EntryId>, StoreError> {
        let device = signing_key(self.session)?;
        self.session.write(|transaction| {
            entries.iter().map(|entry| transaction.record(&device, entry)).collect()
        })
    }

    /// Records payments of a plan as transfers, all or none, and returns their entries in the same
    /// order: one call of [`GroupEntries::append`]. Record what people say that they paid.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # let tea = Expense::new("2026-11-21".parse()?, "Tea", euro, ten).paid_by(anna, ten);
    /// # group.entries().append(vec![NewEntry::Record(tea.split_equally(&[anna, ben], 0).into())])?;
    /// let plans = group.balances().settle_up_for(ben)?;
    /// let payments = plans.iter().flat_map(|(currency, plan)| plan.iter().map(|step| (*currency, *step)));
    /// group.entries().record_payments(payments, "2026-11-30".parse()?, "Settle-up")?;
    /// assert!(group.balances().settle_up_for(ben)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Amount`] if a payment is more than a transfer can be; otherwise as
    /// [`GroupEntries::append`].
    pub fn record_payments(
        &self,
        payments: impl IntoIterator<Item = (Currency, Settlement)>,
        day: Date,
        description: &str,
    ) -> Result<Vec<EntryId>, StoreError> {
        let transfer = |(currency, step): (Currency, Settlement)| {
            let transfer = Transfer::of_payment(day, currency, &step)?.description(description);
            Ok(NewEntry::Record(Transaction::Transfer(transfer)))
        };
        let entries = payments.into_iter().map(transfer).collect::<Result<Vec<_>, StoreError>>()?;
        // Nothing to be written needs no key and no transaction.
        if entries.is_empty() { Ok(Vec::new()) } else { self.append(entries) }
    }

    /// Takes back the cancellations of an expense or transfer, which counts again with the content
    /// that it showed: a call of [`GroupEntries::append`] with one [`NewEntry::Restoration`]. Returns the
    /// entry.
    ///
    /// # Errors
    /// [`StoreError::NotCancelled`] if it is not cancelled, [`StoreError::NotCounted`] if it is
    /// void; otherwise as [`GroupEntries::append`].
    pub fn restore(&self, original: EntryId) -> Result<EntryId, StoreError> {
        let device = signing_key(self.session)?;
        self.session
            .write(|transaction| transaction.record(&device, &NewEntry::Restoration { original }))
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
    /// let id = group.entries().append(vec![NewEntry::Record(tea.split_equally(&[me], 0).into())])?[0];
    /// let undone = group.entries().undo()?;
    /// assert_eq!((undone.act, undone.how), (id, UndoneBy::Cancellation));
    /// assert!(group.lists().expenses(None, 1)?[0].cancelled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Undo`] with the reason if there is nothing to undo, if the act has no opposite, or
    /// if undoing it would take back what others did; otherwise as [`GroupEntries::append`].
    pub fn undo(&self) -> Result<Undone, StoreError> {
        let device = signing_key(self.session)?;
        self.session.write(|transaction| transaction.undo(&device))
    }

    /// Admits entries from elsewhere, in any order: header and payload, and the
    /// signature. One transaction; entries that are refused or depend on missing ones are
    /// reported, the others are stored.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is stored.
    pub fn ingest(&self, entries: &[(Vec<u8>, [u8; 64])]) -> Result<Ingested, StoreError> {
        self.session.ingest(entries)
    }

    /// Like [`GroupEntries::ingest`], for entries that the caller has verified, perhaps on
    /// threads of its own.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; then nothing is stored.
    pub fn ingest_verified(&self, entries: Vec<VerifiedEntry>) -> Result<Ingested, StoreError> {
        let call = self.session.session.cancellations().begin();
        self.session.admit_batch(entries, Ingested::default(), &call, |_, _| Ok(()))
    }
}
