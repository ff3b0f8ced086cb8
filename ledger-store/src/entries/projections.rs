//! The lists of expenses: by date, by condition, by words. Their rows belong to the content that a
//! slot shows, and move with it.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{DecodedEntry, Slot};
use ledger_core::{Currency, GroupState, MemberId, Transaction};
use rusqlite::{Connection, OptionalExtension as _};

use super::index::number;
use crate::StoreError;
use crate::database::GroupKey;

/// Number of values for a number beside its date in [`list_position`].
const NUMBERS: i64 = 1 << 36;

/// Number of expenses whose rows are collected before they are written.
const KEPT: usize = 1_000;

/// A condition by which an expense is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    Member(MemberId),
    Category(String),
    Currency(Currency),
}

impl Term {
    pub(crate) fn kind(&self) -> u8 {
        match self {
            Self::Member(_) => 1,
            Self::Category(_) => 2,
            Self::Currency(_) => 3,
        }
    }

    pub(crate) fn value(&self) -> &[u8] {
        match self {
            Self::Member(member) => member.as_bytes(),
            Self::Category(category) => category.as_bytes(),
            Self::Currency(currency) => currency.code().as_bytes(),
        }
    }

    /// The number of the term in the database; none if no expense was ever found by it.
    pub(crate) fn number(
        &self,
        connection: &Connection,
        group: GroupKey,
    ) -> Result<Option<i64>, StoreError> {
        let mut statement = connection
            .prepare_cached("SELECT term FROM terms WHERE grp = ?1 AND kind = ?2 AND value = ?3")?;
        let number = statement.query_row((group.0, self.kind(), self.value()), |row| row.get(0));
        Ok(number.optional()?)
    }
}

/// The content of an expense, as the lists need it.
pub(crate) struct ListedContent {
    pub(crate) date: u32,
    pub(crate) terms: BTreeSet<Term>,
    pub(crate) words: String,
}

impl ListedContent {
    /// Returns `None` if the entry has no content, or names an unknown member.
    pub(crate) fn from_entry(entry: &DecodedEntry, state: &GroupState) -> Option<Self> {
        let transaction = state.transaction_of(entry)?;
        let (payers, shares) = transaction.sides();
        let parts = payers.into_iter().chain(shares);
        let mut terms: BTreeSet<Term> = parts.map(|(member, _)| Term::Member(member)).collect();
        terms.insert(Term::Currency(transaction.currency()));
        let mut words = transaction.description().to_owned();
        if let Transaction::Expense(expense) = &transaction {
            terms.extend(expense.category.clone().map(Term::Category));
            for more in expense.category.iter().chain(&expense.note) {
                words.push('\n');
                words.push_str(more);
            }
        }
        Some(Self { date: transaction.date().yyyymmdd(), terms, words })
    }
}

/// A place in the list as one number, in the order of the list; none if it is beyond every place.
pub(crate) fn list_position(date: u64, n: u64) -> Option<i64> {
    let n = i64::try_from(n).ok()?.min(NUMBERS.checked_sub(1)?);
    i64::try_from(date).ok()?.checked_mul(NUMBERS)?.checked_add(n)
}

/// The number of an expense's row in `texts`.
pub(crate) fn text_row(date: u32, original: i64) -> Result<i64, StoreError> {
    let number = u64::try_from(original).ok().filter(|_| original < NUMBERS);
    let position = number.and_then(|n| list_position(u64::from(date), n));
    position.ok_or_else(|| StoreError::Damaged(format!("entry number {original} is too large")))
}

/// The lists of one group, written in one transaction.
pub(crate) struct ListWriter<'a> {
    connection: &'a Connection,
    group: GroupKey,
    /// Numbers of terms that were used in this transaction.
    terms: BTreeMap<Term, i64>,
    /// Rows of `texts` to be written. Many at a time are faster than one between rows of other
    /// tables.
    words: Vec<(i64, String)>,
    /// Rows of `found_by` to be written. In their order they are faster, because many go to one
    /// page.
    found: Vec<(i64, u32, i64)>,
}

impl<'a> ListWriter<'a> {
    pub(crate) fn new(connection: &'a Connection, group: GroupKey) -> Self {
        Self { connection, group, terms: BTreeMap::new(), words: Vec::new(), found: Vec::new() }
    }

    /// Writes the collected rows. Call it before the end of the transaction.
    pub(crate) fn finish(&mut self) -> Result<(), StoreError> {
        let mut insert =
            self.connection.prepare_cached("INSERT INTO texts (rowid, words) VALUES (?1, ?2)")?;
        for row in self.words.drain(..) {
            insert.execute(row)?;
        }
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO found_by (term, date, n) VALUES (?1, ?2, ?3)")?;
        self.found.sort_unstable();
        for row in self.found.drain(..) {
            insert.execute(row)?;
        }
        Ok(())
    }

