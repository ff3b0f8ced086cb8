//! Totals of what was spent, and the categories and tags in use.

use ledger_core::MemberId;

use crate::error::LedgerError;
use crate::values::{Day, Money};

/// Key by which expenses are added up. Each total is of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TotalsBy {
    /// The month of the day of the expense.
    Month,
    /// The category.
    Category,
    /// The member: their shares, and what they paid.
    Member,
    /// Nothing but the currency.
    Currency,
}

impl From<TotalsBy> for ledger_store::TotalsBy {
    fn from(by: TotalsBy) -> Self {
        match by {
            TotalsBy::Month => Self::Month,
            TotalsBy::Category => Self::Category,
            TotalsBy::Member => Self::Member,
            TotalsBy::Currency => Self::Currency,
        }
    }
}

/// Total of expenses in one currency. The one of `month`, `category` and `member` that the
/// expenses are added up by is set; a total of expenses without category has none.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Total {
    /// The first day of the month.
    pub month: Option<Day>,
    /// The category.
    pub category: Option<String>,
    /// The member.
    pub member: Option<MemberId>,
    /// How many expenses there are. An expense counts for each member who paid or has a
    /// share.
    pub expenses: u64,
    /// What was spent, less refunds and income; of a member, the sum of their shares.
    pub spent: Money,
    /// What was paid, less what was received; of a member, the sum of their payments.
    pub paid: Money,
}

impl TryFrom<ledger_store::Total> for Total {
    type Error = LedgerError;

    fn try_from(total: ledger_store::Total) -> Result<Self, LedgerError> {
        let (mut month, mut category, mut member) = (None, None, None);
        match total.of {
            ledger_store::TotalOf::Month(first) => month = Some(first),
            ledger_store::TotalOf::Category(name) => category = name,
            ledger_store::TotalOf::Member(id) => member = Some(id),
            _ => {}
        }
        Ok(Self {
            month,
            category,
            member,
            expenses: total.expenses,
            spent: Money::of_balance(total.spent, total.currency)?,
            paid: Money::of_balance(total.paid, total.currency)?,
        })
    }
}

/// A category that expenses have.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CategoryInUse {
    /// Its name.
    pub name: String,
    /// The last day of an expense with it.
    pub last_day: Day,
}

impl From<ledger_store::CategoryInUse> for CategoryInUse {
    fn from(category: ledger_store::CategoryInUse) -> Self {
        let ledger_store::CategoryInUse { name, last_day } = category;
        Self { name, last_day }
    }
}

/// A tag that expenses or transfers have.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TagInUse {
    /// The tag.
    pub name: String,
    /// The last day of an expense or transfer with it.
    pub last_day: Day,
}

impl From<ledger_store::TagInUse> for TagInUse {
    fn from(tag: ledger_store::TagInUse) -> Self {
        let ledger_store::TagInUse { name, last_day } = tag;
        Self { name, last_day }
    }
}
