//! Reader of our JSON: what counts, with every field.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
use ledger_core::{Amount, Currency, Date, Direction, EntryId, Hints};
use serde::Deserialize;

use super::{Entries, hints};
use crate::csv::check_people;
use crate::import::{
    FileBuilder, Found, Given, ImportFile, Met, Money, Person, Problem, ProblemKind, Problems,
    Program, entry_origin, shorten,
};

/// A file. What an import does not need, such as void entries, is passed over.
#[derive(Deserialize)]
struct File {
    members: Vec<Member>,
    transactions: Vec<Row>,
}

#[derive(Deserialize)]
struct Member {
    label: String,
}

#[derive(Deserialize)]
struct Row {
    entry: Option<String>,
    origin: Option<String>,
    #[serde(default)]
    opening: bool,
    kind: String,
    date: String,
    description: String,
    currency: String,
    minor_units: u64,
    direction: Option<String>,
    category: Option<String>,
    note: Option<String>,
    #[serde(default)]
    payers: Vec<Part>,
    #[serde(default)]
    shares: Vec<Part>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    hints: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Part {
    member: String,
    minor_units: u64,
}

/// Reads a file.
pub(crate) fn read(text: &str) -> Result<ImportFile, Problems> {
    let file: File = serde_json::from_str(text).map_err(Problem::of_json)?;
    let names: Vec<String> = file.members.into_iter().map(|member| member.label).collect();
    check_people(1, &names)?;
    let people = Person::of_names(Program::Ledger, names.iter().map(String::as_str));
    let places: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut builder = FileBuilder::new(Program::Ledger, people, (1, 0));
    let (mut met, mut entries) = (Met::default(), Entries::default());
    for (number, row) in (1..).zip(file.transactions) {
        let read = row.read(number, &places).and_then(|(found, given)| {
            let is_new = given.is_none_or(|given| entries.insert(given, found.currency));
            let expected = "the id of another entry than in a row above";
            let again = || unexpected(row.entry.as_deref().unwrap_or_default(), expected);
            if is_new { Ok((found, given)) } else { Err(again()) }
        });
        if let Some((found, given)) = met.take(read.map_err(|kind| Problem::in_row(number, kind))) {
            builder.push_given(&found, given);
        }
    }
    met.finish()?;
    Ok(builder.finish())
}

fn unexpected(found: &str, expected: &'static str) -> ProblemKind {
    ProblemKind::Unexpected { found: shorten(found), expected }
}

impl Row {
    fn read(
        &self,
        line: u64,
        places: &BTreeMap<&str, usize>,
    ) -> Result<(Found, Option<Given>), ProblemKind> {
        let date: Date = self
            .date
            .parse()
            .map_err(|source| ProblemKind::Date { found: shorten(&self.date), source })?;
        let currency = Currency::from_code(&self.currency).map_err(ProblemKind::Currency)?;
        let cost = amount(self.minor_units)?;
        let description = bounded(&self.description, MAX_TEXT_BYTES)?;
        let note = self.note.as_deref().map(|note| bounded(note, MAX_TEXT_BYTES)).transpose()?;
        let category = self.category.as_deref();
        let category = category.map(|word| bounded(word, MAX_CATEGORY_BYTES)).transpose()?;
        let money = self.money(places, cost)?;
        let mut hints = Hints::default();
        for (key, bytes) in &self.hints {
            hints::set(&mut hints, key, bytes).ok_or_else(|| unexpected(key, "a hint"))?;
        }
        let found = Found {
            line,
            date,
            description,
            category: category.filter(|word| !word.is_empty()),
            note: note.filter(|note| !note.is_empty()),
            currency,
            cost,
            money,
            hints,
        };
        Ok((found, self.given(currency)?))
    }

    fn money(&self, places: &BTreeMap<&str, usize>, cost: Amount) -> Result<Money, ProblemKind> {
        let place = |name: &str| {
            let place = places.get(name).copied();
            place.ok_or_else(|| unexpected(name, "the label of a member"))
        };
        if self.kind == "transfer" {
            let from = place(self.from.as_deref().unwrap_or_default())?;
            let to = place(self.to.as_deref().unwrap_or_default())?;
            if from == to || cost.is_zero() {
                return Err(unexpected(&self.kind, "money from one member to another"));
            }
            return Ok(Money::Transfer { from, to });
        }
        if self.kind != "expense" {
            return Err(unexpected(&self.kind, "expense or transfer"));
        }
        let direction = match self.direction.as_deref() {
            None | Some("outgoing") => Direction::Outgoing,
            Some("incoming") => Direction::Incoming,
            Some(other) => return Err(unexpected(other, "outgoing or incoming")),
        };
        let side = |parts: &[Part]| {
            let (mut side, mut met) = (Vec::new(), BTreeSet::new());
            for part in parts {
                let (place, part) = (place(&part.member)?, amount(part.minor_units)?);
                if !met.insert(place) || part.is_zero() {
                    return Err(unexpected(&self.description, "each member once, with a part,"));
                }
                side.push((place, part));
            }
            match Amount::checked_sum(side.iter().map(|(_, part)| *part)) {
                Some(sum) if sum == cost => Ok(side),
                _ => Err(unexpected(&self.description, "payers and shares that sum to the amount")),
            }
        };
        Ok(Money::Sides(direction, side(&self.payers)?, side(&self.shares)?))
    }

    fn given(&self, currency: Currency) -> Result<Option<Given>, ProblemKind> {
        let Some(entry) = self.entry.as_deref() else { return Ok(None) };
        let entry: EntryId = entry.parse().map_err(|_| unexpected(entry, "the id of an entry"))?;
        let origin = match self.origin.as_deref() {
            None => entry_origin(entry, self.opening.then_some(currency)),
            Some(origin) => hints::origin(origin).ok_or_else(|| unexpected(origin, "16 bytes"))?,
        };
        Ok(Some(Given { entry, origin }))
    }
}

fn bounded(text: &str, allowed: usize) -> Result<String, ProblemKind> {
    let found = text.len();
    if found > allowed { Err(ProblemKind::TooLong { found, allowed }) } else { Ok(text.to_owned()) }
}

fn amount(minor_units: u64) -> Result<Amount, ProblemKind> {
    let kind = |source| ProblemKind::Amount { found: minor_units.to_string(), source };
    Amount::from_minor_units(minor_units).map_err(kind)
}
