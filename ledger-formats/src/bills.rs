//! Reader of projects that Cospend and ihatemoney export as CSV, and ihatemoney as JSON (SPEC §10.3): bills
//! of one payer, owed by several people by their weights.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::{Amount, Currency, Direction, Expense, Hints, Origin, Split};

use crate::csv::{Cells, Columns, Decimal, Options, Record, Style, Table, check_people};
use crate::import::{
    FileBuilder, Found, ImportFile, Met, Money, Person, Problem, Problems, Program, Repair,
};

/// Number of Cospend's category of reimbursements.
const REIMBURSEMENT: &str = "-11";

/// Description of rows with which Cospend keeps members without bills.
const NO_BILL: &str = "deleteMeIfYouWant";

/// Weights are read with this many decimals.
const WEIGHT_UNIT: i128 = 1_000_000_000_000;

/// The program of a header of bills, if it is one.
pub(crate) fn program(columns: &Columns) -> Option<Program> {
    let has = |name| columns.place(name).is_some();
    if !(has("what") && has("amount") && has("owers") && has("payer_name")) {
        return None;
    }
    let is_cospend = has("timestamp") || has("payer_active") || has("categoryid");
    Some(if is_cospend { Program::Cospend } else { Program::IHateMoney })
}

/// People, categories and the currency that stand around the bills.
#[derive(Default)]
struct Project {
    names: Vec<String>,
    places: BTreeMap<String, usize>,
    weights: BTreeMap<usize, u64>,
    categories: BTreeMap<String, String>,
    currency: Option<Currency>,
}

/// Table of a file that rows belong to.
enum Section {
    Members(Columns),
    Bills(Columns),
    Categories(Columns),
    Currencies(Columns),
    Other,
}

fn section(columns: Columns) -> Option<Section> {
    Some(match columns.names.first().map(String::as_str)? {
        "name" if columns.place("weight").is_some() => Section::Members(columns),
        "categoryname" => Section::Categories(columns),
        "currencyname" => Section::Currencies(columns),
        "paymentmodename" => Section::Other,
        _ if program(&columns).is_some() => Section::Bills(columns),
        _ => return None,
    })
}

/// Where rows come from.
pub(crate) enum Source<'a> {
    /// The text of a file with the byte between fields.
    Text(&'a str, u8),
    /// Bills of a list, numbered from 1.
    Bills(Columns, Vec<Record>),
}

/// Reads all tables of a file.
pub(crate) fn read(
    program: Program,
    source: Source<'_>,
    options: &Options,
) -> Result<ImportFile, Problems> {
    let project = Project::read(&source)?;
    let options = Options { currency: options.currency.or(project.currency) };
    check_people(1, &project.names)?;
    let people = Person::of_names(program, project.names.iter().map(String::as_str));
    let mut file = FileBuilder::new(program, people, (1, 0));
    let (mut met, mut deleted) = (Met::default(), 0_u64);
    let mut rounded = BTreeMap::<Currency, u64>::new();
    let mut used = BTreeSet::new();
    each(&source, |section, record| {
        let Section::Bills(columns) = section else { return };
        let cells = Cells { columns, record };
        if cells.text("what") == NO_BILL {
            return;
        }
        if cells.text("deleted") == "1" {
            deleted = deleted.saturating_add(1);
            return;
        }
        if let Some((found, is_changed)) = met.take(project.bill(&cells, &options, &mut used)) {
            if is_changed {
                let rows = rounded.entry(found.currency).or_default();
                *rows = rows.saturating_add(1);
            }
            file.push(&found);
        }
    })
    .map_or_else(|problem| met.push(problem), |()| ());
    met.finish()?;
    for (currency, rows) in rounded {
        file.repair(Repair::Rounded { currency, rows });
    }
    if deleted > 0 {
        file.repair(Repair::Deleted(deleted));
    }
    let unknown = used.iter().filter(|person| !project.weights.contains_key(person));
    let unknown: Vec<String> =
        unknown.filter_map(|person| project.names.get(*person).cloned()).collect();
    if !unknown.is_empty() {
        file.repair(Repair::Weights(unknown));
    }
    Ok(file.finish())
}

