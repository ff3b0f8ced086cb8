//! Lists of a group, newest first, in pages: give the cursor of the last row to get
//! the next page.

mod activity;
mod arrived;
mod details;
mod expenses;
mod history;
mod statement;
mod totals;
mod unfinished;
mod verdict;

use std::sync::Arc;

use ledger_core::{Currency, EntryId, GroupId, MemberId};

use super::AsOf;
use crate::error::LedgerError;
use crate::platform::{ProgressListener, with_progress};
use crate::store_handle::StoreHandle;
use crate::values::{Difference, ExpenseId, Money, Transaction};

pub use activity::{ActivityRow, EntryKind};
pub use arrived::{Arrival, Unread};
pub use details::{SettingChange, SignedStatement, StatementRowDetails, TemplateDetails};
pub use expenses::{Condition, Edit, ExpenseFilter, ExpenseRow, ReviewCounts};
pub use history::{ReviewRow, VersionKind, VersionRow};
pub use statement::StatementRow;
pub use totals::{CategoryInUse, TagInUse, Total, TotalsBy};
pub use unfinished::UnfinishedImport;
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

    /// A currency of which something is read: one that this version knows or that the group has.
    /// Another device may have recorded money in a code that came later.
    fn currency(&self, code: &str) -> Result<Currency, LedgerError> {
        let unknown = match Currency::from_code(code) {
            Ok(known) => return Ok(known),
            Err(unknown) => unknown,
        };
        let has = |group: &ledger_store::Group| {
            let state = group.state()?;
            let found = state.currencies().find(|currency| currency.code() == code);
            Ok(found)
        };
        self.store.read_group(self.id, has)?.ok_or_else(|| unknown.into())
    }
}

#[uniffi::export]
impl Lists {
    /// The expenses and transfers by date, newest first. Cancelled ones are among them.
    ///
    /// # Errors
    /// `InvalidCursor`, `InvalidId`, `InvalidDate`, `InvalidCurrency`, `InvalidAmount`, or any
    /// error of reading the database.
    #[uniffi::method(default(filter = None, after = None, limit = 50))]
    pub fn expenses(
        &self,
        filter: Option<ExpenseFilter>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ExpenseRow>, LedgerError> {
        let filter = filter.unwrap_or_default().into_filter(|code| self.currency(code))?;
        let after = cursor(after)?;
        let read = |group: &ledger_store::Group| group.lists().find(&filter, after, limit);
        let rows = self.store.read_group(self.id, read)?;
        rows.into_iter().map(ExpenseRow::try_from).collect()
    }

    /// An expense or transfer as it stands now, by the entry that recorded, copied, changed or
    /// reviewed it, as `Change.arrivals` and `ActivityRow` name it. None if the entry is of
    /// another kind or not here, or if nothing of it counts.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or any error of reading the database.
    pub fn expense(&self, entry: EntryId) -> Result<Option<ExpenseRow>, LedgerError> {
        let read = |group: &ledger_store::Group| group.lists().recorded(entry);
        self.store.read_group(self.id, read)?.map(ExpenseRow::try_from).transpose()
    }

    /// One entry with its author and its verdict. None if it is not here.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn entry(&self, id: EntryId) -> Result<Option<ActivityRow>, LedgerError> {
        let group = self.store.group(self.id)?;
        let Some(row) = group.lists().entry(id)? else { return Ok(None) };
        Ok(activity::rows(vec![row], &*group.ledger()?).pop())
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
        let currency = self.currency(currency)?;
        let after = after.map(|text| text.parse()).transpose()?;
        let read =
            |group: &ledger_store::Group| group.lists().statement(member, currency, after, limit);
        let rows = self.store.read_group(self.id, read)?;
        rows.into_iter().map(|row| StatementRow::new(row, currency)).collect()
    }

