//! Lists of a group, newest first, in pages: give the cursor of the last row to get
//! the next page.

mod activity;
mod expenses;
mod history;
mod statement;
mod verdict;

use ledger_core::{Currency, GroupId, MemberId};

use crate::error::LedgerError;
use crate::store_handle::StoreHandle;
use crate::values::{ExpenseId, Money};

pub use activity::{ActivityRow, EntryKind};
pub use expenses::{Condition, ExpenseFilter, ExpenseRow};
pub use history::{ReviewRow, VersionKind, VersionRow};
pub use statement::StatementRow;
pub use verdict::Verdict;

/// Lists of one group: expenses, entries, versions and reviews.
#[derive(uniffi::Object)]
pub struct Lists {
    store: StoreHandle,
    id: GroupId,
}

impl Lists {
    pub(super) fn new(store: StoreHandle, id: GroupId) -> Self {
        Self { store, id }
    }
}

#[uniffi::export]
impl Lists {
    /// The expenses and transfers by date, newest first. Cancelled ones are among them.
    ///
    /// # Errors
    /// `InvalidCursor`, `InvalidId`, `InvalidDate`, `InvalidCurrency`, or any error of
    /// reading the database.
    #[uniffi::method(default(filter = None, after = None, limit = 50))]
    pub fn expenses(
        &self,
        filter: Option<ExpenseFilter>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ExpenseRow>, LedgerError> {
        let filter = filter.unwrap_or_default().try_into()?;
        let after = cursor(after)?;
        let read = |group: &ledger_store::Group| group.lists().find(&filter, after, limit);
        let rows = self.store.read_group(self.id, read)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The statement of a member's account in one currency: the expenses and transfers
    /// that count, by date, newest first, each with what it does to the member's balance and
    /// the balance after it. The first row has the balance of now. The last one is the
    /// opening balance, if the group began with one.
    ///
    /// # Errors
    /// `InvalidCursor`, `InvalidCurrency`, `BalanceTooLarge`, or any error of reading the
    /// database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn statement(
        &self,
        member: MemberId,
        currency: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<StatementRow>, LedgerError> {
        let currency: Currency = currency.parse()?;
        let after = after.map(|text| text.parse()).transpose()?;
        let read =
            |group: &ledger_store::Group| group.lists().statement(member, currency, after, limit);
        let rows = self.store.read_group(self.id, read)?;
        rows.into_iter().map(|row| StatementRow::new(row, currency)).collect()
    }

    /// Every entry with its author and its verdict, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, or any error of reading the database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn activity(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ActivityRow>, LedgerError> {
        let group = self.store.group(self.id)?;
        let rows = group.lists().activity(cursor(after)?, limit)?;
        Ok(activity::rows(rows, group.ledger()?.state()))
    }

    /// The void entries, each with its reason, in the order of `activity`. A void entry
    /// changes no balance.
    ///
    /// # Errors
    /// As `activity`.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn void_entries(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ActivityRow>, LedgerError> {
        let group = self.store.group(self.id)?;
        let rows = group.lists().void_entries(cursor(after)?, limit)?;
        Ok(activity::rows(rows, group.ledger()?.state()))
    }

    /// Every version of an expense or transfer, void ones too, newest first. The entry
    /// that first recorded it comes last.
    ///
    /// # Errors
    /// `UnknownEntry` if `expense` is no expense or transfer, `InvalidId`,
    /// `InvalidCursor`, or any error of reading the database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn history(
        &self,
        expense: ExpenseId,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<VersionRow>, LedgerError> {
        let rows =
            self.store.group(self.id)?.lists().history(expense.entry(), cursor(after)?, limit)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The reviews of an expense or transfer: who confirms it, and who disputes it. Each
    /// member's last review counts. Newest first.
    ///
    /// # Errors
    /// As `history`.
    pub fn reviews(&self, expense: ExpenseId) -> Result<Vec<ReviewRow>, LedgerError> {
        let rows = self.store.group(self.id)?.lists().reviews(expense.entry())?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

fn cursor(text: Option<String>) -> Result<Option<ledger_store::Cursor>, LedgerError> {
    Ok(text.map(|text| text.parse()).transpose()?)
}

fn total(transaction: &ledger_core::Transaction) -> Money {
    Money::of_amount(transaction.amount(), transaction.currency())
}
