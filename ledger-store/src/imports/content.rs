//! What a row says about money: the comparison of rows of a file with what is recorded.

use std::collections::BTreeMap;

use ledger_core::{Balance, Currency, Date, Direction, MemberId, Transaction};
use ledger_formats::ImportRow;

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
        Self {
            date: transaction.date(),
            description: plain(transaction.description()),
            currency: transaction.currency(),
            cost: cost(transaction),
            nets: nets(transaction),
        }
    }

    /// The content without its description.
    pub(super) fn without_words(&self) -> (Date, Currency, Balance, Vec<(MemberId, Balance)>) {
        let nets = self.nets.iter().map(|(member, net)| (*member, *net)).collect();
        (self.date, self.currency, self.cost, nets)
    }
}

/// The description of a row, as contents have it.
pub(super) fn description_of(row: &ImportRow) -> String {
    plain(row.description())
}

/// The cost of a row, as contents have it.
pub(super) fn cost_of(row: &ImportRow) -> Balance {
    cost(row.transaction())
}

/// What a row adds to the balance of each person of the file, without zeros.
pub(super) fn nets_of(row: &ImportRow) -> BTreeMap<usize, Balance> {
    nets(row.transaction())
}

/// A row as a transaction of the group. `members` has the member of each person.
pub(super) fn to_transaction(
    row: &ImportRow,
    members: &[MemberId],
) -> Result<Transaction, StoreError> {
    let gone = || StoreError::Damaged(format!("somebody in line {} has no member", row.line()));
    row.over(members).ok_or_else(gone)
}

/// Text with the line breaks of one system, as the identity of rows reads it (SPEC §10.1).
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn cost<M: Copy>(transaction: &Transaction<M>) -> Balance {
    let cost = Balance::from(transaction.amount());
    match transaction.direction() {
        Direction::Outgoing => cost,
        Direction::Incoming => cost.negated(),
    }
}

fn nets<M: Copy + Ord>(transaction: &Transaction<M>) -> BTreeMap<M, Balance> {
    let mut nets = BTreeMap::new();
    let mut add = |member: M, part: Balance| {
        let net: &mut Balance = nets.entry(member).or_default();
        *net = net.plus(part);
    };
    transaction.credited().into_iter().for_each(|(member, part)| add(member, part.into()));
    let debited = transaction.debited().into_iter();
    debited.for_each(|(member, part)| add(member, Balance::from(part).negated()));
    nets.retain(|_, net| !net.is_zero());
    nets
}
