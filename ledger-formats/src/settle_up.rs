//! Reader of groups that Settle Up and Splid export as CSV (SPEC §10.3): several people and their amounts
//! stand in one field each, separated by semicolons.

use std::collections::BTreeMap;

use ledger_core::{Amount, Currency, Direction, Hints};

use crate::csv::{Cells, Columns, Options, Table, check_people};
use crate::import::{
    FileBuilder, Found, ImportFile, Met, Money, Person, Problem, ProblemKind, Problems, Program,
    fit,
};

const PAYERS: &str = "Who paid";
const PAID: &str = "Amount";
const SHARERS: &str = "For whom";
const SHARES: &str = "Split amounts";
const DAY: &str = "Date & time";

/// Whether a record is the header of such a file.
pub(crate) fn is_header(columns: &Columns) -> bool {
    columns.place(PAYERS).is_some() && columns.place(SHARERS).is_some()
}

/// Reads the rows of a table that stands behind its header. `again` stands there, too.
pub(crate) fn read(
    columns: &Columns,
    mut table: Table<'_>,
    mut again: Table<'_>,
    options: &Options,
) -> Result<ImportFile, Problems> {
    columns.demand(&[PAYERS, PAID, "Currency", SHARERS, SHARES, "Purpose", DAY])?;
    let mut names: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    while let Ok(Some(record)) = table.next() {
        let cells = Cells { columns, record: &record };
        for name in list(cells.text(PAYERS)).chain(list(cells.text(SHARERS))) {
            if !places.contains_key(name) {
                places.insert(name.to_owned(), names.len());
                names.push(name.to_owned());
            }
        }
    }
    check_people(columns.line, &names)?;
    let people = Person::of_names(Program::SettleUp, names.iter().map(String::as_str));
    let mut file = FileBuilder::new(Program::SettleUp, people, (columns.line, 0));
    let mut met = Met::default();
    loop {
        match again.next() {
            Ok(Some(record)) => {
                let cells = Cells { columns, record: &record };
                if let Some(found) = met.take(row(&cells, &places, options)) {
                    file.push(&found);
                }
            }
            Ok(None) => break,
            Err(problem) => {
                met.push(problem);
                break;
            }
        }
    }
    met.finish()?;
    Ok(file.finish())
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim)
}

fn row(
    cells: &Cells<'_>,
    places: &BTreeMap<String, usize>,
    options: &Options,
) -> Result<Found, Problem> {
    let date = cells.date(DAY)?;
    let description = cells.description("Purpose")?;
    let category = cells.category("Category")?;
    let currency = cells.currency("Currency", options)?;
    let (payers, is_less) = side(cells, PAYERS, PAID, places, currency)?;
    let (shares, _) = side(cells, SHARERS, SHARES, places, currency)?;
    let sum = |side: &[(usize, u64)]| {
        side.iter().try_fold(0_u64, |sum, (_, part)| sum.checked_add(*part)).unwrap_or(u64::MAX)
    };
    let total = sum(&payers);
    let wrong = || cells.unexpected(SHARES, "amounts that add up to what was paid");
    let cost = Amount::from_minor_units(total).map_err(|_| wrong())?;
    let shares = fit(total, shares).ok_or_else(wrong)?;
    let payers = fit(total, payers).ok_or_else(wrong)?;
    let is_transfer = cells.text("Type").eq_ignore_ascii_case("transfer");
    let direction = if is_less { Direction::Incoming } else { Direction::Outgoing };
    let money = match (payers.as_slice(), shares.as_slice()) {
        ([(from, _)], [(to, _)]) if is_transfer && !is_less && from != to => {
            Money::Transfer { from: *from, to: *to }
        }
        _ => Money::Sides(direction, payers, shares),
    };
    let (line, note, hints) = (cells.record.line, None, Hints::default());
    Ok(Found { line, date, description, category, note, currency, cost, money, hints })
}

/// People with their amounts, and whether these are negative. Somebody who stands there twice has the sum.
fn side(
    cells: &Cells<'_>,
    people: &str,
    amounts: &str,
    places: &BTreeMap<String, usize>,
    currency: Currency,
) -> Result<(Vec<(usize, u64)>, bool), Problem> {
    let names: Vec<&str> = list(cells.text(people)).collect();
    let numbers: Vec<&str> = list(cells.text(amounts)).collect();
    if names.len() != numbers.len() {
        let (found, expected) = (numbers.len(), names.len());
        return Err(cells.problem(amounts, ProblemKind::FieldCount { found, expected }));
    }
    let mut side: BTreeMap<usize, i128> = BTreeMap::new();
    for (name, number) in names.iter().zip(&numbers) {
        let (units, _) = cells.units(amounts, number, currency)?;
        let place = places.get(*name).copied().unwrap_or_default();
        let part = side.entry(place).or_default();
        *part = part.saturating_add(units);
    }
    let is_less = side.values().any(|units| *units < 0);
    if is_less && side.values().any(|units| *units > 0) {
        return Err(cells.unexpected(amounts, "numbers of one sign"));
    }
    let size = |units: i128| u64::try_from(units.unsigned_abs()).unwrap_or(u64::MAX);
    Ok((side.into_iter().map(|(place, units)| (place, size(units))).collect(), is_less))
}
