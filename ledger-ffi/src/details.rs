//! Expenses and transfers, as apps write and read them.

use ledger_core::{Amount, Currency, Date, ExpenseDetails, MemberId, Origin, TransferDetails};

use crate::LedgerError;
use crate::money::{amount, minor_units};

/// A member's part of an expense.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Part {
    /// The member's id.
    pub member: String,
    /// How much, in cents or the like; at least 1.
    pub minor_units: i64,
}

/// An expense. Payers and shares each sum to the amount; they are read back in
/// an order of the library's own.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Expense {
    /// The day, such as `2026-11-21`.
    pub date: String,
    /// What it was for.
    pub description: String,
    /// The ISO 4217 code of every amount.
    pub currency: String,
    /// The whole amount in cents or the like.
    pub minor_units: i64,
    /// Who paid how much.
    pub payers: Vec<Part>,
    /// Whose share is how much.
    pub shares: Vec<Part>,
    /// A category of the app's choosing.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// Anything else to remember.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// The imported row that it comes from; keep it when you correct.
    #[uniffi(default = None)]
    pub origin: Option<Vec<u8>>,
}

/// A transfer: somebody gave money to somebody, as to pay back.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Transfer {
    /// The day, such as `2026-11-21`.
    pub date: String,
    /// What it was for; may be empty.
    pub description: String,
    /// The ISO 4217 code.
    pub currency: String,
    /// The amount in cents or the like; at least 1.
    pub minor_units: i64,
    /// The id of the member who gave.
    pub from_member: String,
    /// The id of the member who received.
    pub to_member: String,
    /// The imported row that it comes from; keep it when you correct.
    #[uniffi(default = None)]
    pub origin: Option<Vec<u8>>,
}

/// What an expense or transfer says. What was read can be changed and sent back
/// as a correction.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Details {
    /// Money spent for several people.
    Expense {
        /// What it says.
        expense: Expense,
    },
    /// Money given from one member to another.
    Transfer {
        /// What it says.
        transfer: Transfer,
    },
}

impl From<ledger_core::Details> for Details {
    fn from(details: ledger_core::Details) -> Self {
        let origin = |origin: Option<Origin>| origin.map(|origin| origin.as_bytes().to_vec());
        match details {
            ledger_core::Details::Expense(expense) => Self::Expense {
                expense: Expense {
                    date: expense.date.to_string(),
                    description: expense.description,
                    category: expense.category,
                    note: expense.note,
                    currency: expense.currency.code().to_owned(),
                    minor_units: minor_units(expense.amount),
                    payers: from_parts(expense.payers),
                    shares: from_parts(expense.shares),
                    origin: origin(expense.origin),
                },
            },
            ledger_core::Details::Transfer(transfer) => Self::Transfer {
                transfer: Transfer {
                    date: transfer.date.to_string(),
                    description: transfer.description,
                    currency: transfer.currency.code().to_owned(),
                    minor_units: minor_units(transfer.amount),
                    from_member: transfer.from.into(),
                    to_member: transfer.to.into(),
                    origin: origin(transfer.origin),
                },
            },
        }
    }
}

impl TryFrom<Details> for ledger_core::Details {
    type Error = LedgerError;

    fn try_from(details: Details) -> Result<Self, LedgerError> {
        Ok(match details {
            Details::Expense { expense } => Self::Expense(ExpenseDetails {
                date: expense.date.parse::<Date>()?,
                description: expense.description,
                category: expense.category,
                note: expense.note,
                currency: expense.currency.parse::<Currency>()?,
                amount: amount(expense.minor_units)?,
                payers: to_parts(expense.payers)?,
                shares: to_parts(expense.shares)?,
                origin: origin(expense.origin)?,
            }),
            Details::Transfer { transfer } => Self::Transfer(TransferDetails {
                date: transfer.date.parse::<Date>()?,
                description: transfer.description,
                currency: transfer.currency.parse::<Currency>()?,
                amount: amount(transfer.minor_units)?,
                from: transfer.from_member.parse::<MemberId>()?,
                to: transfer.to_member.parse::<MemberId>()?,
                origin: origin(transfer.origin)?,
            }),
        })
    }
}

fn from_parts(parts: Vec<(MemberId, Amount)>) -> Vec<Part> {
    let part = |(member, amount): (MemberId, Amount)| Part {
        member: member.into(),
        minor_units: minor_units(amount),
    };
    parts.into_iter().map(part).collect()
}

fn to_parts(parts: Vec<Part>) -> Result<Vec<(MemberId, Amount)>, LedgerError> {
    parts.into_iter().map(|part| Ok((part.member.parse()?, amount(part.minor_units)?))).collect()
}

fn origin(bytes: Option<Vec<u8>>) -> Result<Option<Origin>, LedgerError> {
    let Some(bytes) = bytes else { return Ok(None) };
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| ledger_core::ParseIdError)?;
    Ok(Some(Origin::from_bytes(bytes)))
}
