//! The lists of expenses: by date, by condition, by words. Their rows belong to the content that a
//! slot shows, and move with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{DecodedEntry, Slot};
use ledger_core::{Currency, Direction, GroupState, MemberId, Transaction};
use rusqlite::{Connection, OptionalExtension as _};

use super::day::DayNumber;
use super::folding::fold;
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
    /// A member who paid or has a share, in one currency: a statement of account goes through these.
    Member(MemberId, Currency),
    Category(String),
    Currency(Currency),
    /// A member who paid.
    Payer(MemberId),
    /// Transfers; most rows are expenses, which have no term for it.
    Transfers,
    /// Refunds and income.
    Income,
    /// Cancelled ones.
    Cancelled,
    Tag(String),
}

/// The kind of [`Term::Member`].
const MEMBER_KIND: u8 = 1;

/// The kind of [`Term::Category`].
pub(crate) const CATEGORY_KIND: u8 = 2;

/// The kind of [`Term::Tag`].
pub(crate) const TAG_KIND: u8 = 8;

impl Term {
    pub(crate) fn kind(&self) -> u8 {
        match self {
            Self::Member(..) => MEMBER_KIND,
            Self::Category(_) => CATEGORY_KIND,
            Self::Currency(_) => 3,
            Self::Payer(_) => 4,
            Self::Transfers => 5,
            Self::Cancelled => 6,
            Self::Income => 7,
            Self::Tag(_) => TAG_KIND,
        }
    }

