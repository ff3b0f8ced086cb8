//! Totals of what was spent, by month, category, member and currency.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger_core::{Amount, Balance, Currency, Date, Direction, GroupState, MemberId, Transaction};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::Lists;
use super::debts::{COUNT, transaction};
use super::filter::{Condition, Filter};
use super::query::{OpenQuery, Query, queries};
use super::stored_order::in_stored_order;
use crate::StoreError;
use crate::entries::day::DayNumber;
use crate::entries::projections::ListedKind;
use crate::platform::Progress;
use crate::platform::progress::{Meter, Phase};

/// The content of a slot.
pub(super) const CONTENT: &str = "SELECT entry, signature, id FROM entries WHERE n = ?1";

/// The value of a term.
pub(super) const TERM: &str = "SELECT value FROM terms WHERE term = ?1";

/// Key by which expenses are added up. Each total is of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TotalsBy {
    /// The month of the day of the expense.
    Month,
    /// The category.
    Category,
    /// The member: their shares, and what they paid.
    Member,
    /// Nothing but the currency.
    Currency,
}

/// Subject of a total.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TotalOf {
    /// A month, by its first day.
    Month(Date),
    /// A category; none for expenses without one.
    Category(Option<String>),
    /// A member.
    Member(MemberId),
    /// Everything in the currency.
    All,
}

/// Total of expenses in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// What it is of.
    pub of: TotalOf,
    /// The currency.
    pub currency: Currency,
    /// Number of expenses. An expense counts for each member who paid or has a share.
    pub expenses: u64,
    /// What was spent, less refunds and income: of a member the sum of their shares. It is negative
    /// if more came back than was spent.
    pub spent: Balance,
    /// What was paid, less what was received: of a member the sum of their payments; otherwise the
    /// same as `spent`.
    pub paid: Balance,
}

impl Lists<'_> {
    /// Totals of the expenses that a filter lets through, by what they are of, then by currency.
    /// Neither transfers nor cancelled expenses are among them.
    ///
    /// Goes through the index that [`Lists::find`] would use, and reads no entries, except by member.
    /// Takes time in proportion to the number of expenses that are found; `progress` counts them, and
    /// may stop the work.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// use ledger_store::{Filter, TotalsBy};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # let me = group.me()?.ok_or("nobody")?;
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # for day in ["2026-10-30", "2026-11-21", "2026-11-22"] {
    /// #     let tea = Expense::new(day.parse()?, "Tea", euro, ten).paid_by(me, ten);
    /// #     group.entries().append(vec![NewEntry::Record(tea.split_equally(&[me], 0).into())])?;
    /// # }
    /// let go_on = &mut |_| ControlFlow::Continue(());
    /// let months = group.lists().totals(TotalsBy::Month, &Filter::default(), go_on)?;
    /// let spent: Vec<_> = months.iter().map(|total| total.spent.format(total.currency)).collect();
    /// assert_eq!(spent, ["10.00", "20.00"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped; [`StoreError`] if the database cannot be read.
    pub fn totals(
        &self,
        by: TotalsBy,
        filter: &Filter,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Vec<Total>, StoreError> {
        let group = self.group;
        let mut filter = filter.clone();
        filter.conditions.extend([Condition::Transfer(false), Condition::Cancelled(false)]);
        group.session.snapshot_apart(|snapshot| {
            let mut stoppable = group.session.stopped_by(progress);
            let loaded =
                snapshot.ledger_with_progress(group.key, group.id, Some(&mut stoppable))?;
            let connection = snapshot.connection();
            let count =
                connection.prepare_cached(COUNT)?.query_row([group.key.0], |row| row.get(0))?;
            let mut meter = Meter::new(&mut stoppable, Phase::Summing, count)?;
            let mut sums = Sums::new(connection, by, loaded.ledger.state());
            for query in queries(connection, group.key, &filter)? {
                sums.add_all(&query, &mut || meter.step())?;
            }
            meter.end();
            sums.end()
        })
    }
}

/// One total while it is added up.
#[derive(Default)]
struct Sum {
    expenses: u64,
    spent: Balance,
    paid: Balance,
}

/// Subject of a sum, as the database keeps it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Month(DayNumber),
    Category(Option<i64>),
    Member(MemberId),
    All,
}

/// The sums of one call, by what they are of and the term of the currency.
struct Sums<'a> {
    connection: &'a Connection,
    by: TotalsBy,
    state: &'a GroupState,
    sums: BTreeMap<(Key, i64), Sum>,
}

