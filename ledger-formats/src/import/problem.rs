//! Problems of a file: each with its place, what is there, what was expected, and what to do about it.

use core::fmt;

use ledger_core::{AmountError, Currency, CurrencyError, DateError, NameError};

/// How many problems of a file are told in one run. The others are counted.
const SHOWN: usize = 20;

/// The problems of a file that cannot be imported, in the order of the file. No row of it was imported.
///
/// ```
/// let file = b"Date,Description,Category,Cost,Currency,Ann,Ben\n\
///              2026-11-21,Tea,Food,\"4,20\",EUR,2.10,-2.10\n";
/// let problems = ledger_formats::splitwise::read(file).unwrap_err();
/// assert_eq!(
///     problems.to_string(),
///     "line 2, column 4 (Cost): \"4,20\" is not an amount: \
///      an amount is written as digits with at most one point, such as 12.50",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    first: Box<Problem>,
    others: Vec<Problem>,
    more: u64,
}

/// Problems that a reader has met so far.
#[derive(Debug, Default)]
pub(crate) struct Met {
    problems: Vec<Problem>,
    more: u64,
}

/// Reason why a file cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    line: u64,
    /// Whether the file has rows and no lines.
    is_row: bool,
    column: Option<Column>,
    kind: ProblemKind,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    number: usize,
    name: String,
}

/// Problem of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The file is empty.
    #[error("the file is empty; export the group from Splitwise as a spreadsheet (CSV)")]
    Empty,
    /// The file is not text, or not in UTF-8.
    #[error(
        "the file is not UTF-8 text; give the CSV file as Splitwise wrote it, or save it again as CSV in UTF-8"
    )]
    NotText,
    /// The first line is not the header of an export.
    #[error(
        "{found:?} was found where an export of a Splitwise group has {expected:?}; its first line is Date,Description,Category,Cost,Currency and then one name for each member"
    )]
    NotSplitwise {
        /// The header cell, shortened.
        found: String,
        /// The text that an export has there.
        expected: &'static str,
    },
    /// The file is of another kind.
    #[error("this is {0}")]
    OtherKind(&'static str),
    /// The file is no JSON, or not as the program writes it.
    #[error("this is not as the program writes it: {0}; export the group again")]
    Json(String),
    /// A column that the program writes is missing.
    #[error("the column {0:?} is missing; give the file as the program wrote it")]
    NoColumn(&'static str),
    /// The file does not name a currency that is known.
    #[error("{found:?} names no currency; name that of the file, such as --currency EUR")]
    NoCurrency {
        /// The field, shortened; may be empty.
        found: String,
    },
    /// A field is not what stands there.
    #[error("{found:?} was found where {expected} was expected; correct it and try again")]
    Unexpected {
        /// The field, shortened.
        found: String,
        /// What a program writes there.
        expected: &'static str,
    },
    /// The header has no member.
    #[error(
        "no member is named after the column Currency; export a group with at least one member"
    )]
    NoMembers,
    /// The header has more members than a group may have.
    #[error("the file has {found} members, a group has at most {allowed}")]
    TooManyMembers {
        /// Members in the header.
        found: usize,
        /// Members allowed.
        allowed: usize,
    },
    /// The header of a member's column is empty.
    #[error("the name of a member is missing; name the column, or remove it if it is empty")]
    NoName,
    /// The name of a member who has to be introduced is not one that people could read.
    #[error(transparent)]
    Name(NameError),
    /// A text is longer than an entry may hold.
    #[error("the text has {found} bytes, at most {allowed} are allowed; shorten it and try again")]
    TooLong {
        /// Bytes of the text.
        found: usize,
        /// Bytes allowed.
        allowed: usize,
    },
    /// A quoted field runs to the end of the file.
    #[error(
        "a quotation mark opens here and is never closed; close it, or export the group again if the file was cut off"
    )]
    UnclosedQuote,
    /// A quoted field goes on after its closing quotation mark.
    #[error(
        "text follows a closing quotation mark, so a row may have swallowed the next; write a quotation mark inside quotation marks twice"
    )]
    TextAfterQuote,
    /// A row has more or fewer fields than the header.
    #[error("the row has {found} fields, the header has {expected}; export the group again")]
    FieldCount {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A date is not a day.
    #[error("{found:?} is not a date: {source}")]
    Date {
        /// The field, shortened.
        found: String,
        /// Why not.
        source: DateError,
    },
    /// Dates were changed by a spreadsheet. They are told once for the file.
    #[error(
        "{found:?} is no date as the program writes it, such as 2026-01-31: a spreadsheet changed the dates of {rows} rows ({seems}); export the group again and do not open the file before the import"
    )]
    ChangedDates {
        /// The first of them, shortened.
        found: String,
        /// What the dates of the file seem to be.
        seems: &'static str,
        /// How many rows have such a date.
        rows: u64,
    },
    /// A currency is not known.
    #[error(transparent)]
    Currency(CurrencyError),
    /// A number is not an amount of its currency.
    #[error("{found:?} is not an amount: {source}")]
    Amount {
        /// The field, shortened.
        found: String,
        /// Why not.
        source: AmountError,
    },
    /// The gains of some members in a row are not the losses of the others.
    #[error(
        "the members' numbers of a row add up to 0, these add up to {sum} {currency}; correct the row in Splitwise and export again"
    )]
    Unbalanced {
        /// The sum of the members' numbers.
        sum: String,
        /// Currency of the row.
        currency: Currency,
    },
    /// A row moves more money than it costs.
    #[error(
        "the cost {cost} {currency} is less than the {owed} {currency} that the row says members are owed; correct the row in Splitwise and export again"
    )]
    CostTooSmall {
        /// Cost of the row.
        cost: String,
        /// Sum of what members are owed by the row.
        owed: String,
        /// Currency of the row.
        currency: Currency,
    },
    /// A currency has two closing rows.
    #[error(
        "a total balance in {currency} was already given in line {first}; a currency has one, so remove one or export the group again"
    )]
    SecondTotal {
        /// The currency.
        currency: Currency,
        /// Line of the first closing row.
        first: u64,
    },
    /// A closing balance is not the sum of its column.
    #[error(
        "the total balance is given as {found} {currency}, but the rows add up to {expected} {currency}; a row is missing or changed, so export the group again"
    )]
    TotalMismatch {
        /// Sum of the rows.
        expected: String,
        /// The balance in the closing row.
        found: String,
        /// The currency.
        currency: Currency,
    },
}

