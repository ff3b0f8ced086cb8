//! Expenses and transfers, as apps write and read them.

use ledger_core::{Amount, Currency, MemberId, Origin};

use super::hints::Hints;
use super::money::{amount, minor_units};
use super::split::{Split, from_expense, rule};
use super::time::Day;
use crate::error::LedgerError;

/// A member's part of an expense: what the member paid, or has to bear.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Part {
    /// The member.
    pub member: MemberId,
    /// How much, in the currency's minor units, such as cents; at least 1.
    pub minor_units: i64,
}

/// Direction of the money of an expense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Direction {
    /// Money spent: the payers gave it.
    Outgoing,
    /// A refund or income: the payers received the money, and the shares say to whom it is due.
    Incoming,
}

impl From<ledger_core::Direction> for Direction {
    fn from(direction: ledger_core::Direction) -> Self {
        match direction {
            ledger_core::Direction::Outgoing => Self::Outgoing,
            ledger_core::Direction::Incoming => Self::Incoming,
        }
    }
}

impl From<Direction> for ledger_core::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Outgoing => Self::Outgoing,
            Direction::Incoming => Self::Incoming,
        }
    }
}

/// An expense: money that some members paid for some members. The payers' parts add
/// up to the whole amount, and so do the shares. The library may read them back in
/// another order.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Expense {
    /// The day on which the money was spent.
    pub date: Day,
    /// What the money was for.
    pub description: String,
    /// The currency code of every amount, such as `EUR`.
    pub currency: String,
    /// The whole amount in the currency's minor units, such as cents.
    pub minor_units: i64,
    /// Who paid, and how much.
    pub payers: Vec<Part>,
    /// Who has to bear how much.
    pub shares: Vec<Part>,
    /// A category that the app chooses.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// Anything else that is worth remembering.
    #[uniffi(default = None)]
    pub note: Option<String>,
    /// Whether the money was spent or received. None means that it was spent; in a
    /// correction, that the direction stays as it is shown, and in a change of what
    /// recurs, as it was. The library always fills it in. No amount is negative either way.
    #[uniffi(default = None)]
    pub direction: Option<Direction>,
    /// The row of an imported file from which this comes, 16 bytes; new expenses
    /// have none. A correction belongs to what it corrects, and stores none.
    #[uniffi(default = None)]
    pub origin: Option<Vec<u8>>,
    /// The rule by which the shares came about, for who edits the expense later; the shares
    /// decide. The library always fills it in, and stores it if it gives the shares, and if
    /// who takes part without a share paid something. None in a correction means that the
    /// rule stays if it still gives the shares.
    #[uniffi(default = None)]
    pub split: Option<Split>,
    /// Tags, receipts, another currency. None in a correction means that they stay as they
    /// are. The library always fills it in.
    #[uniffi(default = None)]
    pub hints: Option<Hints>,
}

/// A transfer: one member gave money to another, for example to pay back.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Transfer {
    /// The day on which the money was given.
    pub date: Day,
    /// What the money was for; may be empty.
    pub description: String,
    /// The currency code, such as `EUR`.
    pub currency: String,
    /// The amount in the currency's minor units, such as cents; at least 1.
    pub minor_units: i64,
    /// The member who gave.
    pub from_member: MemberId,
    /// The member who received.
    pub to_member: MemberId,
    /// The row of an imported file from which this comes, 16 bytes; new transfers
    /// have none. A correction belongs to what it corrects, and stores none.
    #[uniffi(default = None)]
    pub origin: Option<Vec<u8>>,
    /// As those of an expense.
    #[uniffi(default = None)]
    pub hints: Option<Hints>,
}

/// The content of an expense or transfer. An app may change what it has read, and
/// send it back as a correction.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Transaction {
    /// Money spent for several people.
    Expense {
        /// The expense.
        expense: Expense,
    },
    /// Money given from one member to another.
    Transfer {
        /// The transfer.
        transfer: Transfer,
    },
}

