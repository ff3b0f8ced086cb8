//! Columns found by their names, and the fields below them.

use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_MEMBERS, MAX_NAME_BYTES, MAX_TEXT_BYTES};
use ledger_core::{Amount, Currency, Date, DateError};

use super::{Decimal, Record, Style, read_date, without_guard};
use crate::import::{Problem, ProblemKind, shorten};

/// What a person says about a file beside it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The currency of rows whose file names none.
    pub currency: Option<Currency>,
}

/// Names of the columns of a table.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) line: u64,
    pub(crate) names: Vec<String>,
}

/// Row below the names.
pub(crate) struct Cells<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) record: &'a Record,
}

impl Columns {
    pub(crate) fn read(record: &Record) -> Self {
        let names = record.fields().map(|name| name.trim().to_owned()).collect();
        Self { line: record.line, names }
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|column| column == name)
    }

    /// Refuses a table without one of these columns.
    pub(crate) fn demand(&self, names: &[&'static str]) -> Result<(), Problem> {
        match names.iter().find(|name| self.place(name).is_none()) {
            Some(name) => Err(Problem::new(self.line, ProblemKind::NoColumn(name))),
            None => Ok(()),
        }
    }
}

impl<'a> Cells<'a> {
    /// The field of a column without space around it; empty if there is no such column.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.columns.place(name).map_or("", |place| self.record.field(place).trim())
    }

    pub(crate) fn problem(&self, name: &str, kind: ProblemKind) -> Problem {
        let place = self.columns.place(name).unwrap_or_default();
        Problem::new(self.record.line, kind).in_column(place, name)
    }

    /// The problem of a field that is not what is expected there.
    pub(crate) fn unexpected(&self, name: &str, expected: &'static str) -> Problem {
        let found = shorten(self.text(name));
        self.problem(name, ProblemKind::Unexpected { found, expected })
    }

    /// A day.
    pub(crate) fn date(&self, name: &str) -> Result<Date, Problem> {
        let text = self.text(name);
        let kind = || ProblemKind::Date { found: shorten(text), source: DateError };
        read_date(text).ok_or_else(|| self.problem(name, kind()))
    }

    /// A text that an entry can hold, without a mark against formulas.
    pub(crate) fn description(&self, name: &str) -> Result<String, Problem> {
        self.bounded(name, without_guard(self.text(name)), MAX_TEXT_BYTES)
    }

    /// A category; `None` if the field is empty.
    pub(crate) fn category(&self, name: &str) -> Result<Option<String>, Problem> {
        let text = without_guard(self.text(name));
        let text = self.bounded(name, text, MAX_CATEGORY_BYTES)?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub(crate) fn bounded(
        &self,
        name: &str,
        text: &str,
        allowed: usize,
    ) -> Result<String, Problem> {
        let found = text.len();
        if found > allowed {
            return Err(self.problem(name, ProblemKind::TooLong { found, allowed }));
        }
        Ok(text.to_owned())
    }

    /// The currency of a field, else that of the options.
    pub(crate) fn currency(&self, name: &str, options: &Options) -> Result<Currency, Problem> {
        let text = self.text(name);
        // Programs write XXX for "no currency", which is a code, too.
        let code = Currency::from_code(text).ok().filter(|_| text != "XXX");
        let kind = || ProblemKind::NoCurrency { found: shorten(text) };
        code.or(options.currency).ok_or_else(|| self.problem(name, kind()))
    }

    /// A number of a list in a field.
    pub(crate) fn number(&self, name: &str, text: &str) -> Result<Decimal, Problem> {
        Decimal::read(text.trim(), Style::Point).map_err(|source| {
            self.problem(name, ProblemKind::Amount { found: shorten(text), source })
        })
    }

    /// The minor units of a number, rounded half up from 0 on, and whether it had more decimals.
    pub(crate) fn units(
        &self,
        name: &str,
        text: &str,
        currency: Currency,
    ) -> Result<(i128, bool), Problem> {
        let number = self.number(name, text)?;
        let unit = Decimal::unit(currency);
        let size = number.value.saturating_abs();
        let whole = size.saturating_add(unit.div_euclid(2)).div_euclid(unit);
        u64::try_from(whole)
            .map_err(|_| ledger_core::AmountError::TooLarge)
            .and_then(Amount::from_minor_units)
            .map_err(|source| {
                self.problem(name, ProblemKind::Amount { found: shorten(text), source })
            })?;
        let units = if number.value < 0 { whole.saturating_neg() } else { whole };
        Ok((units, size.rem_euclid(unit) != 0))
    }
}

/// Refuses names that a group cannot have, and too many of them.
pub(crate) fn check_people(line: u64, names: &[String]) -> Result<(), Problem> {
    let (found, allowed) = (names.len(), MAX_MEMBERS);
    if found > allowed {
        return Err(Problem::new(line, ProblemKind::TooManyMembers { found, allowed }));
    }
    if found == 0 {
        return Err(Problem::new(line, ProblemKind::NoName));
    }
    for name in names {
        let (found, allowed) = (name.len(), MAX_NAME_BYTES);
        if found > allowed {
            return Err(Problem::new(line, ProblemKind::TooLong { found, allowed }));
        }
        if found == 0 {
            return Err(Problem::new(line, ProblemKind::NoName));
        }
    }
    Ok(())
}
