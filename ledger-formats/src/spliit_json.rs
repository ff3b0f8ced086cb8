//! Reader of groups that Spliit exports as JSON (SPEC §10.3). Unlike its CSV, that says who paid, and by
//! which rule an expense is split.

use std::collections::BTreeMap;

use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
use ledger_core::{
    Amount, Currency, Date, DateError, Direction, Expense, Hints, PaidIn, Percent, Split,
};
use serde::Deserialize;
use serde_json::Value;

use crate::csv::{Decimal, Options, Style, check_people, read_date};
use crate::import::{
    FileBuilder, Found, ImportFile, Met, Money, Person, Problem, ProblemKind, Problems, Program,
    Repair, fit, shorten,
};

/// A file. Other fields are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    currency_code: Option<String>,
    participants: Vec<Participant>,
    expenses: Vec<Row>,
}

#[derive(Deserialize)]
struct Participant {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    expense_date: String,
    title: String,
    #[serde(default)]
    category: Value,
    amount: serde_json::Number,
    #[serde(default)]
    original_amount: Option<serde_json::Number>,
    #[serde(default)]
    original_currency: Option<String>,
    /// A number, or a text with a decimal number.
    #[serde(default)]
    conversion_rate: Value,
    paid_by_id: String,
    paid_for: Vec<PaidFor>,
    #[serde(default)]
    is_reimbursement: bool,
    #[serde(default)]
    split_mode: Option<String>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default)]
    recurrence_rule: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaidFor {
    participant_id: String,
    #[serde(default)]
    shares: Option<serde_json::Number>,
}

/// What holds for all rows.
struct Group {
    places: BTreeMap<String, usize>,
    currency: Currency,
    /// Units of 10^-18 in one unit of an amount: a hundredth, or the minor unit of a currency with a code.
    unit: i128,
    has_code: bool,
}

/// Reads a file.
pub(crate) fn read(text: &str, options: &Options) -> Result<ImportFile, Problems> {
    let file: File = serde_json::from_str(text).map_err(Problem::of_json)?;
    let names: Vec<String> =
        file.participants.iter().map(|person| person.name.trim().to_owned()).collect();
    check_people(1, &names)?;
    let code = file.currency_code.as_deref().filter(|code| !code.is_empty());
    let word = code.or(file.currency.as_deref()).unwrap_or_default().trim();
    let known = Currency::from_code(if word == "€" { "EUR" } else { word }).ok();
    let no_currency = || Problem::new(1, ProblemKind::NoCurrency { found: shorten(word) });
    let currency = known.or(options.currency).ok_or_else(no_currency)?;
    let has_code = code.is_some();
    let hundredth = 10_000_000_000_000_000;
    let places = file.participants.iter().enumerate();
    let group = Group {
        places: places.map(|(place, person)| (person.id.clone(), place)).collect(),
        currency,
        unit: if has_code { Decimal::unit(currency) } else { hundredth },
        has_code,
    };
    let people = Person::of_names(Program::Spliit, names.iter().map(String::as_str));
    let mut builder = FileBuilder::new(Program::Spliit, people, (1, 0));
    let (mut met, mut rounded, mut recurring, mut shared) = (Met::default(), 0_u64, 0_u64, 0_u64);
    for (number, row) in (1..).zip(&file.expenses) {
        let read = row.read(number, &group).map_err(|kind| Problem::in_row(number, kind));
        let Some((found, is_changed)) = met.take(read) else { continue };
        let is_expense = !matches!(found.money, Money::Transfer { .. });
        let recurs =
            row.recurrence_rule.as_deref().is_some_and(|rule| !rule.is_empty() && rule != "NONE");
        rounded = rounded.saturating_add(u64::from(is_changed));
        recurring = recurring.saturating_add(u64::from(recurs));
        shared = shared.saturating_add(u64::from(row.is_reimbursement && is_expense));
        builder.push(&found);
    }
    met.finish()?;
    if rounded > 0 {
        builder.repair(Repair::Rounded { currency, rows: rounded });
    }
    if recurring > 0 {
        builder.repair(Repair::Recurring(recurring));
    }
    if shared > 0 {
        builder.repair(Repair::Reimbursements(shared));
    }
    Ok(builder.finish())
}

fn unexpected(found: &str, expected: &'static str) -> ProblemKind {
    ProblemKind::Unexpected { found: shorten(found), expected }
}

