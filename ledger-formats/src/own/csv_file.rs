//! Reader of the table.

use std::collections::BTreeMap;

use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
use ledger_core::{
    Amount, AmountError, Balance, Currency, Date, DateError, Direction, EntryId, Hints,
};

use super::columns::{
    CATEGORY, COST, CURRENCY, DATE, DESCRIPTION, ENTRY, HINTS, KIND, Layout, NETS, NOTE, ORIGIN,
    PAID_IN, RATE, RATE_SOURCE, TAGS,
};
use super::{Entries, Totals, hints};
use crate::csv::{
    Dates, Decimal, Marks, Record, Style, Table, check_people, read_date, without_guard,
};
use crate::import::{
    ClosingTotal, FileBuilder, Found, Given, ImportFile, Met, Money, Person, Problem, ProblemKind,
    Problems, Program, Repair, entry_origin, shorten,
};

/// Most bytes of a note.
const MAX_NOTE_BYTES: usize = MAX_TEXT_BYTES;

/// Reads the rows of tables that stand behind the header: the first to learn the decimal mark.
pub(crate) fn read(
    layout: &Layout,
    (mut marks_of, mut table): (Table<'_>, Table<'_>),
    separator: u8,
    compared: Totals,
) -> Result<ImportFile, Problems> {
    check_people(layout.line, &layout.names)?;
    let people = Person::of_names(Program::Ledger, layout.names.iter().map(String::as_str));
    let mut file = FileBuilder::new(Program::Ledger, people, (layout.line, NETS));
    let mut marks = Marks::default();
    while let Ok(Some(record)) = marks_of.next() {
        marks.push(record.field(COST).trim());
        (0..layout.names.len()).for_each(|person| {
            marks.push(record.field(person.saturating_add(NETS)).trim());
        });
    }
    let style = marks.style();
    let (mut met, mut dates) = (Met::default(), Dates::default());
    let (mut totals, mut entries) = (Vec::<ClosingTotal>::new(), Entries::default());
    loop {
        let record = match table.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(problem) => {
                met.push(problem);
                break;
            }
        };
        let row = Row { layout, record: &record, style };
        if row.detail(KIND) == "total" {
            totals.extend(met.take(row.total()));
            continue;
        }
        let Some(date) = row.date(&mut dates, &mut met) else { continue };
        let Some((found, given)) = met.take(row.read(date)) else { continue };
        if let Some(given) = given
            && !entries.insert(given, found.currency)
        {
            let expected = "the id of another entry than in a row above";
            met.push(row.unexpected(layout.details().saturating_add(ENTRY), expected));
        }
        file.push_given(&found, given);
    }
    if let Some((line, found, seems, rows)) = dates.finish() {
        let kind = ProblemKind::ChangedDates { found: shorten(&found), seems, rows };
        met.push(Problem::new(line, kind).in_column(DATE, "Date"));
    }
    if met.is_empty() && compared == Totals::Compare {
        reconcile(layout, &totals, &mut file, &mut met);
    }
    met.finish()?;
    if separator != b',' {
        file.repair(Repair::Separator(char::from(separator)));
    }
    if style == Style::Comma {
        file.repair(Repair::DecimalComma);
    }
    Ok(file.finish())
}

/// Compares the closing rows with the sums of the others.
fn reconcile(layout: &Layout, totals: &[ClosingTotal], file: &mut FileBuilder, met: &mut Met) {
    let mut first = BTreeMap::new();
    for total in totals {
        let (line, currency) = (total.line, total.currency);
        if let Some(first) = first.insert(currency, line) {
            let kind = ProblemKind::SecondTotal { currency, first };
            met.push(Problem::new(line, kind).in_column(CURRENCY, "Currency"));
            continue;
        }
        let sums = file.sums(currency).iter().copied().chain(core::iter::repeat(Balance::ZERO));
        for (place, (found, expected)) in (NETS..).zip(total.balances.iter().zip(sums)) {
            if *found != expected {
                let (expected, found) = (expected.format(currency), found.format(currency));
                let kind = ProblemKind::TotalMismatch { expected, found, currency };
                met.push(Problem::new(line, kind).in_column(place, &layout.name(place)));
            }
        }
        file.total(total.clone());
    }
}

/// A row below the header.
struct Row<'a> {
    layout: &'a Layout,
    record: &'a Record,
    style: Style,
}

