//! The queries behind a filter: along which index rows are found, and which of them are left out.

use ledger_core::{Date, Direction};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::cursor::Position;
use super::filter::{Condition, Filter};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::day::{self, DayNumber};
use crate::entries::fold;
use crate::entries::projections::{Term, list_position, member_terms};

/// Most words of a search; further words are ignored.
const MAX_WORDS: usize = 32;

/// So many rows of a condition are many: another one is gone along, if it has fewer.
const MANY: u32 = 1_000;

/// Whether a term has many rows: at least [`MANY`].
pub(super) const HAS_MANY: &str = "SELECT 1 FROM found_by WHERE term = ?1 LIMIT 1 OFFSET ?2";

/// Columns that a query reads of each slot, after day and number of its original.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// Nothing more.
    Position,
    /// The number of the content, the terms of currency and category, the amount and the kind.
    Content,
}

impl Columns {
    const fn sql(self) -> &'static str {
        match self {
            Self::Position => "SELECT x.date, x.n FROM ",
            Self::Content => {
                "SELECT x.date, x.n, x.content, x.currency, x.category, x.amount, x.kind FROM "
            }
        }
    }
}

/// A query without the position where it begins, in the order of the list of expenses.
#[derive(Clone)]
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// The rows along which a query goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Along {
    Dates,
    Term,
    Words,
}

/// A query that lacks the position after which it begins.
pub(super) struct OpenQuery {
    along: Along,
    columns: Columns,
    /// What comes first: the group, the term, or group and words.
    first: Vec<Value>,
    from: DayNumber,
    /// The day after the last one.
    end: Option<u64>,
    /// The other conditions, with their values.
    others: String,
    values: Vec<Value>,
}

impl OpenQuery {
    /// The query for the rows after a position.
    pub(super) fn after(&self, after: Position) -> Query {
        let start = match self.end.filter(|day| *day <= after.major) {
            Some(day) => Position { major: day, minor: 0 },
            None => after,
        };
        let (from, bounds, order) = match self.along {
            Along::Dates => (
                "expenses x WHERE x.grp = ? ",
                "AND (x.date, x.n) < (?, ?) AND x.date >= ?",
                " ORDER BY x.date DESC, x.n DESC",
            ),
            Along::Term => (
                "found_by f CROSS JOIN expenses x ON x.n = f.n WHERE f.term = ? ",
                "AND (f.date, f.n) < (?, ?) AND f.date >= ?",
                " ORDER BY f.date DESC, f.n DESC",
            ),
            // `68719476735` is 2^36 - 1: the bits behind the day.
            Along::Words => (
                "texts t CROSS JOIN expenses x ON x.n = t.rowid & 68719476735
                 WHERE x.grp = ? AND t.texts MATCH ? ",
                "AND t.rowid < ? AND t.rowid >= ?",
                " ORDER BY t.rowid DESC",
            ),
        };
        let sql = [self.columns.sql(), from, bounds, &self.others, order].concat();
        let mut values = self.first.clone();
        if self.along == Along::Words {
            let before = list_position(start.major, start.minor).unwrap_or(i64::MAX);
            let from = list_position(self.from.position(), 0).unwrap_or(0);
            values.extend([before, from].map(Value::from));
        } else {
            let minor = i64::try_from(start.minor).unwrap_or(i64::MAX);
            let bounds = [day::stored(start.major), minor, self.from.stored()];
            values.extend(bounds.map(Value::from));
        }
        values.extend(self.values.iter().cloned());
        Query { sql, values }
    }

    /// The query for all rows.
    pub(super) fn all(&self) -> Query {
        self.after(Position::START)
    }
}

/// A condition as rows of `found_by`: those of any of some terms.
struct Terms {
    numbers: Vec<i64>,
    /// Whether its rows tell what [`Terms::numbers`] say, so that they need not be looked up.
    column: Option<&'static str>,
}