/// Hands over every row with the table that it stands in.
fn each(source: &Source<'_>, mut row: impl FnMut(&Section, &Record)) -> Result<(), Problem> {
    let (text, separator) = match source {
        Source::Text(text, separator) => (text, *separator),
        Source::Bills(columns, records) => {
            let section = Section::Bills(columns.clone());
            records.iter().for_each(|record| row(&section, record));
            return Ok(());
        }
    };
    let (mut table, mut current) = (Table::new(text, separator), Section::Other);
    while let Some(record) = table.next()? {
        match section(Columns::read(&record)) {
            Some(next) => current = next,
            None => row(&current, &record),
        }
    }
    Ok(())
}

impl Project {
    fn read(source: &Source<'_>) -> Result<Self, Problem> {
        let mut project = Self::default();
        each(source, |section, record| match section {
            Section::Members(columns) => {
                let cells = Cells { columns, record };
                let place = project.person(cells.text("name"));
                project.weigh(place, cells.text("weight"));
            }
            Section::Bills(columns) => {
                let cells = Cells { columns, record };
                let place = project.person(cells.text("payer_name"));
                project.weigh(place, cells.text("payer_weight"));
            }
            Section::Categories(columns) => {
                let cells = Cells { columns, record };
                let (id, name) = (cells.text("categoryid"), cells.text("categoryname"));
                project.categories.insert(id.to_owned(), name.to_owned());
            }
            Section::Currencies(columns) => {
                let cells = Cells { columns, record };
                let is_main = Decimal::read(cells.text("exchange_rate"), Style::Point)
                    .is_ok_and(|rate| rate.value == 1_000_000_000_000_000_000);
                if is_main {
                    project.currency = Currency::from_code(cells.text("currencyname")).ok();
                }
            }
            Section::Other => {}
        })?;
        // People who only owe: names with commas are met whole only if somebody of the name paid.
        let mut owers = Vec::new();
        each(source, |section, record| {
            if let Section::Bills(columns) = section {
                let cells = Cells { columns, record };
                if project.owers(cells.text("owers")).is_none() {
                    owers.extend(cells.text("owers").split(',').map(|name| name.trim().to_owned()));
                }
            }
        })?;
        for name in owers.iter().filter(|name| !name.is_empty()) {
            project.person(name);
        }
        Ok(project)
    }

    fn person(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len();
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }

    fn weigh(&mut self, place: usize, text: &str) {
        let weight = Decimal::read(text, Style::Point).ok();
        let weight = weight.and_then(|w| u64::try_from(w.value.div_euclid(WEIGHT_UNIT)).ok());
        if let Some(weight) = weight.filter(|weight| *weight > 0) {
            self.weights.entry(place).or_insert(weight);
        }
    }

    /// The people of a list. A name may hold a comma, so the longest one that is known is taken.
    fn owers(&self, text: &str) -> Option<Vec<usize>> {
        let parts: Vec<&str> = text.split(',').collect();
        let (mut owers, mut start) = (Vec::new(), 0_usize);
        while start < parts.len() {
            let known = (start.saturating_add(1)..=parts.len().min(start.saturating_add(8)))
                .rev()
                .find_map(|end| {
                    let name = parts.get(start..end)?.join(",");
                    self.places.get(name.trim()).map(|place| (*place, end))
                });
            let (place, end) = known?;
            owers.push(place);
            start = end;
        }
        Some(owers)
    }