impl Problems {
    /// The first problem.
    #[must_use]
    pub const fn first(&self) -> &Problem {
        &self.first
    }

    /// The first problems of the file, at most 20.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        core::iter::once(&*self.first).chain(&self.others)
    }

    /// The same of a file that has rows and no lines.
    pub(crate) fn of_rows(mut self) -> Self {
        self.first.is_row = true;
        self.others.iter_mut().for_each(|problem| problem.is_row = true);
        self
    }

    /// How many more there are.
    #[must_use]
    pub const fn more(&self) -> u64 {
        self.more
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { first: Box::new(problem), others: Vec::new(), more: 0 }
    }
}

impl Met {
    /// Keeps a problem, or counts it.
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.problems.len() < SHOWN {
            self.problems.push(problem);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The value, or keeps the problem.
    pub(crate) fn take<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems in the order of the file.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub(crate) fn finish(mut self) -> Result<(), Problems> {
        self.problems.sort_by_key(Problem::line);
        let mut problems = self.problems.into_iter();
        match problems.next() {
            None => Ok(()),
            Some(first) => Err(Problems {
                first: Box::new(first),
                others: problems.collect(),
                more: self.more,
            }),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        for problem in &self.others {
            write!(f, "\n{problem}")?;
        }
        match self.more {
            0 => Ok(()),
            1 => write!(f, "\nand one more problem"),
            more => write!(f, "\nand {more} more problems"),
        }
    }
}

impl core::error::Error for Problems {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        core::error::Error::source(&*self.first)
    }
}

impl Problem {
    pub(crate) fn new(line: u64, kind: ProblemKind) -> Self {
        Self { line, is_row: false, column: None, kind }
    }

    /// A problem of the row of this number, in a file that is not a table.
    pub(crate) fn in_row(number: u64, kind: ProblemKind) -> Self {
        Self { is_row: true, ..Self::new(number, kind) }
    }

    /// The problem of a file that is no JSON, or other JSON than its program writes.
    pub(crate) fn of_json(error: serde_json::Error) -> Self {
        let line = u64::try_from(error.line()).unwrap_or(u64::MAX).max(1);
        let text: String = error.to_string().chars().take(200).collect();
        Self::new(line, ProblemKind::Json(crate::one_line(&text)))
    }

    /// Puts the error into the column at `index`, which has `name`.
    pub(crate) fn in_column(self, index: usize, name: &str) -> Self {
        let column = Column { number: index.saturating_add(1), name: shorten(name) };
        Self { column: Some(column), ..self }
    }

    /// The line of the file on which the row begins, counted from 1; in a file without lines, the number
    /// of the row.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The column, if one field is to blame.
    #[must_use]
    pub const fn column(&self) -> Option<&Column> {
        self.column.as_ref()
    }

    /// The problem.
    #[must_use]
    pub const fn kind(&self) -> &ProblemKind {
        &self.kind
    }
}

impl Column {
    /// The number of the field in its row, counted from 1.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The column's name in the header, shortened; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.is_row { "row" } else { "line" }, self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {}", column.number)?;
            if !column.name.is_empty() {
                let name = column.name.escape_debug().to_string();
                // Quotation marks need no escaping between brackets.
                write!(f, " ({})", name.replace("\\'", "'").replace("\\\"", "\""))?;
            }
        }
        write!(f, ": {}", self.kind)
    }
}

impl core::error::Error for Problem {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        core::error::Error::source(&self.kind)
    }
}

/// The beginning of a text, enough to find it again.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_odd_texts_are_shown_short_and_escaped() {
        assert_eq!(shorten("ä".repeat(40).as_str()), "ä".repeat(40));
        assert_eq!(shorten("ä".repeat(41).as_str()), format!("{}…", "ä".repeat(40)));
        let kind = ProblemKind::Date { found: shorten("\u{1b}[2J\u{202e}x"), source: DateError };
        let error = Problem::new(7, kind).in_column(0, "Da\nte");
        let text = error.to_string();
        assert!(
            text.starts_with(r#"line 7, column 1 (Da\nte): "\u{1b}[2J\u{202e}x" is not"#),
            "{text}"
        );
        assert!(core::error::Error::source(&error).is_some());
    }

    #[test]
    fn the_name_of_a_column_stays_readable() {
        let name = "Tomás \"Tom\" O'Neill, \u{939}\u{93f}";
        let error = Problem::new(1, ProblemKind::NoName).in_column(6, name);
        assert!(error.to_string().starts_with(&format!("line 1, column 7 ({name}): ")), "{error}");
    }

    #[test]
    fn a_column_without_a_name_is_shown_by_its_number() {
        let error = Problem::new(1, ProblemKind::NoName).in_column(6, "");
        assert!(error.to_string().starts_with("line 1, column 7: the name of a member is missing"));
    }
}
