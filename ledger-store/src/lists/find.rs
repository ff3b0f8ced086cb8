//! Finding expenses: by date, and by one of member, category, currency or words.

use ledger_core::{Currency, Date, EntryId, GroupState, MemberId};
use rusqlite::{Connection, Rows};

use super::conflict::is_conflicting;
use super::cursor::{ListId, ListKind, Position};
use super::{Cursor, Lists, Recorded};
use crate::StoreError;
use crate::entries::index::stored_entry;
use crate::entries::projections::{Term, list_position};

/// Most words of a search; further words are ignored.
const MAX_WORDS: usize = 32;

macro_rules! shown {
    ($from:literal) => {
        concat!(
            "SELECT c.entry, c.signature, o.id, x.cancelled, x.date, x.n FROM ",
            $from,
            " LIMIT ?1"
        )
    };
}

/// All expenses of a group, by date.
pub(super) const BY_DATE: &str = shown!(
    "expenses x JOIN entries c ON c.n = x.content JOIN entries o ON o.n = x.n
     WHERE x.grp = ?2 AND (x.date, x.n) < (?3, ?4) AND x.date >= ?5
     ORDER BY x.date DESC, x.n DESC"
);

/// Expenses with a member, category or currency.
pub(super) const BY_TERM: &str = shown!(
    "found_by f CROSS JOIN expenses x ON x.n = f.n
     JOIN entries c ON c.n = x.content JOIN entries o ON o.n = x.n
     WHERE f.term = ?2 AND (f.date, f.n) < (?3, ?4) AND f.date >= ?5
     ORDER BY f.date DESC, f.n DESC"
);

/// Expenses with words. `68719476735` is 2^36 - 1: the bits behind the date.
pub(super) const BY_TEXT: &str = shown!(
    "texts t CROSS JOIN expenses x ON x.n = t.rowid & 68719476735
     JOIN entries c ON c.n = x.content JOIN entries o ON o.n = x.n
     WHERE x.grp = ?2 AND t.texts MATCH ?3 AND t.rowid < ?4 AND t.rowid >= ?5
     ORDER BY t.rowid DESC"
);

/// A filter of expenses and transfers. The default lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// A further condition.
    pub condition: Option<Condition>,
}

/// A condition on an expense or transfer. It applies to the current version: after a correction, to
/// the content of the correction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The member paid or has a share; gave or received a transfer.
    Member(MemberId),
    /// The category is exactly this text.
    Category(String),
    /// The currency.
    Currency(Currency),
    /// For each of these words, a word of description, note or category begins with it. Case and
    /// accents make no difference. Words are separated by white space; more than 32 are ignored.
    Text(String),
}

impl Condition {
    fn term(&self) -> Option<Term> {
        match self {
            Self::Member(member) => Some(Term::Member(*member)),
            Self::Category(category) => Some(Term::Category(category.clone())),
            Self::Currency(currency) => Some(Term::Currency(*currency)),
            Self::Text(_) => None,
        }
    }
}

impl Lists<'_> {
    /// Expenses and transfers by date, newest first. Of those on one day, the one ingested last
    /// comes first.
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`]; [`StoreError`] if the database cannot be read.
    pub fn expenses(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        self.find(&Filter::default(), after, limit)
    }

    /// The expenses and transfers that a filter lets through, in the order of [`Lists::expenses`].
    /// Cancelled ones are among them, and marked.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ledger_store::{MemorySecrets, Store};
    /// use ledger_store::{Condition, Filter};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
    /// # let group = store.create_group("Flat", "Anna")?;
    /// let lists = group.lists();
    /// let filter = Filter {
    ///     from: Some("2026-01-01".parse()?),
    ///     condition: Some(Condition::Text("dinner luigi".into())),
    ///     ..Filter::default()
    /// };
    /// let mut page = lists.find(&filter, None, 50)?;
    /// while let Some(last) = page.last() {
    ///     page = lists.find(&filter, Some(last.cursor), 50)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`]; [`StoreError`] if the database cannot be read.
    pub fn find(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        let from = filter.from.map_or(0, Date::yyyymmdd);
        // Strictly before the row that the last page ended with, and before the day after the last
        // day.
        let list = ListId::of_group(ListKind::Expenses, self.group.id);
        let after = list.before(after)?;
        let day_after = filter.to.map(|to| u64::from(to.yyyymmdd()).saturating_add(1));
        let before = match day_after.filter(|day| *day <= after.major) {
            Some(day) => Position { major: day, minor: 0 },
            None => after,
        };
        self.group.read(|connection, loaded| {
            let state = loaded.ledger.state();
            match &filter.condition {
                None => {
                    let mut statement = connection.prepare_cached(BY_DATE)?;
                    let bounds = (limit, self.group.key.0, before.major, before.minor, from);
                    page(connection, statement.query(bounds)?, state, list)
                }
                Some(Condition::Text(text)) => {
                    let Some(words) = words(text) else { return Ok(Vec::new()) };
                    let mut statement = connection.prepare_cached(BY_TEXT)?;
                    let before = list_position(before.major, before.minor).unwrap_or(i64::MAX);
                    let from = list_position(u64::from(from), 0);
                    let bounds = (limit, self.group.key.0, words, before, from);
                    page(connection, statement.query(bounds)?, state, list)
                }
                Some(condition) => {
                    let Some(term) = condition.term() else { return Ok(Vec::new()) };
                    let Some(term) = term.number(connection, self.group.key)? else {
                        return Ok(Vec::new());
                    };
                    let mut statement = connection.prepare_cached(BY_TERM)?;
                    let bounds = (limit, term, before.major, before.minor, from);
                    page(connection, statement.query(bounds)?, state, list)
                }
            }
        })
    }
}

/// The search in the language of FTS5: every word, quoted, as a prefix.
fn words(text: &str) -> Option<String> {
    let text = text.replace('\0', " ");
    let quoted = |word: &str| format!("\"{}\"*", word.replace('"', "\"\""));
    let words: Vec<String> = text.split_whitespace().take(MAX_WORDS).map(quoted).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

pub(super) fn page(
    connection: &Connection,
    mut rows: Rows<'_>,
    state: &GroupState,
    list: ListId,
) -> Result<Vec<Recorded>, StoreError> {
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let shown = stored_entry(row)?;
        let nothing = || StoreError::Damaged(format!("entry {} shows nothing", shown.id()));
        page.push(Recorded {
            current_version: shown.id(),
            transaction: state.transaction_of(shown.decoded()).ok_or_else(nothing)?,
            original: EntryId::from_bytes(row.get(2)?),
            cancelled: row.get(3)?,
            conflicting: is_conflicting(connection, state, row.get(5)?, shown.decoded().payload())?,
            cursor: list.cursor(row.get(4)?, row.get(5)?),
        });
    }
    Ok(page)
}
