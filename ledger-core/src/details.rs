//! Expenses and transfers with members in place of refs: what apps write and
//! read. What was read can be changed and sent back as a correction.

use crate::entry::DecodedEntry;
use crate::id::{MemberId, Origin};
use crate::money::{Amount, Currency, Date};
use crate::payload::{Content, Part, RefIndex};
use crate::state::GroupState;

/// An expense or a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// Money spent for several people.
    Expense(ExpenseDetails),
    /// Money given from one member to another.
    Transfer(TransferDetails),
}

/// An expense. Payers and shares each sum to `amount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpenseDetails {
    /// The day of the expense.
    pub date: Date,
    /// What it was for.
    pub description: String,
    /// A category of the app's choosing.
    pub category: Option<String>,
    /// Anything else to remember.
    pub note: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The whole amount.
    pub amount: Amount,
    /// Who paid how much; each at least one minor unit.
    pub payers: Vec<(MemberId, Amount)>,
    /// Whose share is how much; each at least one minor unit.
    pub shares: Vec<(MemberId, Amount)>,
    /// The imported row that this comes from.
    pub origin: Option<Origin>,
}

/// A transfer: somebody gave money to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferDetails {
    /// The day of the transfer.
    pub date: Date,
    /// What it was for.
    pub description: String,
    /// The currency.
    pub currency: Currency,
    /// The amount, at least one minor unit.
    pub amount: Amount,
    /// Who gave.
    pub from: MemberId,
    /// Who received.
    pub to: MemberId,
    /// The imported row that this comes from.
    pub origin: Option<Origin>,
}

impl Details {
    /// The day.
    #[must_use]
    pub fn date(&self) -> Date {
        match self {
            Self::Expense(expense) => expense.date,
            Self::Transfer(transfer) => transfer.date,
        }
    }

    /// What it was for.
    #[must_use]
    pub fn description(&self) -> &str {
        match self {
            Self::Expense(expense) => &expense.description,
            Self::Transfer(transfer) => &transfer.description,
        }
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        match self {
            Self::Expense(expense) => expense.currency,
            Self::Transfer(transfer) => transfer.currency,
        }
    }

    /// The whole amount.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            Self::Expense(expense) => expense.amount,
            Self::Transfer(transfer) => transfer.amount,
        }
    }

    /// What each member gave: payers, or who gave the transfer.
    #[must_use]
    pub fn paid(&self) -> Vec<(MemberId, Amount)> {
        match self {
            Self::Expense(expense) => expense.payers.clone(),
            Self::Transfer(transfer) => vec![(transfer.from, transfer.amount)],
        }
    }

    /// What each member got: shares, or who received the transfer.
    #[must_use]
    pub fn owed(&self) -> Vec<(MemberId, Amount)> {
        match self {
            Self::Expense(expense) => expense.shares.clone(),
            Self::Transfer(transfer) => vec![(transfer.to, transfer.amount)],
        }
    }

    pub(crate) fn members(&self) -> Vec<MemberId> {
        self.paid().into_iter().chain(self.owed()).map(|(member, _)| member).collect()
    }

    /// The details that an entry records or replaces, if it does, with the
    /// members whom its refs introduce.
    #[must_use]
    pub fn of(entry: &DecodedEntry, state: &GroupState) -> Option<Self> {
        let member = |index: RefIndex| {
            let introduction = entry.header().refs().get(index.place())?;
            state.introduced_by(*introduction)
        };
        let parts = |parts: &[Part]| -> Option<Vec<(MemberId, Amount)>> {
            parts.iter().map(|part| Some((member(part.member)?, part.amount))).collect()
        };
        Some(match entry.payload().content()? {
            Content::Expense(expense) => Self::Expense(ExpenseDetails {
                date: expense.date,
                description: expense.description.clone(),
                category: expense.category.clone(),
                note: expense.note.clone(),
                currency: expense.currency,
                amount: expense.amount,
                payers: parts(&expense.payers)?,
                shares: parts(&expense.shares)?,
                origin: expense.origin,
            }),
            Content::Transfer(transfer) => Self::Transfer(TransferDetails {
                date: transfer.date,
                description: transfer.description.clone(),
                currency: transfer.currency,
                amount: transfer.amount,
                from: member(transfer.from)?,
                to: member(transfer.to)?,
                origin: transfer.origin,
            }),
        })
    }
}