/// The queries that together find what a filter lets through; no slot is found by two. None if nothing
/// can be found.
pub(super) fn queries(
    connection: &Connection,
    group: GroupKey,
    filter: &Filter,
    columns: Columns,
) -> Result<Vec<OpenQuery>, StoreError> {
    let (mut words, mut all_terms): (Vec<&str>, Vec<Terms>) = (Vec::new(), Vec::new());
    let (mut others, mut values) = (String::new(), Vec::new());
    for condition in &filter.conditions {
        let (number, column) = match condition {
            Condition::Member(member) => {
                let numbers = member_terms(connection, group, *member)?;
                all_terms.push(Terms { numbers, column: None });
                continue;
            }
            Condition::Text(text) => {
                words.push(text);
                continue;
            }
            Condition::AtLeast(amount) | Condition::AtMost(amount) => {
                others.push_str(match condition {
                    Condition::AtLeast(_) => " AND x.amount >= ?",
                    _ => " AND x.amount <= ?",
                });
                values.push(Value::from(i64::try_from(amount.minor_units()).unwrap_or(i64::MAX)));
                continue;
            }
            Condition::Transfer(false) => {
                others.push_str(" AND x.kind <> 1");
                continue;
            }
            Condition::Direction(Direction::Outgoing) => {
                others.push_str(" AND x.kind <> 2");
                continue;
            }
            Condition::Cancelled(false) => {
                others.push_str(" AND x.cancelled = 0");
                continue;
            }
            Condition::Payer(member) => (Term::Payer(*member), None),
            Condition::Category(category) => {
                (Term::Category(category.clone()), Some(" AND x.category = ?"))
            }
            Condition::Currency(currency) => {
                (Term::Currency(*currency), Some(" AND x.currency = ?"))
            }
            Condition::Tag(tag) => (Term::Tag(tag.clone()), None),
            Condition::Transfer(true) => (Term::Transfers, Some(" AND x.kind = 1")),
            Condition::Direction(Direction::Incoming) => (Term::Income, Some(" AND x.kind = 2")),
            Condition::Cancelled(true) => (Term::Cancelled, Some(" AND x.cancelled = 1")),
        };
        let numbers = number.number(connection, group)?.into_iter().collect();
        all_terms.push(Terms { numbers, column });
    }
    // A term that no slot ever had finds nothing.
    if all_terms.iter().any(|terms| terms.numbers.is_empty()) {
        return Ok(Vec::new());
    }
    let Some(words) = (match words.is_empty() {
        true => Some(None),
        false => search(&words).map(Some),
    }) else {
        return Ok(Vec::new());
    };
    let driver = match words {
        Some(_) => None,
        None => take_fewest(connection, &mut all_terms)?,
    };
    for terms in &all_terms {
        terms.leave_out_others(&mut others, &mut values);
    }
    let open = |along, first| OpenQuery {
        along,
        columns,
        first,
        from: filter.from.map_or(DayNumber::from_stored(i64::MIN), DayNumber::from_date),
        end: filter.to.map(day_after),
        others: others.clone(),
        values: values.clone(),
    };
    Ok(match (words, driver) {
        (Some(words), _) => {
            vec![open(Along::Words, vec![Value::from(group.0), Value::from(words)])]
        }
        (None, None) => vec![open(Along::Dates, vec![Value::from(group.0)])],
        (None, Some(terms)) => {
            let along = |number: &i64| open(Along::Term, vec![Value::from(*number)]);
            terms.numbers.iter().map(along).collect()
        }
    })
}

/// Takes out the first condition that has few rows; the first of all if each has many. Nothing is
/// counted where there is no choice.
fn take_fewest(
    connection: &Connection,
    all_terms: &mut Vec<Terms>,
) -> Result<Option<Terms>, StoreError> {
    let mut place = 0;
    if all_terms.len() > 1 {
        for (next, terms) in all_terms.iter().enumerate() {
            if !terms.has_many(connection)? {
                place = next;
                break;
            }
        }
    }
    Ok((!all_terms.is_empty()).then(|| all_terms.swap_remove(place)))
}

impl Terms {
    fn has_many(&self, connection: &Connection) -> Result<bool, StoreError> {
        let mut statement = connection.prepare_cached(HAS_MANY)?;
        for number in &self.numbers {
            if statement.exists((number, MANY.saturating_sub(1)))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds the condition that a slot has one of the terms.
    fn leave_out_others(&self, sql: &mut String, values: &mut Vec<Value>) {
        match self.column {
            Some(column) if column.contains('?') => {
                sql.push_str(column);
                values.extend(self.numbers.iter().copied().map(Value::from));
            }
            Some(column) => sql.push_str(column),
            None => {
                let places = vec!["?"; self.numbers.len()].join(", ");
                sql.push_str(" AND EXISTS (SELECT 1 FROM found_by g WHERE g.term IN (");
                sql.push_str(&places);
                sql.push_str(") AND g.date = x.date AND g.n = x.n)");
                values.extend(self.numbers.iter().copied().map(Value::from));
            }
        }
    }
}

/// The first position of the day after a day.
fn day_after(day: Date) -> u64 {
    DayNumber::from_date(day).position().saturating_add(1)
}

/// The search in the language of FTS5: every word, folded and quoted, as a beginning. A word of a
/// script without spaces becomes several, which must follow each other. None if there are no words.
fn search(texts: &[&str]) -> Option<String> {
    let quoted = |word: &str| format!("\"{}\"*", fold(word).replace('"', "\"\""));
    let texts = texts.join(" ").replace('\0', " ");
    let words: Vec<String> = texts.split_whitespace().take(MAX_WORDS).map(quoted).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