    /// The statement of a member's account as `statement`, as of an earlier entry or day: why
    /// the balance was what `GroupBalances.as_of` says. As of an entry it can take
    /// long, and reports its progress.
    ///
    /// # Errors
    /// `UnknownEntry`, `InvalidCursor` if the cursor is of another account or as of another
    /// entry, `InvalidCurrency`, `BalanceTooLarge`, `Cancelled`, `CallbackFailed`, or any
    /// error of reading the database.
    #[uniffi::method(default(after = None, limit = 50, listener = None))]
    pub fn statement_as_of(
        &self,
        member: MemberId,
        currency: &str,
        point: AsOf,
        after: Option<String>,
        limit: u32,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<StatementRow>, LedgerError> {
        let currency = self.currency(currency)?;
        let after = after.map(|text| text.parse()).transpose()?;
        let (group, point) = (self.store.group(self.id)?, point.into());
        let rows = with_progress(listener, |progress| {
            group.lists().statement_as_of(member, currency, point, after, limit, progress)
        })?;
        rows.into_iter().map(|row| StatementRow::new(row, currency)).collect()
    }

    /// Totals of the expenses that a filter lets through, by month, category, member or
    /// currency. Neither transfers nor cancelled expenses are among them. In a large group
    /// it takes a while, and reports its progress.
    ///
    /// # Errors
    /// `InvalidCurrency`, `InvalidAmount`, `BalanceTooLarge`, `Cancelled`, `CallbackFailed`,
    /// or any error of reading the database.
    #[uniffi::method(default(filter = None, listener = None))]
    pub fn totals(
        &self,
        by: TotalsBy,
        filter: Option<ExpenseFilter>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Total>, LedgerError> {
        let filter = filter.unwrap_or_default().into_filter(|code| self.currency(code))?;
        let group = self.store.group(self.id)?;
        let totals =
            with_progress(listener, |progress| group.lists().totals(by.into(), &filter, progress))?;
        totals.into_iter().map(Total::try_from).collect()
    }

    /// The categories that expenses have, in the order of their bytes, after one.
    ///
    /// # Errors
    /// Any error of reading the database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn categories(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<CategoryInUse>, LedgerError> {
        let read = |group: &ledger_store::Group| group.lists().categories(after.as_deref(), limit);
        let rows = self.store.read_group(self.id, read)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The tags that expenses and transfers have, in the order of their bytes, after one.
    ///
    /// # Errors
    /// Any error of reading the database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn tags(&self, after: Option<String>, limit: u32) -> Result<Vec<TagInUse>, LedgerError> {
        let read = |group: &ledger_store::Group| group.lists().tags(after.as_deref(), limit);
        let rows = self.store.read_group(self.id, read)?;
        Ok(rows.into_iter().map(Into::into).collect())
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
        Ok(activity::rows(rows, &*group.ledger()?))
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
        Ok(activity::rows(rows, &*group.ledger()?))
    }

    /// Every entry in the order in which it came to this device or was recorded on it,
    /// oldest first: what is new since an app looked last. An entry that comes late is new,
    /// however old its day is. Keep the text of the last cursor, and go on from there after
    /// a restart.
    ///
    /// # Errors
    /// `InvalidCursor` if the cursor is of another list, or of a database before it was
    /// salvaged, or any error of reading the database.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn arrived(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ActivityRow>, LedgerError> {
        let group = self.store.group(self.id)?;
        let rows = group.lists().arrived(cursor(after)?, limit)?;
        Ok(activity::rows(rows, &*group.ledger()?))
    }

