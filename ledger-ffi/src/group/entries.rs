//! Recording: members without an app, expenses, transfers, and entries about them.

use ledger_core::{Currency, EntryId, MemberId};
use ledger_store::NewEntry;

use super::{LedgerGroup, Payment, Undone};
use crate::error::{ErrorCode, LedgerError};
use crate::values::{Day, Expense, ExpenseId, Transaction, Transfer, amount};

/// New entries of this device: recorded, corrected, cancelled, reviewed, undone.
#[derive(uniffi::Object)]
pub struct GroupEntries {
    group: LedgerGroup,
}

impl GroupEntries {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

#[uniffi::export]
impl GroupEntries {
    /// Adds a person who has no app yet, as a placeholder that the person can claim
    /// later. Returns the new member.
    ///
    /// # Errors
    /// `InvalidEntry` if the name is empty or too long, `TooManyMembers`, or as every
    /// call that records: `NotEnrolled`, `WouldBeVoid`, or any error of writing the
    /// database.
    pub fn add_placeholder(&self, name: &str) -> Result<MemberId, LedgerError> {
        let group = self.group.group()?;
        let entry = self.group.append_one(NewEntry::Placeholder { name: name.to_owned() })?;
        group.ledger()?.state().introduced_by(entry).ok_or_else(nothing_recorded)
    }

    /// Records an expense. Returns the id of the expense.
    ///
    /// # Errors
    /// `InvalidEntry`, `UnknownMember`, `DuplicateMember`, `InvalidDate`,
    /// `InvalidCurrency`, `InvalidAmount`, `InvalidId`, or as every call that records.
    pub fn record_expense(&self, expense: Expense) -> Result<ExpenseId, LedgerError> {
        let transaction = Transaction::Expense { expense }.try_into()?;
        Ok(self.group.append_one(NewEntry::Record(transaction))?.into())
    }

    /// Records that one member gave money to another. Returns the id of the transfer.
    ///
    /// # Errors
    /// As `record_expense`.
    pub fn record_transfer(&self, transfer: Transfer) -> Result<ExpenseId, LedgerError> {
        let transaction = Transaction::Transfer { transfer }.try_into()?;
        Ok(self.group.append_one(NewEntry::Record(transaction))?.into())
    }

    /// Records many expenses and transfers at once. If one of them is at fault, none is
    /// recorded.
    ///
    /// # Errors
    /// As `record_expense`.
    pub fn record_all(
        &self,
        transactions: Vec<Transaction>,
    ) -> Result<Vec<ExpenseId>, LedgerError> {
        let entry = |transaction: Transaction| Ok(NewEntry::Record(transaction.try_into()?));
        let entries = transactions.into_iter().map(entry).collect::<Result<_, LedgerError>>()?;
        Ok(self.group.group()?.entries().append(entries)?.into_iter().map(Into::into).collect())
    }

    /// Records payments of a plan as transfers, all or none. Returns their ids in the same
    /// order. Record what people say that they paid.
    ///
    /// # Errors
    /// `InvalidAmount` if a payment is more than a transfer can be, `InvalidCurrency`, or as
    /// `record_transfer`.
    pub fn record_payments(
        &self,
        payments: Vec<Payment>,
        date: Day,
        description: &str,
    ) -> Result<Vec<ExpenseId>, LedgerError> {
        let group = self.group.group()?;
        let state = group.state()?;
        let entry = |payment: Payment| {
            let code = &payment.money.currency;
            // A group can have money in a code that this version does not know.
            let currency = match state.currencies().find(|known| known.code() == code) {
                Some(known) => known,
                None => Currency::from_code(code)?,
            };
            let amount = amount(payment.money.minor_units)?;
            let (from, to) = (payment.from_member, payment.to_member);
            let transfer = ledger_core::Transfer::new(date, currency, amount, from, to);
            Ok(NewEntry::Record(transfer.description(description).into()))
        };
        let entries = payments.into_iter().map(entry).collect::<Result<Vec<_>, LedgerError>>()?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        Ok(group.entries().append(entries)?.into_iter().map(Into::into).collect())
    }

    /// Corrects an expense or transfer: `transaction` replaces its whole content. An
    /// expense may become a transfer, and a transfer an expense. Returns the entry.
    ///
    /// # Errors
    /// `UnknownEntry`, `WouldBeVoid` if `expense` is no expense or transfer, or as
    /// `record_expense`.
    pub fn correct(
        &self,
        expense: ExpenseId,
        transaction: Transaction,
    ) -> Result<EntryId, LedgerError> {
        let original = expense.entry();
        let transaction = transaction.replacing(|| {
            let shown = self.group.group()?.lists().recorded(original)?;
            Ok(shown.map(|shown| shown.transaction))
        })?;
        self.group.append_one(NewEntry::Correction { original, transaction })
    }

    /// Cancels an expense or transfer. From then on it changes no balance, unless
    /// somebody restores it; it stays in the list. Returns the entry.
    ///
    /// # Errors
    /// `UnknownEntry`, `WouldBeVoid` if `expense` is no expense or transfer, or as every
    /// call that records.
    #[uniffi::method(default(reason = None))]
    pub fn cancel(
        &self,
        expense: ExpenseId,
        reason: Option<String>,
    ) -> Result<EntryId, LedgerError> {
        self.group.append_one(NewEntry::Cancellation { original: expense.entry(), reason })
    }