    pub(crate) fn value(&self) -> Cow<'_, [u8]> {
        match self {
            // The member comes first, so that a range of values has all currencies.
            Self::Member(member, currency) => {
                Cow::Owned([member.as_bytes(), currency.code().as_bytes()].concat())
            }
            Self::Category(text) | Self::Tag(text) => Cow::Borrowed(text.as_bytes()),
            Self::Currency(currency) => Cow::Borrowed(currency.code().as_bytes()),
            Self::Payer(member) => Cow::Borrowed(member.as_bytes()),
            Self::Transfers | Self::Income | Self::Cancelled => Cow::Borrowed(&[]),
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

/// The terms of a member, one for each currency in which something names them. `?3` is the id, `?4`
/// a value behind all that begin with it.
pub(crate) const MEMBER_TERMS: &str = "SELECT term FROM terms
     WHERE grp = ?1 AND kind = ?2 AND value >= ?3 AND value < ?4 ORDER BY value";

/// The numbers of the terms of a member, in the order of currencies.
pub(crate) fn member_terms(
    connection: &Connection,
    group: GroupKey,
    member: MemberId,
) -> Result<Vec<i64>, StoreError> {
    let end = [member.as_bytes().as_slice(), &[0xff; 4]].concat();
    let mut statement = connection.prepare_cached(MEMBER_TERMS)?;
    let bounds = (group.0, MEMBER_KIND, member.as_bytes().as_slice(), end);
    let rows = statement.query_map(bounds, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Kind of a slot, as one number of the list of expenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListedKind {
    Expense,
    Transfer,
    /// An expense of incoming money.
    Income,
}

impl ListedKind {
    fn from_transaction(transaction: &Transaction) -> Self {
        match (transaction, transaction.direction()) {
            (Transaction::Transfer(_), _) => Self::Transfer,
            (Transaction::Expense(_), Direction::Outgoing) => Self::Expense,
            (Transaction::Expense(_), Direction::Incoming) => Self::Income,
        }
    }

    /// The number in the database.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Expense => 0,
            Self::Transfer => 1,
            Self::Income => 2,
        }
    }
}

/// The content of an expense or transfer, as the lists need it.
pub(crate) struct ListedContent {
    pub(crate) date: DayNumber,
    pub(crate) amount: u64,
    pub(crate) currency: Currency,
    pub(crate) category: Option<String>,
    pub(crate) kind: ListedKind,
    /// The terms that follow from the content.
    terms: BTreeSet<Term>,
    pub(crate) words: String,
}

impl ListedContent {
    /// Returns `None` if the entry has no content, or names an unknown member.
    pub(crate) fn from_entry(entry: &DecodedEntry, state: &GroupState) -> Option<Self> {
        let transaction = state.transaction_of(entry)?;
        let (currency, (payers, shares)) = (transaction.currency(), transaction.sides());
        let mut terms: BTreeSet<Term> =
            payers.iter().map(|(member, _)| Term::Payer(*member)).collect();
        let parts = payers.into_iter().chain(shares);
        terms.extend(parts.map(|(member, _)| Term::Member(member, currency)));
        terms.insert(Term::Currency(currency));
        let (mut words, mut category) = (transaction.description().to_owned(), None);
        match &transaction {
            Transaction::Expense(expense) => {
                category.clone_from(&expense.category);
                terms.extend(expense.category.clone().map(Term::Category));
                for more in expense.category.iter().chain(&expense.note) {
                    words.push('\n');
                    words.push_str(more);
                }
            }
            Transaction::Transfer(_) => {}
        }
        for tag in transaction.hints().tags() {
            words.push('\n');
            words.push_str(&tag);
            terms.insert(Term::Tag(tag));
        }
        let kind = ListedKind::from_transaction(&transaction);
        terms.extend(match kind {
            ListedKind::Expense => None,
            ListedKind::Transfer => Some(Term::Transfers),
            ListedKind::Income => Some(Term::Income),
        });
        if let Cow::Owned(folded) = fold(&words) {
            words = folded;
        }
        Some(Self {
            date: DayNumber::from_date(transaction.date()),
            amount: transaction.amount().minor_units(),
            currency,
            category,
            kind,
            terms,
            words,
        })
    }

    /// The terms of a slot that shows this content.
    pub(crate) fn terms(&self, cancelled: bool) -> impl Iterator<Item = Term> + '_ {
        self.terms.iter().cloned().chain(cancelled.then_some(Term::Cancelled))
    }
}

/// A place in the list as one number, in the order of the list; none if it is beyond every place.
pub(crate) fn list_position(date: u64, n: u64) -> Option<i64> {
    let n = i64::try_from(n).ok()?.min(NUMBERS.checked_sub(1)?);
    i64::try_from(date).ok()?.checked_mul(NUMBERS)?.checked_add(n)
}

/// Deletes the words of a group's expenses, before their rows. `744000` is the position of the day that
/// the database keeps as zero.
pub(crate) const DELETE_TEXTS: &str = "DELETE FROM texts WHERE rowid IN
     (SELECT ((date + 744000) << 36) | n FROM expenses WHERE grp = ?1)";

/// The number of an expense's row in `texts`.
pub(crate) fn text_row(date: DayNumber, original: i64) -> Result<i64, StoreError> {
    let number = u64::try_from(original).ok().filter(|_| original < NUMBERS);
    let position = number.and_then(|n| list_position(date.position(), n));
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
    found: Vec<(i64, i64, i64)>,
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
        let before: Option<(i64, bool)> = self
            .connection
            .prepare_cached("SELECT content, cancelled FROM expenses WHERE n = ?1")?
            .query_row([original], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let written = written.filter(|(_, entry)| slot.content() == Some(entry.id()));
        let after = match (written, slot.content()) {
            (Some((n, _)), _) => Some(n),
            (None, Some(shown)) => Some(number(self.connection, shown)?),
            (None, None) => None,
        };
        if let Some((before, cancelled)) = before {
            if after == Some(before) {
                return match cancelled == slot.is_cancelled() {
                    true => Ok(()),
                    false => self.set_cancelled(original, slot.is_cancelled()),
                };
            }
            let listed = listed(self.connection, state, before)?;
            self.delete(original, cancelled, &listed)?;
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
        let (connection, group, date) = (self.connection, self.group, listed.date.stored());
        let currency = self.term(Term::Currency(listed.currency))?;
        let category = listed.category.clone().map(Term::Category);
        let category = category.map(|category| self.term(category)).transpose()?;
        connection
            .prepare_cached(
                "INSERT INTO expenses
                 (n, grp, date, content, cancelled, kind, currency, category, amount)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                original,
                group.0,
                date,
                content,
                cancelled,
                listed.kind.number(),
                currency,
                category,
                listed.amount,
            ))?;
        for term in listed.terms(cancelled) {
            let term = self.term(term)?;
            self.found.push((term, date, original));
        }
        self.words.push((text_row(listed.date, original)?, listed.words));
        if self.words.len() >= KEPT {
            self.finish()?;
        }
        Ok(())
    }

    /// Notes that a slot is cancelled, or no longer. All other rows belong to its content, which stays.
    fn set_cancelled(&mut self, original: i64, cancelled: bool) -> Result<(), StoreError> {
        if !cancelled {
            // A row that is collected must be written before it can be deleted.
            self.finish()?;
        }
        let term = self.term(Term::Cancelled)?;
        let date: i64 = self
            .connection
            .prepare_cached("UPDATE expenses SET cancelled = ?2 WHERE n = ?1 RETURNING date")?
            .query_row((original, cancelled), |row| row.get(0))?;
        let sql = match cancelled {
            true => "INSERT INTO found_by (term, date, n) VALUES (?1, ?2, ?3)",
            false => "DELETE FROM found_by WHERE term = ?1 AND date = ?2 AND n = ?3",
        };
        self.connection.prepare_cached(sql)?.execute((term, date, original))?;
        Ok(())
    }

    fn delete(
        &mut self,
        original: i64,
        cancelled: bool,
        listed: &ListedContent,
    ) -> Result<(), StoreError> {
        // Rows must be written before they can be deleted.
        self.finish()?;
        let connection = self.connection;
        let mut find = connection.prepare_cached(
            "DELETE FROM found_by WHERE date = ?4 AND n = ?5 AND term =
             (SELECT term FROM terms WHERE grp = ?1 AND kind = ?2 AND value = ?3)",
        )?;
        let date = listed.date.stored();
        for term in listed.terms(cancelled) {
            find.execute((self.group.0, term.kind(), term.value(), date, original))?;
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

/// The content of an entry that a slot shows.
pub(crate) fn listed(
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