impl Group {
    /// The minor units of an amount, and whether it was rounded.
    fn units(&self, number: &serde_json::Number) -> Result<(i128, bool), ProblemKind> {
        let text = number.to_string();
        let wrong = |source| ProblemKind::Amount { found: shorten(&text), source };
        // Old versions divided amounts in floating point, so that some have decimals.
        let read = Decimal::read(&text, Style::Point).map_err(wrong)?;
        let one = 10_i128.saturating_pow(18);
        let size = read.value.saturating_abs();
        let (whole, rest) = (size.div_euclid(one), size.rem_euclid(one));
        let rest = rest.saturating_mul(self.unit).div_euclid(one);
        let size = whole.saturating_mul(self.unit).saturating_add(rest);
        let unit = Decimal::unit(self.currency);
        let units = size.saturating_add(unit.div_euclid(2)).div_euclid(unit);
        let amount = u64::try_from(units).map_err(|_| ledger_core::AmountError::TooLarge);
        amount.and_then(Amount::from_minor_units).map_err(wrong)?;
        let units = if read.value < 0 { units.saturating_neg() } else { units };
        Ok((units, size.rem_euclid(unit) != 0))
    }

    fn place(&self, id: &str) -> Result<usize, ProblemKind> {
        let place = self.places.get(id).copied();
        place.ok_or_else(|| unexpected(id, "the id of a participant"))
    }
}

impl Row {
    fn read(&self, line: u64, group: &Group) -> Result<(Found, bool), ProblemKind> {
        let date = self.date()?;
        let description = bounded(&self.title, MAX_TEXT_BYTES)?;
        let note = self.notes.as_deref().map(|note| bounded(note, MAX_TEXT_BYTES)).transpose()?;
        let category = match &self.category {
            Value::String(name) => Some(name.as_str()),
            category => category.get("name").and_then(Value::as_str),
        };
        let category = category.map(|name| bounded(name.trim(), MAX_CATEGORY_BYTES)).transpose()?;
        let currency = group.currency;
        let (cost, is_changed) = group.units(&self.amount)?;
        let direction = if cost < 0 { Direction::Incoming } else { Direction::Outgoing };
        let size = u64::try_from(cost.unsigned_abs()).unwrap_or(u64::MAX);
        let cost = Amount::from_minor_units(size).unwrap_or_default();
        let payer = group.place(&self.paid_by_id)?;
        let (shares, rule) = self.shares(group, size)?;
        let mut hints = Hints::default();
        if let Some(paid) = self.paid_in(group) {
            // Out of bounds, it is left out: nothing follows from it.
            let _ = hints.set_paid_in(Some(&paid));
        }
        let money = match shares.as_slice() {
            [(to, _)]
                if self.is_reimbursement && direction == Direction::Outgoing && *to != payer =>
            {
                Money::Transfer { from: payer, to: *to }
            }
            [] => Money::Sides(direction, Vec::new(), Vec::new()),
            _ => {
                let mut expense = Expense::new(date, "", currency, cost)
                    .payers(vec![(payer, cost)])
                    .shares(shares.clone())
                    .hints(hints);
                if let Some(rule) = rule {
                    expense.keep_rule(&rule);
                }
                hints = expense.hints;
                Money::Sides(direction, expense.payers, shares)
            }
        };
        let category = category.filter(|name| !name.is_empty());
        let note = note.filter(|note| !note.is_empty());
        Ok((
            Found { line, date, description, category, note, currency, cost, money, hints },
            is_changed,
        ))
    }

    fn date(&self) -> Result<Date, ProblemKind> {
        let kind = || ProblemKind::Date { found: shorten(&self.expense_date), source: DateError };
        read_date(self.expense_date.trim()).ok_or_else(kind)
    }

