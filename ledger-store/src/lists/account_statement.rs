//! Statements of account: what each expense and transfer does to a member's balance.

use core::fmt;
use std::collections::BTreeSet;

use ledger_core::{Amount, Balance, Currency, Direction, EntryId, MemberId, Transaction, Transfer};
use rusqlite::Connection;

use super::cursor::Position;
use super::debts::{opening_balances, transaction};
use super::{Lists, ParseCursorError};
use crate::StoreError;
use crate::entries::LoadedLedger;
use crate::entries::day::{self, DayNumber};
use crate::entries::projections::Term;
use crate::session::GroupSession;

macro_rules! counting {
    ($compared:literal) => {
        concat!(
            "SELECT c.entry, c.signature, c.id, coalesce(o.id, c.id), x.date, x.n
             FROM found_by f CROSS JOIN expenses x ON x.n = f.n
             CROSS JOIN entries c ON c.n = x.content
             LEFT JOIN entries o ON o.n = CASE WHEN x.content <> x.n THEN x.n END
             WHERE f.term = ?1 AND ",
            $compared,
            " AND x.cancelled = 0 ORDER BY f.date DESC, f.n DESC LIMIT ?4"
        )
    };
}

/// Slots of an account that count, after a position.
pub(super) const AFTER: &str = counting!("(f.date, f.n) < (?2, ?3)");

/// The same up to a position, the row there included.
pub(super) const UP_TO: &str = counting!("(f.date, f.n) >= (?2, ?3)");

/// Row of a statement of account: an expense or transfer that counts, or the opening balance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementRow {
    /// The entry that first recorded the expense or transfer; the genesis entry for the opening
    /// balance of a group that continues another one.
    pub entry: EntryId,
    /// The content of the current version. None for the opening balance.
    pub transaction: Option<Transaction>,
    /// The part that the row adds to the member's balance. It may be zero, if the member paid
    /// just their share.
    pub change: Balance,
    /// The member's balance after this row and all older ones.
    pub balance: Balance,
    /// The position after this row, where the next page begins.
    pub cursor: StatementCursor,
}

/// A position in a statement of account, from which the next page continues. It stays valid
/// while entries are added, and is a position in that account only: another refuses it. Its text
/// means nothing to callers, and is not that of a [`Cursor`](super::Cursor).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementCursor {
    position: Position,
    /// The balance of the next row.
    balance: i128,
    /// The statement for which `balance` was computed, and the last entry that was there. While
    /// these are the same, `balance` is right; otherwise it is computed anew.
    computed_for: ComputedFor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ComputedFor {
    /// Beginning of the member's id.
    member: u64,
    currency: Currency,
    upto: i64,
    /// Beginning of the id of the entry as of which the statement is; zero for the statement of now.
    point: u64,
}

impl ComputedFor {
    fn new(account: &Account<'_>) -> Self {
        let point = account.then.as_ref().map_or(0, |then| beginning(then.point.as_bytes()));
        let (member, currency) = (beginning(account.member.as_bytes()), account.currency);
        Self { member, currency, upto: account.loaded.upto, point }
    }

    fn is_of_account(&self, other: &Self) -> bool {
        let of = |computed: &Self| (computed.member, computed.currency, computed.point);
        of(self) == of(other)
    }
}

impl fmt::Display for StatementCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ComputedFor { member, currency, upto, point } = &self.computed_for;
        // The name of a unit may have a space, which shells take apart, but no plus.
        let code = currency.code().replace(' ', "+");
        let Self { position: Position { major, minor }, balance, .. } = self;
        write!(f, "{member:016x}")?;
        if *point != 0 {
            write!(f, "-{point:016x}")?;
        }
        write!(f, "_{upto}_{major}_{minor}_{balance}_{code}")
    }
}

impl core::str::FromStr for StatementCursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let parse = || {
            let mut parts = text.splitn(6, '_');
            let mut next = || parts.next();
            let first = next()?;
            let (member, point) = match first.split_once('-') {
                Some((member, point)) => (member, u64::from_str_radix(point, 16).ok()?),
                None => (first, 0),
            };
            let member = u64::from_str_radix(member, 16).ok()?;
            let upto = next()?.parse().ok()?;
            let (major, minor): (u64, u64) = (next()?.parse().ok()?, next()?.parse().ok()?);
            let balance = next()?.parse().ok()?;
            let currency = Currency::from_recorded(&next()?.replace('+', " "))?;
            // SQLite's integers are signed.
            let fits = i64::try_from(major).is_ok() && i64::try_from(minor).is_ok();
            let computed_for = ComputedFor { member, currency, upto, point };
            fits.then_some(Self { position: Position { major, minor }, balance, computed_for })
        };
        parse().filter(|cursor| cursor.to_string() == text).ok_or(ParseCursorError)
    }
}

