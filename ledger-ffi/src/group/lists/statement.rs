//! Statements of account.

use ledger_core::Currency;

use crate::error::LedgerError;
use crate::values::{ExpenseId, Money, Transaction};

/// A row of a statement of account: an expense or transfer that counts, or the opening
/// balance.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StatementRow {
    /// The expense or transfer; none for the opening balance.
    pub id: Option<ExpenseId>,
    /// Its current content; none for the opening balance.
    pub transaction: Option<Transaction>,
    /// What the row adds to the member's balance; zero if the member paid just their share.
    pub change: Money,
    /// The member's balance after this row and all older ones.
    pub balance: Money,
    /// The cursor for the page after this row.
    pub cursor: String,
}

impl StatementRow {
    pub(super) fn new(
        row: ledger_store::StatementRow,
        currency: Currency,
    ) -> Result<Self, LedgerError> {
        Ok(Self {
            id: row.transaction.is_some().then(|| row.entry.into()),
            transaction: row.transaction.map(Into::into),
            change: Money::of_balance(row.change, currency)?,
            balance: Money::of_balance(row.balance, currency)?,
            cursor: row.cursor.to_string(),
        })
    }
}
