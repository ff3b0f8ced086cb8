//! Reader of groups that Tricount and Sesterce export as CSV (SPEC §10.3): a column for what each person paid,
//! and one for what was paid for them.

use std::collections::BTreeMap;

use ledger_core::{Amount, Currency, Direction, Hints};

use crate::csv::{
    Columns, Decimal, Marks, Options, Record, Style, Table, check_people, read_date, without_guard,
};
use crate::import::{
    FileBuilder, Found, ImportFile, Met, Money, Person, Problem, ProblemKind, Problems, Program,
    Repair, fit, shorten,
};

const PAID_BY: &str = "Paid by ";
const PAID_FOR: &str = "Paid for ";

/// Names of columns, as versions of the programs have them.
const DATES: &[&str] = &["Date", "Date & time", "Date and time", "Transaction date"];
const TITLES: &[&str] = &["Title", "Description", "Name", "Purpose", "What"];
const AMOUNTS: &[&str] = &["Amount", "Cost", "Total", "Total amount"];
const CURRENCIES: &[&str] = &["Currency", "Currency code"];
const RATES: &[&str] = &["Rate", "Exchange rate", "Conversion rate"];
const CATEGORIES: &[&str] = &["Category"];
const NOTES: &[&str] = &["Note", "Notes", "Comment"];
const TYPES: &[&str] = &["Type", "Transaction type"];

/// Whether a record is the header of such a file.
pub(crate) fn is_header(columns: &Columns) -> bool {
    let has = |start: &str| columns.names.iter().any(|name| name.starts_with(start));
    has(PAID_BY) && has(PAID_FOR)
}

/// Where the columns of a file stand.
struct Layout {
    line: u64,
    header: Vec<String>,
    names: Vec<String>,
    /// The columns of what each person paid, and of what was paid for them.
    paid: Vec<Option<usize>>,
    owes: Vec<Option<usize>>,
    /// The currency that stands behind the names of all columns.
    currency: Option<Currency>,
}

impl Layout {
    fn of(columns: &Columns) -> Self {
        let mut layout = Self {
            line: columns.line,
            header: columns.names.clone(),
            names: Vec::new(),
            paid: Vec::new(),
            owes: Vec::new(),
            currency: None,
        };
        let is_part = |name: &&String| name.starts_with(PAID_BY) || name.starts_with(PAID_FOR);
        let code_of = |name: &String| {
            let (_, code) = name.strip_suffix(')')?.rsplit_once(" (")?;
            Currency::from_code(code).ok()
        };
        let codes: Vec<Option<Currency>> =
            columns.names.iter().filter(is_part).map(code_of).collect();
        layout.currency = codes
            .first()
            .copied()
            .flatten()
            .filter(|first| codes.iter().all(|code| *code == Some(*first)));
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (place, column) in columns.names.iter().enumerate() {
            let (name, is_paid) =
                match (column.strip_prefix(PAID_BY), column.strip_prefix(PAID_FOR)) {
                    (Some(name), _) => (name, true),
                    (_, Some(name)) => (name, false),
                    _ => continue,
                };
            let name = match layout.currency {
                Some(_) => name.rsplit_once(" (").map_or(name, |(name, _)| name),
                None => name,
            };
            let name = without_guard(name.trim()).to_owned();
            let person = *places.entry(name.clone()).or_insert_with(|| {
                layout.names.push(name);
                layout.paid.push(None);
                layout.owes.push(None);
                layout.names.len().saturating_sub(1)
            });
            let side = if is_paid { &mut layout.paid } else { &mut layout.owes };
            if let Some(there) = side.get_mut(person) {
                *there = there.or(Some(place));
            }
        }
        layout
    }

    fn place(&self, names: &[&str]) -> Option<usize> {
        self.header
            .iter()
            .position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
    }

    fn demand(&self, names: &'static [&'static str]) -> Result<usize, Problem> {
        let first = names.first().copied().unwrap_or_default();
        let missing = || Problem::new(self.line, ProblemKind::NoColumn(first));
        self.place(names).ok_or_else(missing)
    }

    /// Columns of which nothing is read.
    fn unknown(&self) -> Vec<String> {
        let known = [DATES, TITLES, AMOUNTS, CURRENCIES, RATES, CATEGORIES, NOTES, TYPES].concat();
        let is_known = |name: &String| {
            name.is_empty()
                || name.starts_with(PAID_BY)
                || name.starts_with(PAID_FOR)
                || known.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        self.header.iter().filter(|name| !is_known(name)).cloned().collect()
    }
}