    /// Adds the slot of a new original, which is the only entry in it.
    pub(crate) fn open(
        &mut self,
        state: &GroupState,
        n: i64,
        entry: &DecodedEntry,
    ) -> Result<(), StoreError> {
        let listed = ListedContent::from_entry(entry, state).ok_or_else(|| shows_nothing(n))?;
        self.insert(n, n, false, listed)
    }

    /// Brings every list up to date with the content that a slot shows now. `written` is the entry
    /// that was just written, with its number, so that it is not read again.
    pub(crate) fn update(
        &mut self,
        state: &GroupState,
        original: i64,
        slot: &Slot,
        written: Option<(i64, &DecodedEntry)>,
    ) -> Result<(), StoreError> {
        let before: Option<i64> = self
            .connection
            .prepare_cached("SELECT content FROM expenses WHERE n = ?1")?
            .query_row([original], |row| row.get(0))
            .optional()?;
        let written = written.filter(|(_, entry)| slot.content() == Some(entry.id()));
        let after = match (written, slot.content()) {
            (Some((n, _)), _) => Some(n),
            (None, Some(shown)) => Some(number(self.connection, shown)?),
            (None, None) => None,
        };
        if before.is_some() && before == after {
            self.connection
                .prepare_cached("UPDATE expenses SET cancelled = ?2 WHERE n = ?1")?
                .execute((original, slot.is_cancelled()))?;
            return Ok(());
        }
        if let Some(before) = before {
            let listed = listed(self.connection, state, before)?;
            self.delete(original, &listed)?;
        }
        // A slot whose original is void shows nothing, and has no row.
        let Some(n) = after else { return Ok(()) };
        let listed = match written {
            Some((_, entry)) => {
                ListedContent::from_entry(entry, state).ok_or_else(|| shows_nothing(n))?
            }
            None => listed(self.connection, state, n)?,
        };
        self.insert(original, n, slot.is_cancelled(), listed)
    }

    /// Adds a slot to every list. `content` is the number of the entry that it shows.
    pub(crate) fn insert(
        &mut self,
        original: i64,
        content: i64,
        cancelled: bool,
        listed: ListedContent,
    ) -> Result<(), StoreError> {
        let (connection, group) = (self.connection, self.group);
        connection
            .prepare_cached(
                "INSERT INTO expenses (n, grp, date, content, cancelled)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((original, group.0, listed.date, content, cancelled))?;
        for term in listed.terms {
            let term = self.term(term)?;
            self.found.push((term, listed.date, original));
        }
        self.words.push((text_row(listed.date, original)?, listed.words));
        if self.words.len() >= KEPT {
            self.finish()?;
        }
        Ok(())
    }

    fn delete(&mut self, original: i64, listed: &ListedContent) -> Result<(), StoreError> {
        // Rows must be written before they can be deleted.
        self.finish()?;
        let connection = self.connection;
        let mut find = connection.prepare_cached(
            "DELETE FROM found_by WHERE date = ?4 AND n = ?5 AND term =
             (SELECT term FROM terms WHERE grp = ?1 AND kind = ?2 AND value = ?3)",
        )?;
        for term in &listed.terms {
            find.execute((self.group.0, term.kind(), term.value(), listed.date, original))?;
        }
        connection
            .prepare_cached("DELETE FROM texts WHERE rowid = ?1")?
            .execute([text_row(listed.date, original)?])?;
        connection.prepare_cached("DELETE FROM expenses WHERE n = ?1")?.execute([original])?;
        Ok(())
    }

    /// The number of a term; a new term gets one.
    fn term(&mut self, term: Term) -> Result<i64, StoreError> {
        if let Some(number) = self.terms.get(&term) {
            return Ok(*number);
        }
        let number = match term.number(self.connection, self.group)? {
            Some(number) => number,
            None => {
                self.connection
                    .prepare_cached("INSERT INTO terms (grp, kind, value) VALUES (?1, ?2, ?3)")?
                    .execute((self.group.0, term.kind(), term.value()))?;
                self.connection.last_insert_rowid()
            }
        };
        self.terms.insert(term, number);
        Ok(number)
    }
}

fn listed(
    connection: &Connection,
    state: &GroupState,
    n: i64,
) -> Result<ListedContent, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1")?;
    let mut rows = statement.query([n])?;
    let row = rows.next()?.ok_or_else(|| shows_nothing(n))?;
    let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    let entry = DecodedEntry::decode(bytes, &row.get(1)?)?;
    ListedContent::from_entry(&entry, state).ok_or_else(|| shows_nothing(n))
}

fn shows_nothing(n: i64) -> StoreError {
    StoreError::Damaged(format!("entry number {n} shows nothing"))
}