    /// Restores an expense or transfer that was cancelled: it counts again, with the
    /// content that it shows. Returns the entry.
    ///
    /// # Errors
    /// `NotCancelled` if it is not cancelled, `NotCounted` if it is void, or as `cancel`.
    pub fn restore(&self, expense: ExpenseId) -> Result<EntryId, LedgerError> {
        self.group.append_one(NewEntry::Restoration { original: expense.entry() })
    }

    /// Confirms an expense or transfer as it is shown: this device's person agrees with it.
    /// That changes no balance, and says nothing of later corrections. With `version`, the
    /// row's `current_version`, it says nothing of a correction that came in since that row
    /// was read either. `Lists.reviews` shows it. Returns the entry.
    ///
    /// # Errors
    /// As `cancel`.
    #[uniffi::method(default(note = None, version = None))]
    pub fn confirm(
        &self,
        expense: ExpenseId,
        note: Option<String>,
        version: Option<EntryId>,
    ) -> Result<EntryId, LedgerError> {
        self.group
            .append_one(NewEntry::Confirmation { target: version.unwrap_or(expense.entry()), note })
    }

    /// Disputes an expense or transfer as it is shown: this device's person does not agree
    /// with it. `version` as of `confirm`. That changes no balance. `Lists.reviews` shows
    /// it. Returns the entry.
    ///
    /// # Errors
    /// As `cancel`.
    #[uniffi::method(default(note = None, version = None))]
    pub fn dispute(
        &self,
        expense: ExpenseId,
        note: Option<String>,
        version: Option<EntryId>,
    ) -> Result<EntryId, LedgerError> {
        self.group
            .append_one(NewEntry::Dispute { target: version.unwrap_or(expense.entry()), note })
    }

    /// Copies an expense or transfer that is void: it counts again, now under the name
    /// of this device's person. For what a removed member wrote, and is still true.
    /// Returns the copy.
    ///
    /// # Errors
    /// As `cancel`.
    pub fn copy_void_entry(&self, void_entry: EntryId) -> Result<EntryId, LedgerError> {
        self.group.append_one(NewEntry::VoidEntryCopy { original: void_entry })
    }

    /// Vouches for a member whose introduction is void, so that the member counts.
    /// Returns the entry.
    ///
    /// # Errors
    /// `InvalidId`, `UnknownMember`, or as every call that records.
    pub fn vouch_for(&self, member: MemberId) -> Result<EntryId, LedgerError> {
        self.group.append_one(NewEntry::Vouching { member })
    }

    /// Undoes the last act of this device: cancels what it recorded, copied or restored,
    /// restores what it cancelled, and gives what it corrected its content of before. What
    /// the library wrote by itself is no act. Undone twice, the undoing is undone.
    ///
    /// # Errors
    /// `NothingToUndo` if the act has no effect any more, `ChangedSince` if undoing it
    /// would take back what others did, `CannotBeUndone` if it has no opposite, or as every
    /// call that records.
    pub fn undo(&self) -> Result<Undone, LedgerError> {
        let group = self.group.group()?;
        let undone = group.entries().undo()?;
        let expense = group.lists().entry(undone.act)?.and_then(|row| row.original);
        Ok(Undone {
            act: undone.act,
            by: undone.by,
            expense: expense.map(ExpenseId::from),
            how: undone.how.into(),
        })
    }
}

impl LedgerGroup {
    pub(super) fn append_one(&self, entry: NewEntry) -> Result<EntryId, LedgerError> {
        self.group()?.entries().append(vec![entry])?.pop().ok_or_else(nothing_recorded)
    }
}

/// The error for a store that recorded nothing and reported no error.
fn nothing_recorded() -> LedgerError {
    LedgerError::new(ErrorCode::Internal, "nothing was recorded")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use ledger_store::{Environment, StoreError, StoreOptions, SystemEnvironment};

    use super::nothing_recorded;
    use crate::store_handle::StoreHandle;
    use crate::{Blame, ErrorCode, LedgerError, LedgerGroup};

    #[test]
    fn a_bug_of_the_library_is_the_library_s_fault() {
        let LedgerError::Failed { code, blame, .. } = nothing_recorded();
        assert_eq!((code, blame), (ErrorCode::Internal, Blame::Library));
    }

    /// A system that may have no randomness left.
    struct Exhaustible {
        system: SystemEnvironment,
        exhausted: AtomicBool,
    }

    impl Environment for Exhaustible {
        fn now_ms(&self) -> u64 {
            self.system.now_ms()
        }

        fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
            match self.exhausted.load(Ordering::Relaxed) {
                true => Err(StoreError::Randomness("none is left".to_owned())),
                false => self.system.fill_random(bytes),
            }
        }
    }

    #[test]
    fn without_randomness_nothing_is_signed() {
        let exhausted = AtomicBool::new(false);
        let system = Arc::new(Exhaustible { system: SystemEnvironment, exhausted });
        let store = StoreOptions::new().environment(system.clone()).in_memory().unwrap();
        let id = store.create_group("Flat", "Anna").unwrap().id();
        let group = LedgerGroup::new(StoreHandle::new(store), id);
        let before = group.info().unwrap().entries;
        system.exhausted.store(true, Ordering::Relaxed);
        let error = group.entries().add_placeholder("Ben").unwrap_err();
        assert_eq!(error.code(), ErrorCode::NoRandomness);
        assert_eq!(group.info().unwrap().entries, before);
        system.exhausted.store(false, Ordering::Relaxed);
        group.entries().add_placeholder("Ben").unwrap();
    }
}