/// Reads the rows of a table that stands behind its header. `again` stands there, too.
pub(crate) fn read(
    columns: &Columns,
    (mut table, mut again): (Table<'_>, Table<'_>),
    separator: u8,
    options: &Options,
) -> Result<ImportFile, Problems> {
    let layout = Layout::of(columns);
    let (date, title) = (layout.demand(DATES)?, layout.demand(TITLES)?);
    check_people(columns.line, &layout.names)?;
    let mut marks = Marks::default();
    while let Ok(Some(record)) = again.next() {
        let parts = layout.paid.iter().chain(&layout.owes).copied().flatten();
        parts.chain(layout.place(AMOUNTS)).for_each(|place| marks.push(record.field(place).trim()));
    }
    let people = Person::of_names(Program::Tricount, layout.names.iter().map(String::as_str));
    let first = layout.paid.iter().copied().flatten().min().unwrap_or_default();
    let mut file = FileBuilder::new(Program::Tricount, people, (columns.line, first));
    let (mut met, mut rounded, mut rates) =
        (Met::default(), BTreeMap::<Currency, u64>::new(), 0_u64);
    let style = marks.style();
    loop {
        let record = match table.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(problem) => {
                met.push(problem);
                break;
            }
        };
        let row = Row { layout: &layout, record: &record, style };
        if let Some((found, is_changed)) = met.take(row.read(date, title, options)) {
            if is_changed {
                let rows = rounded.entry(found.currency).or_default();
                *rows = rows.saturating_add(1);
            }
            rates = rates.saturating_add(u64::from(row.has_rate()));
            file.push(&found);
        }
    }
    met.finish()?;
    if separator != b',' {
        file.repair(Repair::Separator(char::from(separator)));
    }
    if style == Style::Comma {
        file.repair(Repair::DecimalComma);
    }
    for (currency, rows) in rounded {
        file.repair(Repair::Rounded { currency, rows });
    }
    if rates > 0 {
        file.repair(Repair::Rates(rates));
    }
    let unknown = layout.unknown();
    if !unknown.is_empty() {
        file.repair(Repair::Columns(unknown));
    }
    Ok(file.finish())
}

/// A row below the header.
struct Row<'a> {
    layout: &'a Layout,
    record: &'a Record,
    style: Style,
}

