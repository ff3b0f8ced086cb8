//! Comparison of the derived tables with the entries.

use std::collections::BTreeSet;

use ledger_core::engine::DecodedEntry;
use ledger_core::{EntryId, Origin};
use rusqlite::{Connection, OptionalExtension as _};

use super::compact::DerivedColumns;
use super::derive::{DerivedRows, Expense};
use super::rebuild::Rebuilt;
use super::stored::Stored;
use super::texts::Texts;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::projections::{Term, text_row};
use crate::health::{Problem, Table};

/// Looks up every row that should exist, and then counts all rows.
pub(super) struct Compare<'a> {
    connection: &'a Connection,
    group: GroupKey,
    texts: Texts<'a>,
    problems: Vec<Problem>,
    found_by: Rowset,
    named: Rowset,
    origins: Rowset,
}

/// A row of the list of expenses.
#[derive(PartialEq, Eq)]
struct ExpenseRow {
    group: i64,
    date: i64,
    content: i64,
    cancelled: bool,
    kind: u8,
    currency: Option<i64>,
    category: Option<i64>,
    amount: u64,
}

impl ExpenseRow {
    fn load(connection: &Connection, n: i64) -> Result<Option<Self>, StoreError> {
        let mut statement = connection.prepare_cached(
            "SELECT grp, date, content, cancelled, kind, currency, category, amount
             FROM expenses WHERE n = ?1",
        )?;
        let row = statement.query_row([n], |row| {
            Ok(Self {
                group: row.get(0)?,
                date: row.get(1)?,
                content: row.get(2)?,
                cancelled: row.get(3)?,
                kind: row.get(4)?,
                currency: row.get(5)?,
                category: row.get(6)?,
                amount: row.get(7)?,
            })
        });
        Ok(row.optional()?)
    }
}

/// Number of rows that should exist, and the entries whose row is missing.
#[derive(Default)]
struct Rowset {
    expected: u64,
    lacking: BTreeSet<EntryId>,
}

impl Rowset {
    fn note(&mut self, id: EntryId, found: bool) {
        self.expected = self.expected.saturating_add(1);
        if !found {
            self.lacking.insert(id);
        }
    }
}

const FOUND_BY: &str = "the lists by member, category or currency have it wrongly";
const NAMED: &str = "the history of what it changes or endorses has it wrongly";
const ORIGINS: &str = "the list of imported rows has it wrongly";
const TEXTS: &str = "it is found by other words";

impl<'a> Compare<'a> {
    pub(super) fn begin(connection: &'a Connection, group: GroupKey) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            group,
            texts: Texts::begin(connection, group)?,
            problems: Vec::new(),
            found_by: Rowset::default(),
            named: Rowset::default(),
            origins: Rowset::default(),
        })
    }

    /// All deviations.
    pub(super) fn end(mut self, rebuilt: &Rebuilt<'_>) -> Result<Vec<Problem>, StoreError> {
        self.stray_expenses(rebuilt)?;
        let wrong = self.texts.wrong()?;
        self.report(Table::Texts, TEXTS, wrong.iter().map(|n| rebuilt.index.id(*n)));
        self.counts()?;
        let sets = [
            (Table::FoundBy, FOUND_BY, std::mem::take(&mut self.found_by)),
            (Table::Named, NAMED, std::mem::take(&mut self.named)),
            (Table::Origins, ORIGINS, std::mem::take(&mut self.origins)),
        ];
        for (table, found, set) in sets {
            self.report(table, found, set.lacking.into_iter().map(Some));
        }
        Ok(self.problems)
    }

    fn report(
        &mut self,
        table: Table,
        found: &str,
        entries: impl Iterator<Item = Option<EntryId>>,
    ) {
        self.problems.extend(entries.map(|entry| Problem::derived(table, entry, found)));
    }

    /// Reports rows in the list of expenses that should not exist.
    fn stray_expenses(&mut self, rebuilt: &Rebuilt<'_>) -> Result<(), StoreError> {
        let mut statement =
            self.connection.prepare("SELECT n FROM expenses WHERE grp = ?1 ORDER BY n")?;
        let mut rows = statement.query([self.group.0])?;
        while let Some(row) = rows.next()? {
            let n: i64 = row.get(0)?;
            let id = rebuilt.index.id(n);
            let shown = match &id {
                Some(id) => rebuilt.index.shown(id)?,
                None => None,
            };
            if shown.is_none() {
                let found = format!("the list of expenses has number {n}, which is none");
                self.problems.push(Problem::derived(Table::Expenses, id, found));
            }
        }
        Ok(())
    }

    /// Compares numbers of rows. All rows that should exist were looked up; if there are more, some
    /// should not exist. A row that belongs to no entry counts as one of this group.
    fn counts(&mut self) -> Result<(), StoreError> {
        for (table, sql, set) in [
            (
                Table::FoundBy,
                "SELECT count(*) FROM found_by f JOIN terms t ON t.term = f.term WHERE t.grp = ?1",
                &self.found_by,
            ),
            (
                Table::Named,
                "SELECT count(*) FROM named m
                 LEFT JOIN entries o ON o.n = m.original LEFT JOIN entries e ON e.n = m.n
                 WHERE coalesce(o.grp, ?1) = ?1 AND coalesce(e.grp, ?1) = ?1",
                &self.named,
            ),
            (Table::Origins, "SELECT count(*) FROM origins WHERE grp = ?1", &self.origins),
        ] {
            let stored: u64 = self.connection.query_row(sql, [self.group.0], |row| row.get(0))?;
            let lacking = u64::try_from(set.lacking.len()).unwrap_or(u64::MAX);
            if stored > set.expected.saturating_sub(lacking) {
                let found = format!("it has {stored} rows, of which {} should be", set.expected);
                self.problems.push(Problem::derived(table, None, found));
            }
        }
        Ok(())
    }
}