impl From<ledger_core::Transaction> for Transaction {
    fn from(transaction: ledger_core::Transaction) -> Self {
        let origin = |origin: Option<Origin>| origin.map(|origin| origin.as_bytes().to_vec());
        match transaction {
            ledger_core::Transaction::Expense(expense) => Self::Expense {
                expense: Expense {
                    split: Some(from_expense(&expense)),
                    hints: Some((&expense.hints).into()),
                    date: expense.date,
                    description: expense.description,
                    category: expense.category,
                    note: expense.note,
                    currency: expense.currency.code().to_owned(),
                    minor_units: minor_units(expense.amount),
                    payers: from_parts(expense.payers),
                    shares: from_parts(expense.shares),
                    direction: Some(expense.direction.into()),
                    origin: origin(expense.origin),
                },
            },
            ledger_core::Transaction::Transfer(transfer) => Self::Transfer {
                transfer: Transfer {
                    date: transfer.date,
                    description: transfer.description,
                    currency: transfer.currency.code().to_owned(),
                    minor_units: minor_units(transfer.amount),
                    from_member: transfer.from,
                    to_member: transfer.to,
                    origin: origin(transfer.origin),
                    hints: Some((&transfer.hints).into()),
                },
            },
        }
    }
}

impl TryFrom<Transaction> for ledger_core::Transaction {
    type Error = LedgerError;

    fn try_from(transaction: Transaction) -> Result<Self, LedgerError> {
        Ok(match transaction {
            Transaction::Expense { expense } => {
                let currency = expense.currency.parse::<Currency>()?;
                let amount = amount(expense.minor_units)?;
                let mut known =
                    ledger_core::Expense::new(expense.date, expense.description, currency, amount)
                        .payers(to_parts(expense.payers)?)
                        .shares(to_parts(expense.shares)?);
                known.category = expense.category;
                known.note = expense.note;
                known.direction = expense.direction.map(Into::into).unwrap_or_default();
                known.origin = origin(expense.origin)?;
                if let Some(split) = expense.split {
                    known.keep_rule(&rule(split)?);
                }
                if let Some(hints) = expense.hints {
                    hints.set(&mut known.hints)?;
                }
                Self::Expense(known)
            }
            Transaction::Transfer { transfer } => {
                let currency = transfer.currency.parse::<Currency>()?;
                let amount = amount(transfer.minor_units)?;
                let (from, to) = (transfer.from_member, transfer.to_member);
                let mut known =
                    ledger_core::Transfer::new(transfer.date, currency, amount, from, to)
                        .description(transfer.description);
                known.origin = origin(transfer.origin)?;
                if let Some(hints) = transfer.hints {
                    hints.set(&mut known.hints)?;
                }
                Self::Transfer(known)
            }
        })
    }
}

impl Transaction {
    /// The transaction in place of another one, which `replaced` gives: an expense without a direction
    /// keeps that one's.
    pub(crate) fn replacing(
        self,
        replaced: impl FnOnce() -> Result<Option<ledger_core::Transaction>, LedgerError>,
    ) -> Result<ledger_core::Transaction, LedgerError> {
        let keeps = matches!(&self, Self::Expense { expense } if expense.direction.is_none());
        let mut known = self.try_into()?;
        if let ledger_core::Transaction::Expense(new) = &mut known
            && keeps
            && let Some(replaced) = replaced()?
        {
            new.direction = replaced.direction();
        }
        Ok(known)
    }
}

fn from_parts(parts: Vec<(MemberId, Amount)>) -> Vec<Part> {
    let part =
        |(member, amount): (MemberId, Amount)| Part { member, minor_units: minor_units(amount) };
    parts.into_iter().map(part).collect()
}

fn to_parts(parts: Vec<Part>) -> Result<Vec<(MemberId, Amount)>, LedgerError> {
    parts.into_iter().map(|part| Ok((part.member, amount(part.minor_units)?))).collect()
}

fn origin(bytes: Option<Vec<u8>>) -> Result<Option<Origin>, LedgerError> {
    let Some(bytes) = bytes else { return Ok(None) };
    let bytes = <[u8; 16]>::try_from(bytes).map_err(|_| ledger_core::ParseIdError)?;
    Ok(Some(Origin::from_bytes(bytes)))
}