impl Lists<'_> {
    /// The statement of a member's account in one currency: the expenses and transfers that
    /// count and name the member, in the order of [`Lists::expenses`], each with what it does to
    /// the balance, and the balance after it. The first row's balance is the member's balance
    /// now. The last row of the last page is the opening balance, if there is one; otherwise the
    /// statement begins at zero. A member of whom nothing was recorded has no rows.
    ///
    /// A page reads its own rows, and cancelled ones between them. If entries came since the page
    /// before, it goes through all newer rows as well, so that it fits the balance of now.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # for day in ["2026-11-21", "2026-11-22"] {
    /// #     let tea = Expense::new(day.parse()?, "Tea", euro, ten).paid_by(anna, ten);
    /// #     group.entries().append(vec![NewEntry::Record(tea.split_equally(&[anna, ben], 0).into())])?;
    /// # }
    /// let page = group.lists().statement(ben, euro, None, 50)?;
    /// let rows: Vec<_> =
    ///     page.iter().map(|row| (row.change.format(euro), row.balance.format(euro))).collect();
    /// assert_eq!(rows, [("-5.00".into(), "-10.00".into()), ("-5.00".into(), "-5.00".into())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`] if the cursor is of another account; [`StoreError`] if the
    /// database cannot be read.
    pub fn statement(
        &self,
        member: MemberId,
        currency: Currency,
        after: Option<StatementCursor>,
        limit: u32,
    ) -> Result<Vec<StatementRow>, StoreError> {
        self.group.read(|connection, loaded| {
            let (group, then) = (self.group, None);
            let account = Account { group, connection, loaded, member, currency, then };
            account.page(Position::START, after, limit)
        })
    }
}

/// Account of one member in one currency, in one snapshot.
pub(super) struct Account<'a> {
    pub(super) group: &'a GroupSession,
    pub(super) connection: &'a Connection,
    pub(super) loaded: &'a LoadedLedger,
    pub(super) member: MemberId,
    pub(super) currency: Currency,
    /// What was otherwise as of an entry; none for the account of now.
    pub(super) then: Option<Then>,
}

/// Differences between an account of now and that as of an entry.
pub(super) struct Then {
    /// The entry.
    pub(super) point: EntryId,
    /// The balance as of it.
    pub(super) balance: Balance,
    /// Slots that later entries moved, whose rows of now are left out.
    pub(super) moved: BTreeSet<i64>,
    /// The rows of these slots as of the entry, newest first.
    pub(super) rows: Vec<ThenRow>,
}

/// Row of a slot as it was.
pub(super) struct ThenRow {
    pub(super) position: Position,
    /// The entry that names the slot.
    pub(super) original: EntryId,
    pub(super) transaction: Transaction,
}

/// Last position of a statement: behind the opening balance.
const END: Position = Position { major: 0, minor: 0 };

/// Range of rows of an account.
#[derive(Clone, Copy)]
enum Range {
    /// Those after a position.
    After,
    /// Those up to a position, the row there included.
    UpTo,
}

/// The first bytes of an id as a number.
fn beginning(id: &[u8; 32]) -> u64 {
    u64::from_be_bytes(id.first_chunk().copied().unwrap_or_default())
}

