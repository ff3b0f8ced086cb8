//! Writer of the table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ledger_core::{
    Amount, Balance, Currency, Direction, Expense, GroupState, Hints, MemberId, Transaction,
};

use super::columns::{DETAILS, FIXED, OWES, PAID};
use super::hints::{hex, paid_in_to_text, tags_to_text, to_text};
use crate::csv::with_guard;
use crate::rows::{Labels, Row};

/// The description of a closing row.
const TOTAL: &str = "Total balance";

/// Writes rows, oldest first, as a table with payers, shares and entries. Texts that a spreadsheet would
/// run, such as `=1+1`, have a `'` before them, which the reader takes off again.
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
    let places: BTreeMap<MemberId, usize> =
        members.iter().enumerate().map(|(place, member)| (*member, place)).collect();
    let mut writer = csv::Writer::from_writer(out);
    let names = members.iter().map(|member| text(labels.label(*member)));
    let parts = members.iter().flat_map(|member| {
        [PAID, OWES]
            .map(|word| format!("{word}{}", labels.label(*member)).replace('\0', "\u{fffd}"))
    });
    let header = FIXED.map(str::to_owned).into_iter().chain(names);
    let header = header.chain(DETAILS.map(str::to_owned)).chain(parts);
    writer.write_record(header).map_err(cause)?;
    let mut last_date = String::new();
    for row in rows {
        last_date = row.transaction.date().to_string();
        writer.write_record(fields(&row, &places)).map_err(cause)?;
    }
    for currency in state.currencies() {
        let fixed = [&last_date, TOTAL, " ", " ", currency.code()].map(str::to_owned);
        let balance = |member: &MemberId| state.balance(*member, currency).format(currency);
        let nets = members.iter().map(balance);
        let details = DETAILS.map(|name| if name == "Kind" { "total" } else { "" }.to_owned());
        let parts = core::iter::repeat_n(String::new(), members.len().saturating_mul(2));
        writer
            .write_record(fixed.into_iter().chain(nets).chain(details).chain(parts))
            .map_err(cause)?;
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

/// A text that a spreadsheet does not run, and that is text for the reader.
fn text(text: &str) -> String {
    with_guard(&text.replace('\0', "\u{fffd}"))
}

fn fields(row: &Row, places: &BTreeMap<MemberId, usize>) -> Vec<String> {
    let transaction = &row.transaction;
    let currency = transaction.currency();
    let place = |member: &MemberId| places.get(member).copied().unwrap_or_default();
    let (kind, category, note, hints) = match transaction {
        Transaction::Expense(expense) => {
            let kind = match (row.is_opening, expense.direction) {
                (true, _) => "opening",
                (false, Direction::Outgoing) => "expense",
                (false, Direction::Incoming) => "refund",
            };
            (kind, expense.category.as_deref(), expense.note.as_deref(), by_column(expense, place))
        }
        Transaction::Transfer(transfer) => ("payment", None, None, transfer.hints.clone()),
    };
    let size = Balance::from(transaction.amount());
    let cost = match transaction.direction() {
        Direction::Outgoing => size,
        Direction::Incoming => size.negated(),
    };
    let mut fields = vec![
        transaction.date().to_string(),
        text(transaction.description()),
        // Where programs that read Splitwise's files look for it.
        if kind == "payment" { "Payment".to_owned() } else { text(category.unwrap_or_default()) },
        cost.format(currency),
        currency.to_string(),
    ];
    let (paid, owes) = sides(transaction, places);
    fields.extend(nets(transaction, places, currency));
    let (paid_in, rate, source) = match hints.paid_in() {
        Some(paid) => {
            let (amount, rate) = paid_in_to_text(&paid);
            (amount, rate, paid.source)
        }
        None => Default::default(),
    };
    let origin = row.origin.map(|origin| hex(origin.as_bytes())).unwrap_or_default();
    let note = text(note.unwrap_or_default());
    let (tags, source) = (text(&tags_to_text(&hints)), text(&source));
    fields.extend([kind.to_owned(), note, tags, paid_in, rate, source, to_text(&hints)]);
    fields.extend([row.id.to_string(), origin]);
    let part = |amount: &Amount| match amount.is_zero() {
        true => String::new(),
        false => amount.format(currency),
    };
    fields.extend(paid.iter().zip(&owes).flat_map(|(paid, owes)| [part(paid), part(owes)]));
    fields
}

/// The hints of an expense whose payers and shares stand in the order of the columns: the rule of a split
/// names people by their places.
fn by_column(expense: &Expense, place: impl Fn(&MemberId) -> usize) -> Hints {
    let Some(rule) = expense.said_rule() else { return expense.hints.clone() };
    let by_place = |parts: &[(MemberId, Amount)]| {
        let mut parts: Vec<(usize, Amount)> =
            parts.iter().map(|(member, part)| (place(member), *part)).collect();
        parts.sort_unstable();
        parts
    };
    let mut other = Expense::new(expense.date, "", expense.currency, expense.amount)
        .payers(by_place(&expense.payers))
        .shares(by_place(&expense.shares))
        .hints(expense.hints.clone());
    if let Ok(rule) = rule.try_map(|member| Ok::<usize, ()>(place(member))) {
        other.keep_rule(&rule);
    }
    other.hints
}

/// What everybody paid and owes, in the order of the columns. Of a refund, who paid received it.
fn sides(
    transaction: &Transaction,
    places: &BTreeMap<MemberId, usize>,
) -> (Vec<Amount>, Vec<Amount>) {
    let side = |parts: &[(MemberId, Amount)]| {
        let mut side = vec![Amount::ZERO; places.len()];
        for (member, part) in parts {
            let place = places.get(member).and_then(|place| side.get_mut(*place));
            if let Some(there) = place {
                *there = there.checked_add(*part).unwrap_or(*there);
            }
        }
        side
    };
    match transaction {
        Transaction::Expense(expense) => (side(&expense.payers), side(&expense.shares)),
        Transaction::Transfer(transfer) => {
            (side(&[(transfer.from, transfer.amount)]), side(&[(transfer.to, transfer.amount)]))
        }
    }
}

fn nets(
    transaction: &Transaction,
    places: &BTreeMap<MemberId, usize>,
    currency: Currency,
) -> impl Iterator<Item = String> {
    let mut nets = vec![Balance::ZERO; places.len()];
    let mut add = |member: MemberId, part: Balance| {
        if let Some(net) = places.get(&member).and_then(|place| nets.get_mut(*place)) {
            *net = net.plus(part);
        }
    };
    transaction.credited().into_iter().for_each(|(member, part)| add(member, part.into()));
    let debited = transaction.debited().into_iter();
    debited.for_each(|(member, part)| add(member, Balance::from(part).negated()));
    nets.into_iter().map(move |net| net.format(currency))
}
