//! What a row says about money: the comparison of rows of a file with what is recorded.

use std::collections::BTreeMap;

use ledger_core::{
    Amount, Balance, Currency, Date, Direction, Expense, MemberId, Transaction, Transfer,
};
use ledger_formats::splitwise::{Row, RowKind};

use crate::StoreError;

/// Content of a row, whatever its origin and category, and whether it is an expense or a transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    pub(super) date: Date,
    pub(super) description: String,
    pub(super) currency: Currency,
    /// Negative if the money came in.
    pub(super) cost: Balance,
    /// What the row adds to the balance of each member, without zeros.
    pub(super) nets: BTreeMap<MemberId, Balance>,
}

impl Content {
    pub(super) fn of(transaction: &Transaction) -> Self {
        let mut nets = BTreeMap::new();
        for (member, amount) in transaction.credited() {
            add(&mut nets, member, amount.into());
        }
        for (member, amount) in transaction.debited() {
            add(&mut nets, member, Balance::from(amount).negated());
        }
        nets.retain(|_, net| !net.is_zero());
        let cost = Balance::from(transaction.amount());
        Self {
            date: transaction.date(),
            description: plain(transaction.description()),
            currency: transaction.currency(),
            cost: match transaction.direction() {
                Direction::Outgoing => cost,
                Direction::Incoming => cost.negated(),
            },
            nets,
        }
    }
}

/// The content without the people of a row of a file.
pub(super) fn row_without_people(row: &Row) -> (Date, String, Currency, Balance) {
    let cost = Balance::from(row.amount());
    let cost = match row.kind() {
        RowKind::Expense { direction: Direction::Incoming, .. } => cost.negated(),
        _ => cost,
    };
    (row.date(), plain(row.description()), row.currency(), cost)
}

/// Text with the line breaks of another system, as the identity of rows reads it (SPEC §10).
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn add<M: Ord>(nets: &mut BTreeMap<M, Balance>, member: M, part: Balance) {
    let net = nets.entry(member).or_default();
    *net = net.plus(part);
}

/// What a row adds to the balance of each column, without zeros.
pub(super) fn nets_of(row: &Row) -> BTreeMap<usize, Balance> {
    let mut nets = BTreeMap::new();
    let part = |amount: Amount, gives: bool| match gives {
        true => Balance::from(amount),
        false => Balance::from(amount).negated(),
    };
    match row.kind() {
        RowKind::Expense { payers, shares, direction } => {
            let is_outgoing = *direction == Direction::Outgoing;
            for (column, amount) in payers {
                add(&mut nets, *column, part(*amount, is_outgoing));
            }
            for (column, amount) in shares {
                add(&mut nets, *column, part(*amount, !is_outgoing));
            }
        }
        RowKind::Transfer { from, to } => {
            add(&mut nets, *from, part(row.amount(), true));
            add(&mut nets, *to, part(row.amount(), false));
        }
    }
    nets.retain(|_, net| !net.is_zero());
    nets
}

/// A row as a transaction of the group. `members` has the member of each column.
pub(super) fn to_transaction(row: &Row, members: &[MemberId]) -> Result<Transaction, StoreError> {
    let member = |column: usize| {
        let gone = || StoreError::Damaged(format!("column {column} has no member"));
        members.get(column).copied().ok_or_else(gone)
    };
    let parts = |parts: &[(usize, Amount)]| -> Result<Vec<(MemberId, Amount)>, StoreError> {
        parts.iter().map(|(column, amount)| Ok((member(*column)?, *amount))).collect()
    };
    Ok(match row.kind() {
        RowKind::Expense { payers, shares, direction } => {
            let mut expense =
                Expense::new(row.date(), row.description(), row.currency(), row.amount())
                    .payers(parts(payers)?)
                    .shares(parts(shares)?)
                    .direction(*direction)
                    .origin(row.origin());
            expense.category = row.category().map(str::to_owned);
            expense.into()
        }
        RowKind::Transfer { from, to } => {
            Transfer::new(row.date(), row.currency(), row.amount(), member(*from)?, member(*to)?)
                .description(row.description())
                .origin(row.origin())
                .into()
        }
    })
}