impl Account<'_> {
    /// A page of the rows after a cursor, or else after `start`, and none before `start`.
    pub(super) fn page(
        &self,
        start: Position,
        after: Option<StatementCursor>,
        limit: u32,
    ) -> Result<Vec<StatementRow>, StoreError> {
        let computed_for = ComputedFor::new(self);
        let place = |position: Position| (position.major, position.minor);
        let position = after.map_or(start, |cursor| cursor.position);
        let is_within = place(position) <= place(start);
        let position = if is_within { position } else { start };
        let mut balance = match after {
            None if start == Position::START => self.balance(),
            None => self.balance_after(start)?,
            Some(cursor) if !cursor.computed_for.is_of_account(&computed_for) => {
                return Err(StoreError::CursorOfAnotherList);
            }
            Some(cursor) if cursor.computed_for == computed_for && is_within => {
                Balance::from_minor_units(cursor.balance)
            }
            Some(_) => self.balance_after(position)?,
        };
        let mut page = Vec::new();
        let mut push = |entry, transaction, change: Balance, position| {
            let row_balance = balance;
            balance = balance.minus(change);
            let cursor = StatementCursor { position, balance: balance.minor_units(), computed_for };
            page.push(StatementRow { entry, transaction, change, balance: row_balance, cursor });
        };
        self.rows(Range::After, position, Some(limit), |entry, transaction, position| {
            let change = self.change(&transaction);
            push(entry, Some(transaction), change, position);
        })?;
        if u32::try_from(page.len()).is_ok_and(|len| len < limit) && position != END {
            let mut push = |change: Balance| {
                let (entry, transaction) = (self.group.id.genesis(), None);
                let cursor = StatementCursor { position: END, balance: 0, computed_for };
                page.push(StatementRow { entry, transaction, change, balance: change, cursor });
            };
            let opening = opening_balances(self.group, self.connection)?;
            let of_account = |(member, currency, _): &&(MemberId, Currency, Balance)| {
                (*member, *currency) == (self.member, self.currency)
            };
            opening.iter().find(of_account).into_iter().for_each(|(_, _, change)| push(*change));
        }
        Ok(page)
    }

    /// The balance of the first row.
    fn balance(&self) -> Balance {
        match &self.then {
            Some(then) => then.balance,
            None => self.loaded.ledger.state().balance(self.member, self.currency),
        }
    }

    /// The balance of the first row after a position: the balance of the first row of all, less what
    /// the rows up to the position do.
    fn balance_after(&self, position: Position) -> Result<Balance, StoreError> {
        let mut balance = self.balance();
        self.rows(Range::UpTo, position, None, |_, transaction, _| {
            balance = balance.minus(self.change(&transaction));
        })?;
        Ok(balance)
    }

    /// Reads rows of the account, newest first.
    fn rows(
        &self,
        range: Range,
        position: Position,
        limit: Option<u32>,
        mut row: impl FnMut(EntryId, Transaction, Position),
    ) -> Result<(), StoreError> {
        let place = |position: Position| (position.major, position.minor);
        let is_within = |other: Position| match range {
            Range::After => place(other) < place(position),
            Range::UpTo => place(other) >= place(position),
        };
        let then = self.then.iter().flat_map(|then| &then.rows);
        let mut then = then.filter(|row| is_within(row.position)).peekable();
        let mut left = limit.map_or(u64::MAX, u64::from);
        let term = Term::Member(self.member, self.currency);
        // A member whom nothing names in this currency has no term.
        if let Some(term) = term.number(self.connection, self.group.key)? {
            let sql = match range {
                Range::After => AFTER,
                Range::UpTo => UP_TO,
            };
            // Of rows that are left out nobody knows how many there are.
            let limit = limit.filter(|_| self.then.is_none()).map_or(-1, i64::from);
            let mut statement = self.connection.prepare_cached(sql)?;
            let bounds = (term, day::stored(position.major), position.minor, limit);
            let mut rows = statement.query(bounds)?;
            while left > 0
                && let Some(found) = rows.next()?
            {
                let slot: i64 = found.get(5)?;
                if self.then.as_ref().is_some_and(|then| then.moved.contains(&slot)) {
                    continue;
                }
                let day = DayNumber::from_stored(found.get(4)?);
                let position = Position { major: day.position(), minor: found.get(5)? };
                while left > 0
                    && let Some(old) = then.next_if(|old| place(old.position) > place(position))
                {
                    row(old.original, old.transaction.clone(), old.position);
                    left = left.saturating_sub(1);
                }
                if left > 0 {
                    let transaction = transaction(found, self.loaded.ledger.state())?;
                    row(EntryId::from_bytes(found.get(3)?), transaction, position);
                    left = left.saturating_sub(1);
                }
            }
        }
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        then.take(left).for_each(|old| row(old.original, old.transaction.clone(), old.position));
        Ok(())
    }

    /// What a transaction adds to the member's balance.
    pub(super) fn change(&self, transaction: &Transaction) -> Balance {
        let of_member = |parts: &[(MemberId, Amount)]| {
            let own = parts.iter().filter(|(member, _)| *member == self.member);
            own.fold(Balance::ZERO, |sum, (_, part)| sum.plus((*part).into()))
        };
        let (given, got) = match transaction {
            Transaction::Expense(expense) => {
                (of_member(&expense.payers), of_member(&expense.shares))
            }
            Transaction::Transfer(Transfer { from, to, amount, .. }) => {
                (of_member(&[(*from, *amount)]), of_member(&[(*to, *amount)]))
            }
        };
        match transaction.direction() {
            Direction::Outgoing => given.minus(got),
            Direction::Incoming => got.minus(given),
        }
    }
}
