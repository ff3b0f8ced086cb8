//! Reader of groups that Spliit exports as CSV (SPEC §10.3).
//!
//! It looks like an export of Splitwise with two columns swapped, but the numbers of people are their
//! shares: with a plus sign for the payer, with a minus sign for the others.

use std::collections::BTreeMap;

use ledger_core::{Amount, Currency, Direction, Hints, PaidIn};

use crate::csv::{Cells, Columns, Decimal, Options, Table, check_people};
use crate::import::{
    FileBuilder, Found, ImportFile, Met, Money, Person, Problem, ProblemKind, Problems, Program,
    Repair, fit,
};

const MODE: &str = "Split mode";
const COST: &str = "Cost";
const REIMBURSEMENT: &str = "Is Reimbursement";

/// Whether a record is the header of such a file.
pub(crate) fn is_header(columns: &Columns) -> bool {
    columns.place(MODE).is_some() && columns.place(REIMBURSEMENT).is_some()
}

/// Reads the rows of a table that stands behind its header.
pub(crate) fn read(
    columns: &Columns,
    mut table: Table<'_>,
    options: &Options,
) -> Result<ImportFile, Problems> {
    columns.demand(&["Date", "Description", "Currency", COST, REIMBURSEMENT, MODE])?;
    let first = columns.place(MODE).unwrap_or_default().saturating_add(1);
    let names: Vec<String> = columns
        .names
        .iter()
        .skip(first)
        .map(|name| crate::csv::without_guard(name).to_owned())
        .collect();
    check_people(columns.line, &names)?;
    let people = Person::of_names(Program::Spliit, names.iter().map(String::as_str));
    let mut file = FileBuilder::new(Program::Spliit, people, (columns.line, first));
    let (mut met, mut rounded) = (Met::default(), BTreeMap::<Currency, u64>::new());
    let mut shared = 0_u64;
    loop {
        let record = match table.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(problem) => {
                met.push(problem);
                break;
            }
        };
        let cells = Cells { columns, record: &record };
        if let Some((found, is_changed)) = met.take(row(&cells, first, names.len(), options)) {
            if is_changed {
                let rows = rounded.entry(found.currency).or_default();
                *rows = rows.saturating_add(1);
            }
            let is_expense = !matches!(found.money, Money::Transfer { .. });
            let is_shared = is_expense && is_reimbursement(&cells);
            shared = shared.saturating_add(u64::from(is_shared));
            file.push(&found);
        }
    }
    met.finish()?;
    if shared > 0 {
        file.repair(Repair::Reimbursements(shared));
    }
    for (currency, rows) in rounded {
        file.repair(Repair::Rounded { currency, rows });
    }
    Ok(file.finish())
}

fn is_reimbursement(cells: &Cells<'_>) -> bool {
    cells.text(REIMBURSEMENT) == "Yes"
}

fn row(
    cells: &Cells<'_>,
    first: usize,
    people: usize,
    options: &Options,
) -> Result<(Found, bool), Problem> {
    let (found, expected) = (cells.record.len(), first.saturating_add(people));
    if found != expected {
        return Err(Problem::new(cells.record.line, ProblemKind::FieldCount { found, expected }));
    }
    let date = cells.date("Date")?;
    let description = cells.description("Description")?;
    let category = cells.category("Category")?;
    let currency = cells.currency("Currency", options)?;
    let (cost, mut is_changed) = cells.units(COST, cells.text(COST), currency)?;
    let (direction, sign) =
        if cost < 0 { (Direction::Incoming, -1) } else { (Direction::Outgoing, 1) };
    let (mut positive, mut zero, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for (person, place) in (first..expected).enumerate() {
        let name = cells.columns.names.get(place).map_or("", String::as_str);
        let (units, changed) = cells.units(name, cells.record.field(place).trim(), currency)?;
        is_changed |= changed;
        match units.saturating_mul(sign) {
            0 => zero.push(person),
            units => {
                if units > 0 {
                    positive.push(person);
                }
                shares.push((person, u64::try_from(units.unsigned_abs()).unwrap_or(u64::MAX)));
            }
        }
    }
    let payer = match (positive.as_slice(), zero.as_slice()) {
        ([payer], _) | ([], [payer]) => *payer,
        _ => {
            let kind = ProblemKind::Unexpected {
                found: format!("{} positive numbers and {} zeros", positive.len(), zero.len()),
                expected: "the share of one payer, positive or the only 0 (the CSV of Spliit does not say who paid \
                           without a share: export the group as JSON),",
            };
            return Err(Problem::new(cells.record.line, kind));
        }
    };
    let size = u64::try_from(cost.unsigned_abs()).unwrap_or(u64::MAX);
    let shares = fit(size, shares)
        .ok_or_else(|| cells.unexpected(COST, "the sum of the shares of the row"))?;
    let total = Amount::from_minor_units(size).unwrap_or_default();
    let is_reimbursement = is_reimbursement(cells);
    let money = match shares.as_slice() {
        [(to, _)] if is_reimbursement && direction == Direction::Outgoing && *to != payer => {
            Money::Transfer { from: payer, to: *to }
        }
        [] => Money::Sides(direction, Vec::new(), shares),
        _ => Money::Sides(direction, vec![(payer, total)], shares),
    };
    let hints = paid_in(cells);
    let line = cells.record.line;
    let found = Found {
        line,
        date,
        description,
        category,
        note: None,
        currency,
        cost: total,
        money,
        hints,
    };
    Ok((found, is_changed))
}

/// What was paid in another currency, if the row says so. Nothing follows from it, so one that cannot be
/// read is left out.
fn paid_in(cells: &Cells<'_>) -> Hints {
    let mut hints = Hints::default();
    let read = || -> Option<PaidIn> {
        let currency = Currency::from_code(cells.text("Original currency")).ok()?;
        let amount =
            Amount::parse(cells.text("Original cost").trim_start_matches('-'), currency).ok()?;
        let rate = cells.number("Conversion rate", cells.text("Conversion rate")).ok()?;
        Some(PaidIn { currency, amount, rate: fraction(rate)?, source: String::new() })
    };
    if let Some(paid) = read() {
        // Out of bounds, it is left out as well.
        let _ = hints.set_paid_in(Some(&paid));
    }
    hints
}

fn fraction(rate: Decimal) -> Option<(u64, u64)> {
    let denominator = 10_u64.checked_pow(rate.decimals)?;
    let unit = 10_i128.checked_pow(18_u32.checked_sub(rate.decimals)?)?;
    Some((u64::try_from(rate.value.div_euclid(unit)).ok()?, denominator))
}
