//! Builder of a file's value: readers push what they find.

use std::collections::BTreeMap;

use ledger_core::{Balance, Currency};

use super::file::{Given, ImportFile};
use super::identity::{self, Digests};
use super::packed::{Found, Packed};
use super::person::Person;
use super::program::Program;
use super::repair::Repair;
use super::totals::{ClosingTotal, Sums};

/// Rows and people that a reader has found so far.
pub(crate) struct FileBuilder {
    program: Program,
    header: (u64, usize),
    people: Vec<Person>,
    rows: Packed,
    words: BTreeMap<String, u64>,
    digests: Digests,
    given: Vec<Option<Given>>,
    totals: Vec<ClosingTotal>,
    sums: Sums,
    repairs: Vec<Repair>,
}

impl FileBuilder {
    /// A file without rows. `header` is the line and the index of the column of the first name.
    pub(crate) fn new(program: Program, people: Vec<Person>, header: (u64, usize)) -> Self {
        Self {
            program,
            header,
            people,
            rows: Packed::default(),
            words: BTreeMap::new(),
            digests: Digests::default(),
            given: Vec::new(),
            totals: Vec::new(),
            sums: Sums::new(),
            repairs: Vec::new(),
        }
    }

    /// Adds a row: its amounts sum up as [`Found`] says.
    pub(crate) fn push(&mut self, found: &Found) {
        let nets = found.nets(self.people.len());
        let none = || vec![Balance::ZERO; nets.len()];
        let sums = self.sums.entry(found.currency).or_insert_with(none);
        sums.iter_mut().zip(&nets).for_each(|(sum, net)| *sum = sum.plus(*net));
        self.digests.push(&identity::row(self.program, found, &self.people, false));
        self.rows.push(found, &mut self.words);
    }

    /// Adds a row of this program's own file, which may say which entry it is.
    pub(crate) fn push_given(&mut self, found: &Found, given: Option<Given>) {
        self.push(found);
        self.given.push(given);
    }

    /// What each person's rows in a currency add up to; nothing if there is no row in it.
    pub(crate) fn sums(&self, currency: Currency) -> &[Balance] {
        self.sums.get(&currency).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds a closing row that matches the sums.
    pub(crate) fn total(&mut self, total: ClosingTotal) {
        self.totals.push(total);
    }

    /// Tells that something was mended.
    pub(crate) fn repair(&mut self, repair: Repair) {
        self.repairs.push(repair);
    }

    pub(crate) fn finish(self) -> ImportFile {
        let ordinals = self.digests.count(self.program, &self.people, &self.rows);
        ImportFile {
            program: self.program,
            header: self.header,
            people: self.people,
            rows: self.rows,
            ordinals,
            given: self.given,
            totals: self.totals,
            sums: self.sums,
            repairs: self.repairs,
        }
    }
}
