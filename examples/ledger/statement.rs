//! The command that explains a balance, row by row.

use std::io::Write;

use ledger_core::{Currency, GroupState};
use ledger_formats::json::{Values, balance_number, merge};
use ledger_store::{Group, StatementCursor, StatementRow, StoreError};
use serde_json::{Value, json};

use crate::args::Statement;
use crate::as_of::point;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{Align, one_line, print_incomplete, progress_bar, table};

/// Rows read from the database at once.
const PAGE: u32 = 500;

pub(crate) fn statement(arguments: &Statement, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let store = open(location)?;
    let group = the_group(&store, location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let member = people.find(&arguments.member)?;
    let currencies = match &arguments.currency {
        Some(code) => vec![currency_of(&state, code)?],
        None => state.currencies().collect(),
    };
    let point = arguments.as_of.as_ref().map(|text| point(&group, &state, text)).transpose()?;
    let (point, words) =
        point.map_or((None, String::new()), |(point, words)| (Some(point), format!(" {words}")));
    let values = Values::new(&state);
    let mut json_rows = Vec::new();
    let mut title = Some(format!("{}: statement{words}, newest first", people.shown(member)));
    for currency in currencies {
        let page = |after, limit| {
            let lists = group.lists();
            match point {
                None => lists.statement(member, currency, after, limit),
                Some(point) => {
                    let progress = &mut progress_bar();
                    lists.statement_as_of(member, currency, point, after, limit, progress)
                }
            }
        };
        let (rows, more) = pages(page, arguments)?;
        if arguments.read.json {
            json_rows.extend(rows.iter().map(|row| row_json(row, currency, &values)));
            continue;
        }
        // A cursor that is refused is told before anything else.
        if let Some(title) = title.take() {
            writeln!(out, "{title}")?;
        }
        writeln!(out, "\n{currency}")?;
        print_rows(&group, &rows, currency, out)?;
        if let Some(cursor) = more {
            let as_of =
                arguments.as_of.as_ref().map_or(String::new(), |at| format!(" --as-of {at}"));
            writeln!(
                out,
                "There is more: go on with{as_of} --currency {} --after {cursor}",
                in_shell(currency)
            )?;
        }
    }
    if arguments.read.json {
        print_incomplete(&group, &mut std::io::stderr())?;
        return print_json(out, &json_rows);
    }
    if let Some(title) = title {
        writeln!(out, "{title}")?;
    }
    print_incomplete(&group, out)
}

/// The code as an argument in a shell: the name of a unit may have a space.
fn in_shell(currency: Currency) -> String {
    match currency.code().contains(' ') {
        true => format!("'{currency}'"),
        false => currency.to_string(),
    }
}

/// A currency that the group has or that this version knows: another device may have recorded money
/// in a code that came later.
pub(crate) fn currency_of(state: &GroupState, code: &str) -> Result<Currency, Failure> {
    let found = state.currencies().find(|currency| currency.code() == code);
    let known = |code| Currency::from_code(code).map_err(|e| Failure::Usage(e.to_string()));
    found.map_or_else(|| known(code), Ok)
}

fn print_rows(
    group: &Group,
    rows: &[StatementRow],
    currency: Currency,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let line = |row: &StatementRow| {
        let (id, date, text) = match &row.transaction {
            Some(transaction) => {
                let id = group.lists().short_id(row.entry)?;
                (id, transaction.date().to_string(), one_line(transaction.description()))
            }
            None => (String::new(), String::new(), "Opening balance".to_owned()),
        };
        let balance = format!("balance {}", row.balance.format(currency));
        Ok([id, date, text, row.change.format(currency), balance])
    };
    let lines: Vec<[String; 5]> = rows.iter().map(line).collect::<Result<_, StoreError>>()?;
    if lines.is_empty() {
        writeln!(out, "  Nothing was recorded.")?;
    }
    let align = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right];
    table(out, align, &lines)
}

fn row_json(row: &StatementRow, currency: Currency, values: &Values<'_>) -> Value {
    let mut value = json!({
        "id": row.entry.to_string(),
        "currency": currency.code(),
        "change": balance_number(row.change),
        "balance": balance_number(row.balance),
        "cursor": row.cursor.to_string(),
    });
    let details = row.transaction.as_ref().map(|transaction| values.transaction(transaction));
    merge(&mut value, json!({ "details": details }));
    value
}

/// Reads pages until there are enough rows. Also returns the cursor for the next page, if
/// there are more rows.
fn pages(
    read: impl Fn(Option<StatementCursor>, u32) -> Result<Vec<StatementRow>, StoreError>,
    arguments: &Statement,
) -> Result<(Vec<StatementRow>, Option<StatementCursor>), Failure> {
    let mut rows: Vec<StatementRow> = Vec::new();
    let mut after = arguments.after;
    let limit = arguments.limit.unwrap_or(u64::MAX);
    loop {
        let have = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let wanted = u32::try_from(limit.saturating_sub(have)).unwrap_or(PAGE).min(PAGE);
        // One row tells whether there are more.
        let page = read(after, wanted.max(1))?;
        let Some(last) = page.last() else { return Ok((rows, None)) };
        if wanted == 0 {
            return Ok((rows, after));
        }
        after = Some(last.cursor);
        rows.extend(page);
    }
}