impl Row<'_> {
    fn problem(&self, place: usize, kind: ProblemKind) -> Problem {
        let name = self.layout.header.get(place).map_or("", String::as_str);
        Problem::new(self.record.line, kind).in_column(place, name)
    }

    fn unexpected(&self, place: usize, expected: &'static str) -> Problem {
        let found = shorten(self.record.field(place).trim());
        self.problem(place, ProblemKind::Unexpected { found, expected })
    }

    fn text(&self, place: usize, allowed: usize) -> Result<Option<String>, Problem> {
        let text = without_guard(self.record.field(place).trim());
        let found = text.len();
        if found > allowed {
            return Err(self.problem(place, ProblemKind::TooLong { found, allowed }));
        }
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    fn number(&self, place: usize) -> Result<Decimal, Problem> {
        let text = self.record.field(place).trim();
        let kind = |source| ProblemKind::Amount { found: shorten(text), source };
        Decimal::read(text, self.style).map_err(|source| self.problem(place, kind(source)))
    }

    /// Whether the row has another rate than 1.
    fn has_rate(&self) -> bool {
        let rate = self.layout.place(RATES).map(|place| self.record.field(place).trim());
        rate.is_some_and(|rate| {
            let one = Decimal::read("1", Style::Point).map(|one| one.value);
            !rate.is_empty() && Decimal::read(rate, self.style).map(|rate| rate.value) != one
        })
    }

    fn read(&self, date: usize, title: usize, options: &Options) -> Result<(Found, bool), Problem> {
        use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
        let day = self.record.field(date).trim();
        let kind = || ProblemKind::Date { found: shorten(day), source: ledger_core::DateError };
        let day = read_date(day).ok_or_else(|| self.problem(date, kind()))?;
        let description = self.text(title, MAX_TEXT_BYTES)?.unwrap_or_default();
        let text = |names: &[&str], allowed| match self.layout.place(names) {
            Some(place) => self.text(place, allowed),
            None => Ok(None),
        };
        let category = text(CATEGORIES, MAX_CATEGORY_BYTES)?;
        let note = text(NOTES, MAX_TEXT_BYTES)?;
        let currency = self.currency(options)?;
        let (paid, mut is_changed, is_less) = self.side(&self.layout.paid, currency)?;
        let (owes, changed, owes_less) = self.side(&self.layout.owes, currency)?;
        is_changed |= changed;
        let sum = |side: &[(usize, u64)]| {
            side.iter().try_fold(0_u64, |sum, (_, part)| sum.checked_add(*part)).unwrap_or(u64::MAX)
        };
        // What was paid for people is rounded apart, what people paid is not.
        let size = sum(&paid);
        let first =
            |side: &[Option<usize>]| side.iter().copied().flatten().next().unwrap_or_default();
        let place = self.layout.place(AMOUNTS);
        if let Some(place) = place.filter(|place| !self.record.field(*place).trim().is_empty()) {
            let (units, _) = self.units(place, currency)?;
            if u64::try_from(units.unsigned_abs()) != Ok(size) {
                return Err(self.unexpected(place, "the sum of what people paid"));
            }
        }
        let wrong =
            || self.unexpected(first(&self.layout.owes), "parts that add up to what was paid");
        if is_less != owes_less && size != 0 {
            return Err(wrong());
        }
        let shares = fit(size, owes).ok_or_else(wrong)?;
        let payers = fit(size, paid).ok_or_else(wrong)?;
        let cost = Amount::from_minor_units(size).map_err(|_| wrong())?;
        let direction = if is_less { Direction::Incoming } else { Direction::Outgoing };
        let word = text(TYPES, MAX_TEXT_BYTES)?.unwrap_or_default().to_lowercase();
        let is_transfer = ["transfer", "reimbursement", "payment", "settlement"]
            .iter()
            .any(|transfer| word.contains(transfer));
        let money = match (payers.as_slice(), shares.as_slice()) {
            ([(from, _)], [(to, _)]) if is_transfer && !is_less && from != to => {
                Money::Transfer { from: *from, to: *to }
            }
            _ => Money::Sides(direction, payers, shares),
        };
        let (line, hints) = (self.record.line, Hints::default());
        let found =
            Found { line, date: day, description, category, note, currency, cost, money, hints };
        Ok((found, is_changed))
    }

    fn currency(&self, options: &Options) -> Result<Currency, Problem> {
        let place = self.layout.place(CURRENCIES);
        let text = place.map_or("", |place| self.record.field(place).trim());
        let own = Currency::from_code(text).ok().filter(|_| text != "XXX");
        let kind = || ProblemKind::NoCurrency { found: shorten(text) };
        let found = own.or(self.layout.currency).or(options.currency);
        found.ok_or_else(|| self.problem(place.unwrap_or_default(), kind()))
    }

    /// Minor units rounded half up from 0 on, and whether there were more decimals. Nothing is 0.
    fn units(&self, place: usize, currency: Currency) -> Result<(i128, bool), Problem> {
        if matches!(self.record.field(place).trim(), "" | "-") {
            return Ok((0, false));
        }
        let number = self.number(place)?;
        let unit = Decimal::unit(currency);
        let size = number.value.saturating_abs();
        let whole = size.saturating_add(unit.div_euclid(2)).div_euclid(unit);
        let amount = u64::try_from(whole).map_err(|_| ledger_core::AmountError::TooLarge);
        amount.and_then(Amount::from_minor_units).map_err(|source| {
            let found = shorten(self.record.field(place).trim());
            self.problem(place, ProblemKind::Amount { found, source })
        })?;
        let units = if number.value < 0 { whole.saturating_neg() } else { whole };
        Ok((units, size.rem_euclid(unit) != 0))
    }

    /// People with their parts, whether any was rounded, and whether they are negative.
    #[allow(clippy::type_complexity, reason = "a side and two facts about it")]
    fn side(
        &self,
        places: &[Option<usize>],
        currency: Currency,
    ) -> Result<(Vec<(usize, u64)>, bool, bool), Problem> {
        let (mut side, mut is_changed, mut signs) = (Vec::new(), false, (false, false));
        for (person, place) in places.iter().enumerate() {
            let Some(place) = *place else { continue };
            let (units, changed) = self.units(place, currency)?;
            is_changed |= changed;
            signs = (signs.0 || units > 0, signs.1 || units < 0);
            if signs == (true, true) {
                return Err(self.unexpected(place, "numbers of one sign"));
            }
            if units != 0 {
                side.push((person, u64::try_from(units.unsigned_abs()).unwrap_or(u64::MAX)));
            }
        }
        Ok((side, is_changed, signs.1))
    }
}