impl<'a> Sums<'a> {
    fn new(connection: &'a Connection, by: TotalsBy, state: &'a GroupState) -> Self {
        Self { connection, by, state, sums: BTreeMap::new() }
    }

    /// Adds what a query finds.
    fn add_all(
        &mut self,
        query: &OpenQuery,
        step: &mut dyn FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let connection = self.connection;
        let Query { sql, values } = query.numbers();
        let numbers = in_stored_order(connection, &sql, params_from_iter(values))?;
        let Query { sql, values } = query.content();
        let mut statement = connection.prepare_cached(&sql)?;
        for number in numbers {
            let values = [Value::from(number)].into_iter().chain(values.iter().cloned());
            let mut rows = statement.query(params_from_iter(values))?;
            if let Some(row) = rows.next()? {
                self.add(row)?;
            }
            step()?;
        }
        Ok(())
    }

    /// Adds a row of a query.
    fn add(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let currency = row.get(2)?;
        let key = match self.by {
            TotalsBy::Month => Key::Month(DayNumber::from_stored(row.get(0)?).month()),
            TotalsBy::Category => Key::Category(row.get(3)?),
            TotalsBy::Currency => Key::All,
            TotalsBy::Member => return self.add_parts(row.get(1)?, currency),
        };
        let (units, kind): (u64, u8) = (row.get(4)?, row.get(5)?);
        let amount = Balance::from_minor_units(i128::from(units));
        let income = kind == ListedKind::Income.number();
        let amount = if income { Balance::ZERO.minus(amount) } else { amount };
        let sum = self.sums.entry((key, currency)).or_default();
        sum.expenses = sum.expenses.saturating_add(1);
        sum.spent = sum.spent.plus(amount);
        sum.paid = sum.paid.plus(amount);
        Ok(())
    }

    /// Adds what each member paid, and their shares.
    fn add_parts(&mut self, content: i64, currency: i64) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(CONTENT)?;
        let mut rows = statement.query([content])?;
        let gone = || StoreError::Damaged(format!("entry number {content} is gone"));
        let Transaction::Expense(expense) =
            transaction(rows.next()?.ok_or_else(gone)?, self.state)?
        else {
            return Ok(());
        };
        let signed = |amount: Amount| match expense.direction {
            Direction::Outgoing => Balance::from(amount),
            Direction::Incoming => Balance::ZERO.minus(amount.into()),
        };
        let mut parts: BTreeMap<MemberId, (Balance, Balance)> = BTreeMap::new();
        for (member, amount) in expense.shares.iter().copied() {
            let part = parts.entry(member).or_default();
            part.0 = part.0.plus(signed(amount));
        }
        for (member, amount) in expense.payers.iter().copied() {
            let part = parts.entry(member).or_default();
            part.1 = part.1.plus(signed(amount));
        }
        for (member, (spent, paid)) in parts {
            let sum = self.sums.entry((Key::Member(member), currency)).or_default();
            sum.expenses = sum.expenses.saturating_add(1);
            sum.spent = sum.spent.plus(spent);
            sum.paid = sum.paid.plus(paid);
        }
        Ok(())
    }

    fn end(self) -> Result<Vec<Total>, StoreError> {
        let mut statement = self.connection.prepare_cached(TERM)?;
        let mut value = |term: i64| -> Result<Vec<u8>, StoreError> {
            Ok(statement.query_row([term], |row| row.get(0))?)
        };
        let mut totals = Vec::with_capacity(self.sums.len());
        for ((key, currency), Sum { expenses, spent, paid }) in self.sums {
            let of = match key {
                Key::Month(month) => TotalOf::Month(month.date().ok_or_else(wrong_term)?),
                Key::Category(None) => TotalOf::Category(None),
                Key::Category(Some(term)) => TotalOf::Category(Some(word(value(term)?)?)),
                Key::Member(member) => TotalOf::Member(member),
                Key::All => TotalOf::All,
            };
            let code = value(currency)?;
            let code = core::str::from_utf8(&code).map_err(|_| wrong_term())?;
            let currency = Currency::from_recorded(code).ok_or_else(wrong_term)?;
            totals.push(Total { of, currency, expenses, spent, paid });
        }
        totals.sort_by(|one, other| {
            (&one.of, one.currency.code()).cmp(&(&other.of, other.currency.code()))
        });
        Ok(totals)
    }
}

/// The text of a term.
pub(super) fn word(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| wrong_term())
}

pub(super) fn wrong_term() -> StoreError {
    StoreError::Damaged("a term of the lists is wrong".to_owned())
}