impl<'a> Row<'a> {
    fn detail(&self, detail: usize) -> &'a str {
        self.record.field(self.layout.details().saturating_add(detail)).trim()
    }

    fn problem(&self, place: usize, kind: ProblemKind) -> Problem {
        Problem::new(self.record.line, kind).in_column(place, &self.layout.name(place))
    }

    fn unexpected(&self, place: usize, expected: &'static str) -> Problem {
        let found = shorten(self.record.field(place).trim());
        self.problem(place, ProblemKind::Unexpected { found, expected })
    }

    fn in_detail(&self, detail: usize, expected: &'static str) -> Problem {
        self.unexpected(self.layout.details().saturating_add(detail), expected)
    }

    /// The day. A date that a spreadsheet changed is kept, to be told once.
    fn date(&self, dates: &mut Dates, met: &mut Met) -> Option<Date> {
        let text = self.record.field(DATE).trim();
        let date = read_date(text);
        if date.is_none() && !dates.push(self.record.line, text) {
            let kind = ProblemKind::Date { found: shorten(text), source: DateError };
            met.push(self.problem(DATE, kind));
        }
        date
    }

    fn currency(&self) -> Result<Currency, Problem> {
        Currency::from_code(self.record.field(CURRENCY).trim())
            .map_err(|source| self.problem(CURRENCY, ProblemKind::Currency(source)))
    }

    /// A text as it was exported.
    fn text(&self, place: usize, allowed: usize) -> Result<Option<String>, Problem> {
        let text = without_guard(self.record.field(place));
        let found = text.len();
        if found > allowed {
            return Err(self.problem(place, ProblemKind::TooLong { found, allowed }));
        }
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    /// The minor units of a field; 0 if it is empty.
    fn units(&self, place: usize, currency: Currency) -> Result<i128, Problem> {
        let text = self.record.field(place).trim();
        if text.is_empty() {
            return Ok(0);
        }
        let units = Decimal::read(text, self.style).and_then(|number| {
            let size = Decimal { value: number.value.saturating_abs(), ..number };
            match size.floor(currency)? {
                (units, 0) if number.value < 0 => Ok(units.saturating_neg()),
                (units, 0) => Ok(units),
                _ => Err(AmountError::TooPrecise { allowed: currency.exponent() }),
            }
        });
        let kind = |source| ProblemKind::Amount { found: shorten(text), source };
        units.map_err(|source| self.problem(place, kind(source)))
    }

    fn amount(&self, place: usize, currency: Currency) -> Result<Amount, Problem> {
        let units = u64::try_from(self.units(place, currency)?);
        let units = units.map_err(|_| self.unexpected(place, "an amount of 0 or more"))?;
        Amount::from_minor_units(units).map_err(|source| {
            let found = shorten(self.record.field(place).trim());
            self.problem(place, ProblemKind::Amount { found, source })
        })
    }

    fn total(&self) -> Result<ClosingTotal, Problem> {
        let currency = self.currency()?;
        let balance = |person: usize| {
            let place = person.saturating_add(NETS);
            let balance = balance(self.record.field(place).trim(), self.style, currency);
            balance.ok_or_else(|| self.unexpected(place, "a balance"))
        };
        let balances = (0..self.layout.names.len()).map(balance).collect::<Result<_, _>>()?;
        Ok(ClosingTotal { line: self.record.line, currency, balances })
    }

    fn read(&self, date: Date) -> Result<(Found, Option<Given>), Problem> {
        let (found, expected) = (self.record.len(), self.layout.width());
        let surplus = self.record.fields().skip(expected).any(|field| !field.trim().is_empty());
        if found < expected || surplus {
            let kind = ProblemKind::FieldCount { found, expected };
            return Err(Problem::new(self.record.line, kind));
        }
        let currency = self.currency()?;
        let description = self.text(DESCRIPTION, MAX_TEXT_BYTES)?.unwrap_or_default();
        let note = self.layout.details().saturating_add(NOTE);
        let note = self.text(note, MAX_NOTE_BYTES)?;
        let kind = self.detail(KIND);
        let direction = match kind {
            "expense" | "payment" | "opening" => Direction::Outgoing,
            "refund" => Direction::Incoming,
            _ => return Err(self.in_detail(KIND, "expense, refund, payment or opening")),
        };
        // A payment has the word there for other programs.
        let category = self.text(CATEGORY, MAX_CATEGORY_BYTES)?.filter(|_| kind != "payment");
        let cost = self.units(COST, currency)?;
        let is_negative = cost < 0;
        if is_negative && direction == Direction::Outgoing
            || cost > 0 && direction == Direction::Incoming
        {
            return Err(self.unexpected(COST, "the sign of its kind"));
        }
        let size = u64::try_from(cost.unsigned_abs()).unwrap_or(u64::MAX);
        let cost = Amount::from_minor_units(size).unwrap_or_default();
        let (payers, shares) = self.sides(currency, cost)?;
        self.check_nets(currency, direction, &payers, &shares)?;
        let money = match (kind, payers.as_slice(), shares.as_slice()) {
            ("payment", [(from, _)], [(to, _)]) if from != to => {
                Money::Transfer { from: *from, to: *to }
            }
            ("payment", ..) => {
                return Err(self.in_detail(KIND, "one who paid and another who received"));
            }
            _ => Money::Sides(direction, payers, shares),
        };
        let hints = self.hints()?;
        let line = self.record.line;
        let given = self.given(kind == "opening", currency)?;
        let found = Found { line, date, description, category, note, currency, cost, money, hints };
        Ok((found, given))
    }

    /// Payers and shares, which both sum to the cost.
    #[allow(clippy::type_complexity, reason = "two sides of one form")]
    fn sides(
        &self,
        currency: Currency,
        cost: Amount,
    ) -> Result<(Vec<(usize, Amount)>, Vec<(usize, Amount)>), Problem> {
        let (mut payers, mut shares) = (Vec::new(), Vec::new());
        for person in 0..self.layout.names.len() {
            let (paid, owes) = self.layout.parts(person);
            for (side, place) in [(&mut payers, paid), (&mut shares, owes)] {
                let part = self.amount(place, currency)?;
                side.extend((!part.is_zero()).then_some((person, part)));
            }
        }
        for side in [&payers, &shares] {
            if Amount::checked_sum(side.iter().map(|(_, part)| *part)) != Some(cost) {
                let expected = "the sum of what people paid, and of what they owe,";
                return Err(self.unexpected(COST, expected));
            }
        }
        Ok((payers, shares))
    }

    /// Whoever changed only one of a net, a payment and a share meant something that nobody knows.
    fn check_nets(
        &self,
        currency: Currency,
        direction: Direction,
        payers: &[(usize, Amount)],
        shares: &[(usize, Amount)],
    ) -> Result<(), Problem> {
        let mut nets = vec![Balance::ZERO; self.layout.names.len()];
        for (side, is_more) in
            [(payers, direction == Direction::Outgoing), (shares, direction == Direction::Incoming)]
        {
            for (person, part) in side {
                if let Some(net) = nets.get_mut(*person) {
                    let part = Balance::from(*part);
                    *net = net.plus(if is_more { part } else { part.negated() });
                }
            }
        }
        for (place, net) in (NETS..).zip(nets) {
            if Balance::from_minor_units(self.units(place, currency)?) != net {
                return Err(self.unexpected(place, "what they paid less what they owe"));
            }
        }
        Ok(())
    }

    fn hints(&self) -> Result<Hints, Problem> {
        let read = hints::from_text(self.detail(HINTS));
        let mut hints = read.ok_or_else(|| self.in_detail(HINTS, "key:bytes"))?;
        let untouched =
            |detail| without_guard(self.record.field(self.layout.details().saturating_add(detail)));
        let tags = hints::tags_from_text(untouched(TAGS));
        if !tags.is_empty() {
            let set = hints.set_tags(tags.iter().map(String::as_str));
            set.map_err(|_| self.in_detail(TAGS, "at most 32 tags of at most 128 bytes"))?;
        }
        if !self.detail(PAID_IN).is_empty() {
            let expected = "an amount in another currency";
            let (amount, rate) = (self.detail(PAID_IN), self.detail(RATE));
            let paid = hints::paid_in_from_text(amount, rate, untouched(RATE_SOURCE));
            let paid = paid.ok_or_else(|| self.in_detail(PAID_IN, expected))?;
            hints.set_paid_in(Some(&paid)).map_err(|_| self.in_detail(PAID_IN, expected))?;
        }
        Ok(hints)
    }

    /// Which entry the row is. A row that somebody added by hand is none.
    fn given(&self, is_opening: bool, currency: Currency) -> Result<Option<Given>, Problem> {
        let entry = self.detail(ENTRY);
        if entry.is_empty() {
            return Ok(None);
        }
        let entry: EntryId =
            entry.parse().map_err(|_| self.in_detail(ENTRY, "the id of an entry"))?;
        let origin = self.detail(ORIGIN);
        let origin = if origin.is_empty() {
            entry_origin(entry, is_opening.then_some(currency))
        } else {
            hints::origin(origin).ok_or_else(|| self.in_detail(ORIGIN, "16 bytes"))?
        };
        Ok(Some(Given { entry, origin }))
    }
}

/// A balance, which may be larger than any amount.
fn balance(text: &str, style: Style, currency: Currency) -> Option<Balance> {
    let unit = Decimal::unit(currency);
    match Decimal::read(text, style) {
        Ok(number) if number.value.rem_euclid(unit) == 0 => {
            Some(Balance::from_minor_units(number.value.div_euclid(unit)))
        }
        Err(AmountError::TooLarge) => {
            let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
            let places = usize::try_from(currency.exponent()).ok();
            let units = format!("{whole}{fraction}").parse().ok();
            units.filter(|_| places == Some(fraction.len())).map(Balance::from_minor_units)
        }
        _ => None,
    }
}
