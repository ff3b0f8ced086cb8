//! Writer of the layout that [`read`](super::read) reads.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ledger_core::{Balance, Currency, Direction, GroupState, MemberId, Transaction};

use super::header::FIXED;
use super::row::{PAYMENT, TOTAL};
use crate::Row;
use crate::csv::with_guard;
use crate::rows::Labels;

/// Writes rows, oldest first, as Splitwise exports a group. Texts that a spreadsheet would run, such as
/// `=1+1`, have a `'` before them, which [`read`](super::read) takes off again.
///
/// # Errors
/// The error of `out`.
pub fn write(
    state: &GroupState,
    rows: impl IntoIterator<Item = Row>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels = Labels::new(state);
    let members: Vec<MemberId> = labels.members().collect();
    let mut writer = csv::Writer::from_writer(out);
    let names = members.iter().map(|member| with_guard(labels.label(*member)));
    writer.write_record(FIXED.map(str::to_owned).into_iter().chain(names)).map_err(cause)?;
    let mut last_date = String::new();
    for Row { transaction, .. } in rows {
        let category = match &transaction {
            Transaction::Expense(expense) => expense.category.clone().unwrap_or_default(),
            Transaction::Transfer(_) => PAYMENT.to_owned(),
        };
        last_date = transaction.date().to_string();
        let currency = transaction.currency();
        let fixed = [
            last_date.clone(),
            with_guard(transaction.description()),
            with_guard(&category),
            cost(&transaction).format(currency),
            currency.to_string(),
        ];
        let nets = nets(&transaction);
        let net = |member| nets.get(member).copied().unwrap_or(Balance::ZERO);
        let nets = members.iter().map(|member| net(member).format(currency));
        writer.write_record(fixed.into_iter().chain(nets)).map_err(cause)?;
    }
    for currency in state.currencies() {
        writer.write_record(closing_total(state, &members, &last_date, currency)).map_err(cause)?;
    }
    writer.flush()
}

/// The error of the output, with its kind: a reader that closes its end is no failure. The
/// crate's own conversion would hide the kind.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// The cost as Splitwise writes it: negative for a refund.
fn cost(transaction: &Transaction) -> Balance {
    let size = Balance::from(transaction.amount());
    match transaction.direction() {
        Direction::Outgoing => size,
        Direction::Incoming => size.negated(),
    }
}

/// The net of each member whom a transaction names: paid minus owed.
fn nets(transaction: &Transaction) -> BTreeMap<MemberId, Balance> {
    let mut nets: BTreeMap<MemberId, Balance> = BTreeMap::new();
    for (member, amount) in transaction.credited() {
        let net = nets.entry(member).or_default();
        *net = net.plus(amount.into());
    }
    for (member, amount) in transaction.debited() {
        let net = nets.entry(member).or_default();
        *net = net.minus(amount.into());
    }
    nets
}

fn closing_total<'a>(
    state: &'a GroupState,
    members: &'a [MemberId],
    date: &str,
    currency: Currency,
) -> impl Iterator<Item = String> + 'a {
    let fixed = [date, TOTAL, " ", " ", currency.code()].map(str::to_owned);
    let balance = move |member: &MemberId| state.balance(*member, currency).format(currency);
    fixed.into_iter().chain(members.iter().map(balance))
}
