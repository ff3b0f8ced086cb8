//! The queries behind a filter: along which index rows are found, and which of them are left out.

use ledger_core::{Date, Direction};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::cursor::Position;
use super::filter::{Condition, Filter};
use super::recorded::{COLUMNS, TABLES};
use super::words::search;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::day::{self, DayNumber};
use crate::entries::projections::{Term, list_position, member_terms};

/// So many rows of a condition are many: another one is gone along, if it has fewer.
const MANY: u32 = 1_000;

/// Whether a term has many rows: at least [`MANY`].
pub(super) const HAS_MANY: &str = "SELECT 1 FROM found_by WHERE term = ?1 LIMIT 1 OFFSET ?2";

/// Columns that a query reads of each slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// Day and number of its original.
    Position,
    /// What [`RowReader::read`](super::recorded::RowReader::read) reads.
    Row,
}

impl Columns {
    /// What is read, and the tables that it is read from beside the list of expenses.
    const fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Position => ("SELECT x.date, x.n FROM ", ""),
            Self::Row => (COLUMNS, TABLES),
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
    group: GroupKey,
    /// The term or the words along which it goes; none of a query along dates.
    driver: Option<Value>,
    from: DayNumber,
    /// The day after the last one.
    end: Option<u64>,
    /// The other conditions, with their values; `{date}` and `{n}` for the place in the list.
    others: String,
    values: Vec<Value>,
}

impl OpenQuery {
    /// The query for the rows after a position, newest first.
    pub(super) fn after(&self, after: Position, columns: Columns) -> Query {
        let start = match self.end.filter(|day| *day <= after.major) {
            Some(day) => Position { major: day, minor: 0 },
            None => after,
        };
        let (selected, tables) = columns.sql();
        let (from, bounds, order) = match self.along {
            Along::Dates => (
                "expenses x",
                " WHERE x.grp = ? AND (x.date, x.n) < (?, ?) AND x.date >= ?",
                " ORDER BY x.date DESC, x.n DESC",
            ),
            Along::Term => (
                "found_by f CROSS JOIN expenses x ON x.n = f.n",
                " WHERE f.term = ? AND (f.date, f.n) < (?, ?) AND f.date >= ?",
                " ORDER BY f.date DESC, f.n DESC",
            ),
            // `68719476735` is 2^36 - 1: the bits behind the day.
            Along::Words => (
                "texts t CROSS JOIN expenses x ON x.n = t.rowid & 68719476735",
                " WHERE x.grp = ? AND t.texts MATCH ? AND t.rowid < ? AND t.rowid >= ?",
                " ORDER BY t.rowid DESC",
            ),
        };
        let sql = [selected, from, tables, bounds, &self.others(self.along), order].concat();
        let mut values = match self.along {
            Along::Dates | Along::Words => vec![Value::from(self.group.0)],
            Along::Term => Vec::new(),
        };
        values.extend(self.driver.clone());
        values.extend(self.bounds(start));
        values.extend(self.values.iter().cloned());
        Query { sql, values }
    }

    /// The query for the numbers of all slots along which it goes, in any order: it reads an index
    /// alone. Of each of them [`OpenQuery::content`] tells whether it is found.
    pub(super) fn numbers(&self) -> Query {
        let sql = match self.along {
            Along::Dates => {
                "SELECT x.n FROM expenses x
                 WHERE x.grp = ? AND (x.date, x.n) < (?, ?) AND x.date >= ?"
            }
            Along::Term => {
                "SELECT f.n FROM found_by f
                 WHERE f.term = ? AND (f.date, f.n) < (?, ?) AND f.date >= ?"
            }
            Along::Words => {
                "SELECT t.rowid & 68719476735 FROM texts t
                 WHERE t.texts MATCH ? AND t.rowid < ? AND t.rowid >= ?"
            }
        };
        let start = match self.end {
            Some(day) => Position { major: day, minor: 0 },
            None => Position::START,
        };
        let driver = match self.along {
            Along::Dates => Some(Value::from(self.group.0)),
            Along::Term | Along::Words => self.driver.clone(),
        };
        let values = driver.into_iter().chain(self.bounds(start)).collect();
        Query { sql: sql.to_owned(), values }
    }

    /// The query for what is added up of one slot, if it is found. The number of the slot comes before
    /// its values.
    pub(super) fn content(&self) -> Query {
        let sql = "SELECT x.date, x.content, x.currency, x.category, x.amount, x.kind
             FROM expenses x WHERE x.n = ? AND x.grp = ?";
        let mut values = vec![Value::from(self.group.0)];
        values.extend(self.values.iter().cloned());
        Query { sql: [sql, &self.others(Along::Dates)].concat(), values }
    }

    /// The other conditions. Where a slot stands in the list is told by the index along which the query
    /// goes, so that the rows of those that are refused are not read.
    fn others(&self, along: Along) -> String {
        let (date, n) = match along {
            Along::Dates => ("x.date", "x.n"),
            Along::Term => ("f.date", "f.n"),
            // `744000` is the position of the day that the database keeps as zero.
            Along::Words => ("(t.rowid >> 36) - 744000", "t.rowid & 68719476735"),
        };
        self.others.replace("{date}", date).replace("{n}", n)
    }

    /// The values of the place where it begins, and of the first day.
    fn bounds(&self, start: Position) -> Vec<Value> {
        if self.along == Along::Words {
            let before = list_position(start.major, start.minor).unwrap_or(i64::MAX);
            let from = list_position(self.from.position(), 0).unwrap_or(0);
            [before, from].map(Value::from).into()
        } else {
            let minor = i64::try_from(start.minor).unwrap_or(i64::MAX);
            [day::stored(start.major), minor, self.from.stored()].map(Value::from).into()
        }
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
        false => search(connection, &words)?.map(Some),
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
    let open = |along, driver| OpenQuery {
        along,
        group,
        driver,
        from: filter.from.map_or(DayNumber::from_stored(i64::MIN), DayNumber::from_date),
        end: filter.to.map(day_after),
        others: others.clone(),
        values: values.clone(),
    };
    Ok(match (words, driver) {
        (Some(words), _) => vec![open(Along::Words, Some(Value::from(words)))],
        (None, None) => vec![open(Along::Dates, None)],
        (None, Some(terms)) => {
            let along = |number: &i64| open(Along::Term, Some(Value::from(*number)));
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
                sql.push_str(") AND g.date = {date} AND g.n = {n})");
                values.extend(self.numbers.iter().copied().map(Value::from));
            }
        }
    }
}

/// The first position of the day after a day.
fn day_after(day: Date) -> u64 {
    DayNumber::from_date(day).position().saturating_add(1)
}
