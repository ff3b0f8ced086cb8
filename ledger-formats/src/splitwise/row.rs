//! Rows: their fields, and the meaning of these.

use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
use ledger_core::{Amount, Balance, Currency, Date, Direction, Hints};

use super::header::{CATEGORY, COST, CURRENCY, DATE, DESCRIPTION, Header, MEMBERS, check_length};
use super::table::Record;
use crate::import::{
    ClosingTotal, Found, Met, Money, Problem, ProblemKind, covers, owed, parties, shorten,
};

/// The description of a closing row.
pub(super) const TOTAL: &str = "Total balance";

/// The category of a transfer.
pub(super) const PAYMENT: &str = "Payment";

/// A row under the header.
pub(super) struct Fields<'a> {
    header: &'a Header,
    record: &'a Record,
}

impl<'a> Fields<'a> {
    pub(super) fn new(header: &'a Header, record: &'a Record) -> Result<Self, Problem> {
        let (found, expected) = (record.len(), header.columns());
        let surplus = record.fields().skip(expected).any(|field| !field.trim().is_empty());
        if found < expected || surplus {
            let kind = ProblemKind::FieldCount { found, expected };
            return Err(Problem::new(record.line, kind));
        }
        Ok(Self { header, record })
    }

    pub(super) fn is_closing_total(&self) -> bool {
        self.trimmed(DESCRIPTION) == TOTAL && self.trimmed(COST).is_empty()
    }

    /// The closing row; `None` if it has problems, all of which are told.
    pub(super) fn closing_total(&self, met: &mut Met) -> Option<ClosingTotal> {
        let currency = met.take(self.currency())?;
        let balances = self.balances(currency, met)?;
        Some(ClosingTotal { line: self.record.line, currency, balances })
    }

    /// The row; `None` if it has problems, all of which are told.
    pub(super) fn row(&self, met: &mut Met) -> Option<Found> {
        let date = met.take(self.date());
        let description = self.record.field(DESCRIPTION);
        let is_short = met.take(self.check_length(DESCRIPTION, description, MAX_TEXT_BYTES));
        let category = self.trimmed(CATEGORY);
        let has_word = met.take(self.check_length(CATEGORY, category, MAX_CATEGORY_BYTES));
        let category = Some(category).filter(|category| !category.is_empty());
        let currency = met.take(self.currency())?;
        let cost = met.take(self.cost(currency));
        let nets = self.balances(currency, met);
        let (date, (cost, direction), nets) = (date?, cost?, nets?);
        is_short.and(has_word)?;

        let sum = nets.iter().fold(Balance::ZERO, |sum, net| sum.plus(*net));
        if !sum.is_zero() {
            let kind = ProblemKind::Unbalanced { sum: sum.format(currency), currency };
            met.push(Problem::new(self.record.line, kind));
            return None;
        }
        if !covers(cost, direction, &nets) {
            let owed = owed(direction, &nets).format(currency);
            let kind = ProblemKind::CostTooSmall { cost: cost.format(currency), owed, currency };
            met.push(self.error(COST, kind));
            return None;
        }
        let payment = category
            .filter(|category| category.eq_ignore_ascii_case(PAYMENT))
            .filter(|_| direction == Direction::Outgoing)
            .and_then(|_| parties(cost, &nets));
        Some(Found {
            line: self.record.line,
            date,
            description: description.to_owned(),
            category: category.map(str::to_owned),
            note: None,
            currency,
            cost,
            money: match payment {
                Some((from, to)) => Money::Transfer { from, to },
                None => Money::Nets(direction, nets),
            },
            hints: Hints::default(),
        })
    }

    fn date(&self) -> Result<Date, Problem> {
        let text = self.trimmed(DATE);
        text.parse()
            .map_err(|source| self.error(DATE, ProblemKind::Date { found: shorten(text), source }))
    }

    fn currency(&self) -> Result<Currency, Problem> {
        Currency::from_code(self.trimmed(CURRENCY))
            .map_err(|source| self.error(CURRENCY, ProblemKind::Currency(source)))
    }

    /// The cost without its sign, and the direction that the sign means.
    fn cost(&self, currency: Currency) -> Result<(Amount, Direction), Problem> {
        let text = self.trimmed(COST);
        let (size, is_negative) = self.size(COST, text, currency)?;
        let is_refund = is_negative && !size.is_zero();
        Ok((size, if is_refund { Direction::Incoming } else { Direction::Outgoing }))
    }

    /// The members' numbers, in column order.
    fn balances(&self, currency: Currency, met: &mut Met) -> Option<Vec<Balance>> {
        let columns = MEMBERS..self.header.columns();
        let balances: Vec<Option<Balance>> =
            columns.map(|index| met.take(self.balance(index, currency))).collect();
        balances.into_iter().collect()
    }

    /// A number with or without a minus sign.
    fn balance(&self, index: usize, currency: Currency) -> Result<Balance, Problem> {
        let (size, is_negative) = self.size(index, self.trimmed(index), currency)?;
        let size = Balance::from(size);
        Ok(if is_negative { size.negated() } else { size })
    }

    /// A number without its sign, and whether it has a minus sign.
    fn size(
        &self,
        index: usize,
        text: &str,
        currency: Currency,
    ) -> Result<(Amount, bool), Problem> {
        let digits = text.strip_prefix('-');
        let size = Amount::parse(digits.unwrap_or(text), currency).map_err(|source| {
            self.error(index, ProblemKind::Amount { found: shorten(text), source })
        })?;
        Ok((size, digits.is_some()))
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
