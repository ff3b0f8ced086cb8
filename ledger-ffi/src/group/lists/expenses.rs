//! Expenses and transfers as they stand now, and the filter for them.

use ledger_core::{Currency, EntryId, MemberId};
use ledger_store::Filter;

use super::total;
use crate::error::LedgerError;
use crate::values::{Day, ExpenseId, Money, Transaction};

/// Condition on an expense or transfer. It is about the current version: after a
/// correction, about what the correction says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// The member paid or has a share, or gave or received a transfer.
    Member {
        /// The member.
        id: MemberId,
    },
    /// The category is exactly this one.
    Category {
        /// The category.
        name: String,
    },
    /// The currency is this one.
    Currency {
        /// The currency code, such as `EUR`.
        code: String,
    },
    /// For each of these words, description, note or category have a word that begins
    /// so. Case and accents make no difference.
    Text {
        /// The words, separated by spaces.
        words: String,
    },
}

/// Filter for expenses and transfers. Without any field set, it selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ExpenseFilter {
    /// The first day.
    #[uniffi(default = None)]
    pub from_date: Option<Day>,
    /// The last day.
    #[uniffi(default = None)]
    pub to_date: Option<Day>,
    /// A further condition.
    #[uniffi(default = None)]
    pub condition: Option<Condition>,
}

impl ExpenseFilter {
    /// The filter of the store, with the currency that `currency` finds for a code.
    pub(super) fn into_filter(
        self,
        currency: impl FnOnce(&str) -> Result<Currency, LedgerError>,
    ) -> Result<Filter, LedgerError> {
        let condition = match self.condition {
            None => None,
            Some(Condition::Member { id }) => Some(ledger_store::Condition::Member(id)),
            Some(Condition::Category { name }) => Some(ledger_store::Condition::Category(name)),
            Some(Condition::Currency { code }) => {
                Some(ledger_store::Condition::Currency(currency(&code)?))
            }
            Some(Condition::Text { words }) => Some(ledger_store::Condition::Text(words)),
        };
        Ok(Filter { from: self.from_date, to: self.to_date, condition })
    }
}

/// An expense or transfer as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExpenseRow {
    /// The id of the expense or transfer, which corrections do not change.
    pub id: ExpenseId,
    /// The entry with the current content: the first one, a copy, or a correction.
    pub current_version: EntryId,
    /// The current content.
    pub transaction: Transaction,
    /// The amount, ready to be shown.
    pub total: Money,
    /// Whether it was cancelled, so that it changes no balance.
    pub is_cancelled: bool,
    /// Whether several people recorded one imported row with different contents; the
    /// history has them all.
    pub is_conflicting: bool,
    /// The cursor for the page after this row.
    pub cursor: String,
}

impl From<ledger_store::Recorded> for ExpenseRow {
    fn from(row: ledger_store::Recorded) -> Self {
        Self {
            id: row.original.into(),
            current_version: row.current_version,
            total: total(&row.transaction),
            transaction: row.transaction.into(),
            is_cancelled: row.cancelled,
            is_conflicting: row.conflicting,
            cursor: row.cursor.to_string(),
        }
    }
}