impl DerivedRows for Compare<'_> {
    fn entry(
        &mut self,
        stored: &Stored,
        entry: &DecodedEntry,
        derived: DerivedColumns,
    ) -> Result<(), StoreError> {
        let columns = stored.columns;
        let found = if columns.chain != derived.chain {
            "it is stored on another chain"
        } else if (columns.verdict, columns.slot) != (derived.verdict, derived.slot) {
            "its stored verdict or slot is wrong"
        } else {
            return Ok(());
        };
        self.problem(Problem::derived(Table::Entries, Some(entry.id()), found))
    }

    fn expense(&mut self, expense: Expense) -> Result<(), StoreError> {
        let Expense { n, original, content, cancelled, listed } = expense;
        let number = |term: Term| term.number(self.connection, self.group);
        let currency = number(Term::Currency(listed.currency))?;
        let category = listed.category.clone().map(Term::Category).map(number).transpose()?;
        let row = ExpenseRow {
            group: self.group.0,
            date: listed.date.stored(),
            content,
            cancelled,
            kind: listed.kind.number(),
            currency,
            category: category.flatten(),
            amount: listed.amount,
        };
        let stored = ExpenseRow::load(self.connection, n)?;
        if stored.as_ref() != Some(&row) {
            let found = match stored {
                Some(_) => "the list of expenses shows it wrongly",
                None => "the list of expenses lacks it",
            };
            self.problem(Problem::derived(Table::Expenses, Some(original), found))?;
        }
        let mut found_by = self.connection.prepare_cached(
            "SELECT 1 FROM terms t JOIN found_by f ON f.term = t.term
             WHERE t.grp = ?1 AND t.kind = ?2 AND t.value = ?3 AND f.date = ?4 AND f.n = ?5",
        )?;
        for term in listed.terms(cancelled) {
            let row = (self.group.0, term.kind(), term.value(), listed.date.stored(), n);
            self.found_by.note(original, found_by.exists(row)?);
        }
        self.texts.add(text_row(listed.date, n)?, &listed.words)
    }

    fn named(
        &mut self,
        original: i64,
        endorses: bool,
        n: i64,
        entry: &DecodedEntry,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1 FROM named WHERE original = ?1 AND endorses = ?2 AND lamport = ?3
             AND id = ?4 AND n = ?5",
        )?;
        let (id, lamport) = (entry.id(), entry.header().lamport());
        let found = statement.exists((original, endorses, lamport, id.as_bytes(), n))?;
        self.named.note(id, found);
        Ok(())
    }

    fn origin(&mut self, origin: Origin, n: i64, id: EntryId) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM origins WHERE grp = ?1 AND origin = ?2 AND n = ?3")?;
        let found = statement.exists((self.group.0, origin.as_bytes(), n))?;
        self.origins.note(id, found);
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), StoreError> {
        self.problems.push(problem);
        Ok(())
    }
}
