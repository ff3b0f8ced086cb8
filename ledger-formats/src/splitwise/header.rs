//! Header of an export: its columns and members.

use ledger_core::limits::{MAX_MEMBERS, MAX_NAME_BYTES};

use super::table::Record;
use crate::import::{Person, Problem, ProblemKind, Program, shorten};

pub(super) const DATE: usize = 0;
pub(super) const DESCRIPTION: usize = 1;
pub(super) const CATEGORY: usize = 2;
pub(super) const COST: usize = 3;
pub(super) const CURRENCY: usize = 4;
/// The first column of a member.
pub(super) const MEMBERS: usize = 5;

pub(super) const FIXED: [&str; MEMBERS] = ["Date", "Description", "Category", "Cost", "Currency"];

/// The header of a file.
pub(super) struct Header {
    pub(super) line: u64,
    pub(super) people: Vec<Person>,
}

impl Header {
    pub(super) fn read(record: &Record) -> Result<Self, Problem> {
        let error = |index, kind| {
            Problem::new(record.line, kind).in_column(index, record.field(index).trim())
        };
        for (index, expected) in FIXED.into_iter().enumerate() {
            let found = record.field(index).trim();
            if found != expected {
                let found = shorten(found);
                return Err(error(index, ProblemKind::NotSplitwise { found, expected }));
            }
        }
        let found = record.len().saturating_sub(MEMBERS);
        if found == 0 {
            return Err(Problem::new(record.line, ProblemKind::NoMembers));
        }
        if found > MAX_MEMBERS {
            let kind = ProblemKind::TooManyMembers { found, allowed: MAX_MEMBERS };
            return Err(Problem::new(record.line, kind));
        }
        let names: Vec<&str> = record.fields().skip(MEMBERS).map(str::trim).collect();
        for (index, name) in (MEMBERS..).zip(&names) {
            if name.is_empty() {
                return Err(error(index, ProblemKind::NoName));
            }
            check_length(name, MAX_NAME_BYTES).map_err(|kind| error(index, kind))?;
        }
        let people = Person::of_names(Program::Splitwise, names.iter().copied());
        Ok(Self { line: record.line, people })
    }

    /// Number of columns of the file.
    pub(super) fn columns(&self) -> usize {
        self.people.len().saturating_add(MEMBERS)
    }

    /// An error in the column at `index`.
    pub(super) fn error(&self, line: u64, index: usize, kind: ProblemKind) -> Problem {
        let member = |index: usize| self.people.get(index.checked_sub(MEMBERS)?);
        let fixed = FIXED.get(index).copied();
        let name = fixed.or_else(|| member(index).map(Person::name)).unwrap_or_default();
        Problem::new(line, kind).in_column(index, name)
    }
}

/// Refuses a text that an entry could not hold.
pub(super) fn check_length(text: &str, allowed: usize) -> Result<(), ProblemKind> {
    let found = text.len();
    if found > allowed { Err(ProblemKind::TooLong { found, allowed }) } else { Ok(()) }
}