    /// Shares as the program's own CSV has them, so that a row is the same from either file: each rounded half
    /// up, and what is missing from the first on. With them the rule that gave them.
    #[allow(clippy::type_complexity, reason = "shares and their rule")]
    fn shares(
        &self,
        group: &Group,
        size: u64,
    ) -> Result<(Vec<(usize, Amount)>, Option<Split<usize>>), ProblemKind> {
        let mode = self.split_mode.as_deref().unwrap_or("EVENLY");
        let mut weights: BTreeMap<usize, u64> = BTreeMap::new();
        for paid in &self.paid_for {
            let place = group.place(&paid.participant_id)?;
            let weight = match (mode, &paid.shares) {
                ("EVENLY", _) => 1,
                ("BY_AMOUNT", Some(shares)) => {
                    u64::try_from(group.units(shares)?.0.unsigned_abs()).unwrap_or(u64::MAX)
                }
                ("BY_SHARES" | "BY_PERCENTAGE", Some(shares)) => weight(shares)?,
                (_, None) => return Err(unexpected(mode, "a split with the part of each")),
                _ => return Err(unexpected(mode, "EVENLY, BY_SHARES, BY_PERCENTAGE or BY_AMOUNT")),
            };
            if weights.insert(place, weight).is_some() {
                return Err(unexpected(&paid.participant_id, "each participant once"));
            }
        }
        let total = weights.values().try_fold(0_u64, |sum, weight| sum.checked_add(*weight));
        let total = total.filter(|total| *total > 0 || size == 0);
        let wrong = || unexpected(&self.amount.to_string(), "the sum of the parts of the expense");
        let total = u128::from(total.ok_or_else(wrong)?);
        let part = |weight: u64| {
            let double = u128::from(size).checked_mul(u128::from(weight))?.checked_mul(2)?;
            let rounded = double.checked_add(total)?.checked_div(total.checked_mul(2)?)?;
            u64::try_from(rounded).ok()
        };
        let parts: Option<Vec<(usize, u64)>> = match (mode, size) {
            (_, 0) => Some(Vec::new()),
            ("BY_AMOUNT", _) => Some(weights.iter().map(|(place, part)| (*place, *part)).collect()),
            _ => weights.iter().map(|(place, weight)| Some((*place, part(*weight)?))).collect(),
        };
        let shares = parts.and_then(|parts| fit(size, parts)).ok_or_else(wrong)?;
        let people = weights.iter().map(|(place, weight)| (*place, *weight));
        let rule = match mode {
            "EVENLY" => Some(Split::Equal(weights.keys().copied().collect())),
            "BY_AMOUNT" => Some(Split::Exact(shares.clone())),
            // 100 % is 10,000 in the file.
            "BY_PERCENTAGE" if total == 10_000 => {
                let percent = |(place, weight): (usize, u64)| Some((place, percent(weight)?));
                people.map(percent).collect::<Option<Vec<_>>>().map(Split::Percent)
            }
            _ => {
                let divisor = people
                    .clone()
                    .fold(0, |divisor, (_, weight)| crate::bills::gcd(divisor, weight))
                    .max(1);
                let small = |(place, weight): (usize, u64)| (place, weight.div_euclid(divisor));
                Some(Split::Weights(people.map(small).collect()))
            }
        };
        Ok((shares, rule))
    }

    fn paid_in(&self, group: &Group) -> Option<PaidIn> {
        let currency = Currency::from_code(self.original_currency.as_deref()?).ok()?;
        let amount = self.original_amount.as_ref()?.as_u64().filter(|_| group.has_code)?;
        let amount = Amount::from_minor_units(amount).ok()?;
        let rate = match &self.conversion_rate {
            Value::String(rate) => rate.clone(),
            rate => rate.as_number()?.to_string(),
        };
        let rate = Decimal::read(&rate, Style::Point).ok()?;
        let denominator = 10_u64.checked_pow(rate.decimals)?;
        let unit = 10_i128.checked_pow(18_u32.checked_sub(rate.decimals)?)?;
        let rate = (u64::try_from(rate.value.div_euclid(unit)).ok()?, denominator);
        Some(PaidIn { currency, amount, rate, source: String::new() })
    }
}

fn bounded(text: &str, allowed: usize) -> Result<String, ProblemKind> {
    let found = text.len();
    if found > allowed { Err(ProblemKind::TooLong { found, allowed }) } else { Ok(text.to_owned()) }
}

fn weight(shares: &serde_json::Number) -> Result<u64, ProblemKind> {
    let weight = shares.as_u64();
    weight.ok_or_else(|| unexpected(&shares.to_string(), "a whole number of parts"))
}

fn percent(hundredths: u64) -> Option<Percent> {
    Percent::from_millionths(hundredths.checked_mul(100)?).ok()
}
