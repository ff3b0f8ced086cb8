//! A file that can be imported, as every reader returns it.

use ledger_core::{Balance, Currency, EntryId, Origin, check_name};

use super::identity::Ordinals;
use super::packed::{Packed, Unpack};
use super::person::{Person, PersonKey};
use super::problem::{Met, Problem, ProblemKind, Problems};
use super::program::Program;
use super::repair::Repair;
use super::row::ImportRow;
use super::totals::{ClosingTotal, Sums};

/// File of another program, read and checked as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFile {
    pub(super) program: Program,
    /// The line of the names, and the index of the column of the first.
    pub(super) header: (u64, usize),
    pub(super) people: Vec<Person>,
    pub(super) rows: Packed,
    pub(super) ordinals: Ordinals,
    /// What a file of this program says of each row; none of any other file.
    pub(super) given: Vec<Option<Given>>,
    pub(super) totals: Vec<ClosingTotal>,
    pub(super) sums: Sums,
    pub(super) repairs: Vec<Repair>,
}

/// Identity of a row that stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The entry that recorded it in the group of the file.
    pub(crate) entry: EntryId,
    /// The row of another file from which that entry is, else what follows from the entry.
    pub(crate) origin: Origin,
}

impl ImportFile {
    /// The program that wrote the file.
    #[must_use]
    pub const fn program(&self) -> Program {
        self.program
    }

    /// The people, in the order of the file.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Checks the names of the people who have to be introduced. Whoever has an old name is a member
    /// already, even if it is one that this library writes no more.
    ///
    /// ```
    /// use ledger_formats::splitwise;
    /// let file = "Date,Description,Category,Cost,Currency,Ann,Be\u{202e}n\n";
    /// let export = splitwise::read(file.as_bytes())?;
    /// let error = export.check_new_names(|key| key.name() == "Ann").unwrap_err();
    /// assert!(error.to_string().starts_with("line 1, column 7 "));
    /// assert_eq!(export.check_new_names(|_| true), Ok(()));
    /// # Ok::<(), ledger_formats::Problems>(())
    /// ```
    ///
    /// # Errors
    /// [`Problems`] with [`ProblemKind::Name`] and the columns of those that `is_known` does not know
    /// and `ledger_core::check_name` refuses.
    pub fn check_new_names(&self, is_known: impl Fn(&PersonKey) -> bool) -> Result<(), Problems> {
        let mut met = Met::default();
        let (line, first) = self.header;
        let columns = (first..).zip(&self.people);
        for (index, person) in columns.filter(|(_, person)| !is_known(person.key())) {
            if let Err(source) = check_name(person.name()) {
                let problem = Problem::new(line, ProblemKind::Name(source));
                met.push(problem.in_column(index, person.name()));
            }
        }
        met.finish()
    }

    /// Expenses and transfers, in the order of the file. Each call makes them anew from few bytes.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        Rows { file: self, place: 0, rows: self.rows.iter(self.people.len()) }
    }

    /// Number of rows.
    #[must_use]
    pub const fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The closing rows, all of which match the rows.
    #[must_use]
    pub fn totals(&self) -> &[ClosingTotal] {
        &self.totals
    }

    /// What the reader mended, to be told to people.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Currencies of the rows, ascending by code.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.sums.keys().copied()
    }

    /// Currencies of rows without a closing row that could confirm their sums.
    pub fn unreconciled_currencies(&self) -> impl Iterator<Item = Currency> {
        let closed = |currency: &Currency| self.totals.iter().any(|t| t.currency() == *currency);
        self.currencies().filter(move |currency| !closed(currency))
    }

    /// Each person's balance in a currency after all rows, in the order of the file.
    #[must_use]
    pub fn sums(&self, currency: Currency) -> Vec<Balance> {
        let none = || vec![Balance::ZERO; self.people.len()];
        self.sums.get(&currency).cloned().unwrap_or_else(none)
    }
}

/// Iterator of the rows of a file.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    file: &'a ImportFile,
    place: usize,
    rows: Unpack<'a>,
}

impl Iterator for Rows<'_> {
    type Item = ImportRow;

    fn next(&mut self) -> Option<ImportRow> {
        let found = self.rows.next()?;
        let ImportFile { program, people, ordinals, .. } = self.file;
        let given = self.file.given.get(self.place).copied().flatten();
        let (origin, former) = match given {
            Some(given) => (given.origin, None),
            None => ordinals.origins(self.place, *program, &found, people),
        };
        self.place = self.place.saturating_add(1);
        Some(ImportRow::new(found, origin, former, given.map(|given| given.entry)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.file.rows.len().saturating_sub(self.place);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Rows<'_> {}
