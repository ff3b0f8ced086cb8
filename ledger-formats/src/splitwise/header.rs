//! Header of an export: found by its words or its shape, in any language.

use ledger_core::limits::{MAX_MEMBERS, MAX_NAME_BYTES};

use crate::csv::{Record, Table, read_date};
use crate::import::{Person, Problem, ProblemKind, Program, shorten};

pub(super) const DATE: usize = 0;
pub(super) const DESCRIPTION: usize = 1;
pub(super) const CATEGORY: usize = 2;
pub(super) const COST: usize = 3;
pub(super) const CURRENCY: usize = 4;
/// The first column of a member.
pub(super) const MEMBERS: usize = 5;

pub(super) const FIXED: [&str; MEMBERS] = ["Date", "Description", "Category", "Cost", "Currency"];

/// Headers of other languages, which are known also above no row. Above a row, the shape is enough.
const TRANSLATED: [[&str; MEMBERS]; 5] = [
    ["Datum", "Beschreibung", "Kategorie", "Kosten", "Währung"],
    ["Fecha", "Descripción", "Categoría", "Coste", "Moneda"],
    ["Data", "Descrizione", "Categorie", "Costo", "Valuta"],
    ["Data", "Descrição", "Categoria", "Custo", "Moeda"],
    ["Datum", "Omschrijving", "Categorie", "Kosten", "Valuta"],
];

/// Lines that may stand above the header: a note that the export has no group expenses, the name of the
/// file, the separator.
const ABOVE: usize = 10;

/// The header of a file.
pub(super) struct Header {
    pub(super) line: u64,
    pub(super) people: Vec<Person>,
    /// The names of the columns before those of people.
    fixed: Vec<String>,
}

/// Finds the header, and the byte between fields. Returns a table that stands behind the header.
pub(super) fn find(text: &str) -> Result<(Header, Table<'_>, u8), Problem> {
    for separator in [b',', b';', b'\t'] {
        let mut table = Table::new(text, separator);
        let mut above = Vec::new();
        // Bad quotation marks further down are told when the rows are read.
        while let (Ok(Some(record)), true) = (table.next(), above.len() <= ABOVE.saturating_add(1))
        {
            above.push(record);
        }
        let named = (0..=ABOVE).find(|place| above.get(*place).is_some_and(has_words));
        // A note may have commas, too. So of several that stand above a row, the last one is the header.
        let is_above_rows = |place: &usize| {
            let mut below = above.iter().skip(place.saturating_add(1));
            above.get(*place).is_some_and(|record| below.any(|row| has_shape(record, row)))
        };
        let place = named.or_else(|| (0..=ABOVE).rev().find(is_above_rows));
        if let Some(place) = place {
            let mut table = Table::new(text, separator);
            for _ in 0..place {
                table.next()?;
            }
            let Some(record) = table.next()? else { continue };
            return Ok((Header::read(&record)?, table, separator));
        }
    }
    let first =
        Table::new(text, b',').next()?.ok_or_else(|| Problem::new(1, ProblemKind::Empty))?;
    Err(no_header(&first))
}

fn has_words(record: &Record) -> bool {
    let is = |words: &[&str; MEMBERS]| {
        words.iter().enumerate().all(|(index, word)| record.field(index).trim() == *word)
    };
    is(&FIXED) || TRANSLATED.iter().any(is)
}

/// Whether a row stands below a header as in an export: a date, a number, a currency, numbers of people.
fn has_shape(header: &Record, row: &Record) -> bool {
    let text = |index| row.field(index).trim();
    let is_number = |text: &str| {
        let rest = text.trim_start_matches(['-', '\u{2212}']);
        rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains(char::is_alphabetic)
    };
    let is_code =
        |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_word = |index| {
        let word = header.field(index).trim();
        !word.is_empty() && !is_number(word) && !is_code(word)
    };
    (DATE..MEMBERS).all(is_word)
        && header.len() > MEMBERS
        && row.len() >= header.len()
        && (read_date(text(DATE)).is_some() || is_number(text(DATE)))
        && (text(COST).is_empty() || is_number(text(COST)))
        && is_code(text(CURRENCY))
        && (MEMBERS..header.len()).all(|index| is_number(text(index)))
}

/// The problem of a file without a header: the first cell that is another one.
fn no_header(record: &Record) -> Problem {
    let cells = FIXED.into_iter().enumerate();
    let other = |(index, expected): (usize, &'static str)| {
        let found = record.field(index).trim();
        (found != expected).then(|| {
            let kind = ProblemKind::NotSplitwise { found: shorten(found), expected };
            Problem::new(record.line, kind).in_column(index, found)
        })
    };
    let found = cells.filter_map(other).next();
    found.unwrap_or_else(|| Problem::new(record.line, ProblemKind::NoMembers))
}

impl Header {
    fn read(record: &Record) -> Result<Self, Problem> {
        let error = |index, kind| {
            Problem::new(record.line, kind).in_column(index, record.field(index).trim())
        };
        let found = record.len().saturating_sub(MEMBERS);
        if found == 0 {
            return Err(Problem::new(record.line, ProblemKind::NoMembers));
        }
        if found > MAX_MEMBERS {
            let kind = ProblemKind::TooManyMembers { found, allowed: MAX_MEMBERS };
            return Err(Problem::new(record.line, kind));
        }
        let names: Vec<&str> =
            record.fields().skip(MEMBERS).map(str::trim).map(crate::csv::without_guard).collect();
        for (index, name) in (MEMBERS..).zip(&names) {
            if name.is_empty() {
                return Err(error(index, ProblemKind::NoName));
            }
            check_length(name, MAX_NAME_BYTES).map_err(|kind| error(index, kind))?;
        }
        let people = Person::of_names(Program::Splitwise, names.iter().copied());
        let fixed = record.fields().take(MEMBERS).map(|name| name.trim().to_owned()).collect();
        Ok(Self { line: record.line, people, fixed })
    }

    /// Number of columns of the file.
    pub(super) fn columns(&self) -> usize {
        self.people.len().saturating_add(MEMBERS)
    }

    /// A problem in the column at `index`.
    pub(super) fn error(&self, line: u64, index: usize, kind: ProblemKind) -> Problem {
        let person = |index: usize| self.people.get(index.checked_sub(MEMBERS)?);
        let fixed = self.fixed.get(index).map(String::as_str);
        let name = fixed.or_else(|| person(index).map(Person::name)).unwrap_or_default();
        Problem::new(line, kind).in_column(index, name)
    }
}

/// Refuses a text that an entry could not hold.
pub(super) fn check_length(text: &str, allowed: usize) -> Result<(), ProblemKind> {
    let found = text.len();
    if found > allowed { Err(ProblemKind::TooLong { found, allowed }) } else { Ok(()) }
}