    fn bill(
        &self,
        cells: &Cells<'_>,
        options: &Options,
        used: &mut BTreeSet<usize>,
    ) -> Result<(Found, bool), Problem> {
        let date = cells.date("date")?;
        let description = cells.description("what")?;
        let currency = cells.currency("currency", options)?;
        let (units, is_changed) = cells.units("amount", cells.text("amount"), currency)?;
        let size = u64::try_from(units.unsigned_abs()).unwrap_or(u64::MAX);
        let cost = Amount::from_minor_units(size).unwrap_or_default();
        let direction = if units < 0 { Direction::Incoming } else { Direction::Outgoing };
        let payer = self.places.get(cells.text("payer_name")).copied().unwrap_or_default();
        let unknown = || cells.unexpected("owers", "names of people of the file");
        let owers: BTreeSet<usize> =
            self.owers(cells.text("owers")).ok_or_else(unknown)?.into_iter().collect();
        let note = cells.bounded("comment", &decoded(cells.text("comment")), 4_096)?;
        let number = cells.text("categoryid");
        let category = match self.categories.get(number) {
            Some(name) => Some(cells.bounded("categoryid", name, 128)?),
            None => None,
        };
        let is_transfer = cells.text("bill_type").eq_ignore_ascii_case("reimbursement")
            || number == REIMBURSEMENT;
        let only = owers.iter().next().filter(|to| owers.len() == 1 && **to != payer);
        let mut hints = Hints::default();
        let money = match only {
            Some(to) if is_transfer && direction == Direction::Outgoing && !cost.is_zero() => {
                Money::Transfer { from: payer, to: *to }
            }
            _ if cost.is_zero() => Money::Sides(direction, Vec::new(), Vec::new()),
            _ => {
                let parts: Vec<(usize, u64)> = owers
                    .iter()
                    .map(|person| (*person, self.weights.get(person).copied().unwrap_or(1_000_000)))
                    .collect();
                used.extend(owers.iter().copied());
                let wrong =
                    || cells.unexpected("owers", "people among whom the amount can be shared");
                let split = rule(parts);
                let turn = turn(&description, date.yyyymmdd(), size);
                let expense = Expense::new(date, "", currency, cost).paid_by(payer, cost);
                let expense = expense.split(&split, turn).map_err(|_| wrong())?;
                hints = expense.hints;
                Money::Sides(direction, expense.payers, expense.shares)
            }
        };
        let note = Some(note).filter(|note| !note.is_empty());
        let line = cells.record.line;
        Ok((
            Found { line, date, description, category, note, currency, cost, money, hints },
            is_changed,
        ))
    }
}

/// Equal weights are an equal split; others are made as small as they can be.
fn rule(parts: Vec<(usize, u64)>) -> Split<usize> {
    let divisor = parts.iter().fold(0, |divisor, (_, weight)| gcd(divisor, *weight));
    let weight = |weight: u64| weight.checked_div(divisor).unwrap_or(weight);
    if parts.iter().all(|(_, part)| weight(*part) == 1) {
        return Split::Equal(parts.into_iter().map(|(person, _)| person).collect());
    }
    Split::Weights(parts.into_iter().map(|(person, part)| (person, weight(part))).collect())
}

pub(crate) fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or_default());
    }
    a
}

/// Who gets the first odd unit: the same for whoever reads the row (SPEC §10.3).
fn turn(description: &str, date: u32, size: u64) -> u64 {
    let row = [&date.to_be_bytes()[..], &size.to_be_bytes()[..], description.as_bytes()].concat();
    let digest = Origin::of_row(&row);
    u64::from_be_bytes(digest.as_bytes().first_chunk().copied().unwrap_or_default())
}

/// A comment of Cospend, in which bytes stand as `%20`. One that is not so is kept as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let digit =
            |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        rest = match (byte, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let Some((high, low)) = digit(high).zip(digit(low)) else { return text.to_owned() };
                bytes.push(high.saturating_mul(16).saturating_add(low));
                tail
            }
            _ => {
                bytes.push(*byte);
                tail
            }
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
