//! Rows: their fields, and the meaning of these.

use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
use ledger_core::{Amount, Balance, Currency, Date, Direction, Hints};

use super::header::{CATEGORY, COST, CURRENCY, DATE, DESCRIPTION, Header, MEMBERS, check_length};
use super::rounding::{Rounded, round};
use crate::csv::{Dates, Decimal, Record, Style, read_date, without_guard};
use crate::import::{
    ClosingTotal, Found, Met, Money, Problem, ProblemKind, covers, owed, parties, shorten,
};

/// The description of a closing row, as our own export has it. A reader knows it by its shape.
pub(super) const TOTAL: &str = "Total balance";

/// The category of a transfer.
pub(super) const PAYMENT: &str = "Payment";

/// The category of a transfer in all languages that Splitwise has, in small letters. It is a payment only
/// if the numbers are, so a word too many does no harm.
const PAYMENTS: [&str; 20] = [
    "payment",
    "zahlung",
    "bezahlung",
    "pago",
    "pagamento",
    "paiement",
    "betaling",
    "płatność",
    "wpłata",
    "zapłata",
    "betalning",
    "pembayaran",
    "支払い",
    "支払",
    "お支払い",
    "精算",
    "การชำระเงิน",
    "การจ่ายเงิน",
    "ชำระเงิน",
    "pagament",
];

/// A row under the header.
pub(super) struct Fields<'a> {
    header: &'a Header,
    record: &'a Record,
    style: Style,
}

/// What reading rows changes.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) met: Met,
    pub(super) dates: Dates,
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        header: &'a Header,
        record: &'a Record,
        style: Style,
    ) -> Result<Self, Problem> {
        let (found, expected) = (record.len(), header.columns());
        let surplus = record.fields().skip(expected).any(|field| !field.trim().is_empty());
        if found < expected || surplus {
            let kind = ProblemKind::FieldCount { found, expected };
            return Err(Problem::new(record.line, kind));
        }
        Ok(Self { header, record, style })
    }

    /// A closing row has no cost, whatever it is called.
    pub(super) fn is_closing_total(&self) -> bool {
        self.trimmed(COST).is_empty()
    }

    /// The closing row, rounded down; `None` if it has problems, all of which are told.
    pub(super) fn closing_total(&self, met: &mut Met) -> Option<ClosingTotal> {
        let currency = met.take(self.currency())?;
        let balances = self.decimals(currency, met)?;
        let nearest = |net: &Decimal| {
            let unit = Decimal::unit(currency);
            let up = net.value.saturating_add(unit.checked_div(2).unwrap_or_default());
            Balance::from_minor_units(up.div_euclid(unit))
        };
        let balances = balances.iter().map(nearest).collect();
        Some(ClosingTotal { line: self.record.line, currency, balances })
    }

    /// The row, and by how much its numbers were rounded; `None` if it has problems, all of which are
    /// told.
    pub(super) fn row(&self, findings: &mut Findings) -> Option<(Found, Option<Rounded>)> {
        let date = self.date(findings);
        let met = &mut findings.met;
        let description = without_guard(self.record.field(DESCRIPTION));
        let is_short = met.take(self.check_length(DESCRIPTION, description, MAX_TEXT_BYTES));
        let category = without_guard(self.trimmed(CATEGORY));
        let has_word = met.take(self.check_length(CATEGORY, category, MAX_CATEGORY_BYTES));
        let category = Some(category).filter(|category| !category.is_empty());
        let currency = met.take(self.currency())?;
        let cost = met.take(self.decimal(COST, currency));
        let nets = self.decimals(currency, met);
        let (date, cost, nets) = (date?, cost?, nets?);
        is_short.and(has_word)?;

        let Some(rounded) = round(cost, &nets, currency) else {
            let sum = nets.iter().fold(0_i128, |sum, net| sum.saturating_add(net.value));
            let sum = Decimal::format(sum, currency.exponent());
            let kind = ProblemKind::Unbalanced { sum, currency };
            met.push(Problem::new(self.record.line, kind));
            return None;
        };
        let (cost, direction, nets) = (rounded.cost, rounded.direction, &rounded.nets);
        if !covers(cost, direction, nets) {
            let owed = owed(direction, nets).format(currency);
            let kind = ProblemKind::CostTooSmall { cost: cost.format(currency), owed, currency };
            met.push(self.error(COST, kind));
            return None;
        }
        let payment = category
            .filter(|category| is_payment(category))
            .filter(|_| direction == Direction::Outgoing)
            .and_then(|_| parties(cost, nets));
        let found = Found {
            line: self.record.line,
            date,
            description: description.to_owned(),
            category: category.map(str::to_owned),
            note: None,
            currency,
            cost,
            money: match payment {
                Some((from, to)) => Money::Transfer { from, to },
                None => Money::Nets(direction, nets.clone()),
            },
            hints: Hints::default(),
        };
        Some((found, Some(rounded).filter(|rounded| rounded.is_changed)))
    }

    fn date(&self, findings: &mut Findings) -> Option<Date> {
        let text = self.trimmed(DATE);
        let date = read_date(text);
        if date.is_none() && !findings.dates.push(self.record.line, text) {
            let kind = ProblemKind::Date { found: shorten(text), source: ledger_core::DateError };
            findings.met.push(self.error(DATE, kind));
        }
        date
    }

    fn currency(&self) -> Result<Currency, Problem> {
        Currency::from_code(self.trimmed(CURRENCY))
            .map_err(|source| self.error(CURRENCY, ProblemKind::Currency(source)))
    }

    /// The members' numbers, in column order.
    fn decimals(&self, currency: Currency, met: &mut Met) -> Option<Vec<Decimal>> {
        let columns = MEMBERS..self.header.columns();
        let numbers: Vec<Option<Decimal>> =
            columns.map(|index| met.take(self.decimal(index, currency))).collect();
        numbers.into_iter().collect()
    }

    /// A number that may have more decimals than the currency.
    fn decimal(&self, index: usize, currency: Currency) -> Result<Decimal, Problem> {
        let text = self.trimmed(index);
        let number = Decimal::read(text, self.style).and_then(|number| {
            let size = Decimal { value: number.value.saturating_abs(), ..number };
            let (units, rest) = size.floor(currency)?;
            // Rounded up, it must still be an amount.
            let up = units.saturating_add(i128::from(rest > 0));
            Amount::from_minor_units(u64::try_from(up).unwrap_or(u64::MAX))?;
            Ok(number)
        });
        number.map_err(|source| {
            self.error(index, ProblemKind::Amount { found: shorten(text), source })
        })
    }

    fn trimmed(&self, index: usize) -> &'a str {
        self.record.field(index).trim()
    }

    fn check_length(&self, index: usize, text: &str, allowed: usize) -> Result<(), Problem> {
        check_length(text, allowed).map_err(|kind| self.error(index, kind))
    }

    fn error(&self, index: usize, kind: ProblemKind) -> Problem {
        self.header.error(self.record.line, index, kind)
    }
}

fn is_payment(category: &str) -> bool {
    let category = category.to_lowercase();
    PAYMENTS.contains(&category.as_str())
}