    /// The entries of other devices that came since `LedgerGroup.mark_read`.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn unread(&self) -> Result<Unread, LedgerError> {
        let read = |group: &ledger_store::Group| group.lists().unread();
        Ok(self.store.read_group(self.id, read)?.into())
    }

    /// The import of a file into the group that stopped half-way, if there is one. It lasts
    /// until the file is imported again, or the import is undone (`Imports.undo`).
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn unfinished_import(&self) -> Result<Option<UnfinishedImport>, LedgerError> {
        let read = |group: &ledger_store::Group| group.lists().unfinished_import();
        Ok(self.store.read_group(self.id, read)?.map(Into::into))
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

    /// What a later version of an expense or transfer changes, field by field; empty if both
    /// have the same content.
    ///
    /// # Errors
    /// `InvalidCurrency`, `InvalidAmount` or `InvalidId` if a version is none that was read.
    pub fn differences(
        &self,
        before: Transaction,
        after: Transaction,
    ) -> Result<Vec<Difference>, LedgerError> {
        let before: ledger_core::Transaction = before.try_into()?;
        let after: ledger_core::Transaction = after.try_into()?;
        Ok(before.differences(&after).into_iter().map(Into::into).collect())
    }

    /// The differences as `differences`, each in English, with members by their labels. For
    /// apps without texts of their own.
    ///
    /// # Errors
    /// As `differences`, or any error of reading the database.
    pub fn differences_in_english(
        &self,
        before: Transaction,
        after: Transaction,
    ) -> Result<Vec<String>, LedgerError> {
        let before: ledger_core::Transaction = before.try_into()?;
        let after: ledger_core::Transaction = after.try_into()?;
        let labels = self.store.group(self.id)?.state()?.labels();
        let label = |member| labels.get(&member).cloned().unwrap_or_else(|| member.short());
        Ok(before.differences(&after).iter().map(|one| one.text(label)).collect())
    }
}

pub(super) fn cursor(text: Option<String>) -> Result<Option<ledger_store::Cursor>, LedgerError> {
    Ok(text.map(|text| text.parse()).transpose()?)
}

pub(super) fn total(transaction: &ledger_core::Transaction) -> Money {
    Money::of_amount(transaction.amount(), transaction.currency())
}

#[cfg(test)]
mod tests {
    use ledger_core::hazmat::read_stored;
    use ledger_core::{Amount, Expense};
    use ledger_store::{Group, NewEntry, StoreOptions};

    use super::*;
    use crate::ErrorCode;

    /// Records tea in euro, and then in a currency that this version does not know.
    fn record(group: &Group) {
        let me = group.me().unwrap().unwrap();
        let tea = |currency| {
            let ten = Amount::from_minor_units(1000).unwrap();
            let tea = Expense::new("2026-11-21".parse().unwrap(), "Tea", currency, ten);
            NewEntry::Record(tea.paid_by(me, ten).split_equally(&[me], 0).into())
        };
        group.entries().append(vec![tea(Currency::from_code("EUR").unwrap())]).unwrap();
        let row = group.lists().activity(None, 1).unwrap().remove(0);
        let mut bytes = row.entry.decoded().as_bytes().to_vec();
        let place = bytes.windows(3).rposition(|letters| letters == b"EUR").unwrap();
        bytes[place..][..3].copy_from_slice(b"QQQ");
        let changed = read_stored(row.entry.id(), &bytes, row.entry.decoded().signature()).unwrap();
        let unknown = changed.decoded().payload().transaction().unwrap().currency();
        group.entries().append(vec![tea(unknown)]).unwrap();
    }

    #[test]
    fn what_another_device_recorded_in_an_unknown_currency_is_listed() {
        let store = StoreOptions::new().in_memory().unwrap();
        let group = store.create_group("Flat", "Anna").unwrap();
        let lists = Lists::new(StoreHandle::new(store), group.id());
        let me = group.me().unwrap().unwrap();
        let find = |code: &str| {
            let conditions = vec![Condition::Currency { code: code.to_owned() }];
            let filter = ExpenseFilter { conditions, ..ExpenseFilter::default() };
            lists.expenses(Some(filter), None, 50).map(|rows| rows.len())
        };
        let statement = |code| lists.statement(me, code, None, 50).map(|rows| rows.len());
        let invalid = |result: Result<usize, LedgerError>| {
            assert_eq!(result.unwrap_err().code(), ErrorCode::InvalidCurrency);
        };
        invalid(find("QQQ"));
        invalid(statement("QQQ"));
        record(&group);
        assert_eq!((find("QQQ"), statement("QQQ")), (Ok(1), Ok(1)));
        assert_eq!((find("EUR"), statement("EUR")), (Ok(1), Ok(1)));
        invalid(find("qqq"));
        invalid(statement("ZZZ"));
    }
}
