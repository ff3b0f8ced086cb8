//! Statements of account as of a day or an entry.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ledger_core::engine::AsOf;
use ledger_core::{Balance, Currency, EntryId, MemberId};

use super::account_statement::{Account, Then, ThenRow};
use super::as_of::moved_since;
use super::cursor::Position;
use super::{Lists, StatementCursor, StatementRow};
use crate::StoreError;
use crate::entries::day::DayNumber;
use crate::platform::Progress;
use crate::platform::progress::OnProgress;

/// The original that names a slot.
const ORIGINAL: &str = "SELECT id FROM entries WHERE n = ?1";

impl Lists<'_> {
    /// The statement of a member's account as of an earlier point: why the balance was what
    /// [`GroupBalances::as_of`](crate::GroupBalances::as_of) says. As [`Lists::statement`] otherwise.
    ///
    /// As of a day it has what is dated up to that day. As of an entry it has what the entries up to it
    /// in the total order of clocks and ids gave, by the verdicts of now (SPEC §7.3); each page reads
    /// what came after the entry, so it takes time in proportion to that. `progress` counts it, and may
    /// stop it.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// use ledger_core::engine::AsOf;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # for day in ["2026-11-21", "2026-11-22"] {
    /// #     let tea = Expense::new(day.parse()?, "Tea", euro, ten).paid_by(anna, ten);
    /// #     group.entries().append(vec![NewEntry::Record(tea.split_equally(&[anna, ben], 0).into())])?;
    /// # }
    /// let (day, go_on) = (AsOf::Date("2026-11-21".parse()?), &mut |_| ControlFlow::Continue(()));
    /// let page = group.lists().statement_as_of(ben, euro, day, None, 50, go_on)?;
    /// assert_eq!((page.len(), page[0].balance.format(euro)), (1, "-5.00".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] if the entry is not in the group;
    /// [`StoreError::CursorOfAnotherList`] if the cursor is of another account, or as of another entry;
    /// [`StoreError::Cancelled`] if it was stopped; [`StoreError`] if the database cannot be read.
    pub fn statement_as_of(
        &self,
        member: MemberId,
        currency: Currency,
        point: AsOf,
        after: Option<StatementCursor>,
        limit: u32,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Vec<StatementRow>, StoreError> {
        let group = self.group;
        group.session.snapshot_apart(|snapshot| {
            let mut stoppable = group.session.stopped_by(progress);
            let loaded =
                snapshot.ledger_with_progress(group.key, group.id, Some(&mut stoppable))?;
            let (connection, loaded, then) = (snapshot.connection(), &loaded, None);
            let mut account = Account { group, connection, loaded, member, currency, then };
            let start = match point {
                AsOf::Date(day) => Position {
                    major: DayNumber::from_date(day).position().saturating_add(1),
                    minor: 0,
                },
                AsOf::Entry(id) => {
                    account.then = Some(as_of(&account, id, &mut stoppable)?);
                    Position::START
                }
            };
            account.page(start, after, limit)
        })
    }
}

/// What was otherwise in an account as of an entry.
fn as_of(
    account: &Account<'_>,
    point: EntryId,
    progress: OnProgress<'_>,
) -> Result<Then, StoreError> {
    let Account { group, connection, loaded, member, currency, .. } = account;
    let mut balance = loaded.ledger.state().balance(*member, *currency);
    let (mut moved, mut old) = (BTreeSet::new(), Vec::new());
    moved_since(group, connection, loaded, point, progress, &mut |slot| {
        moved.insert(slot.slot);
        let change = |content: Option<&_>| content.map_or(Balance::ZERO, |one| account.change(one));
        let in_currency = |content: &&ledger_core::Transaction| content.currency() == *currency;
        let now = slot.now.as_ref().filter(in_currency);
        let then = slot.then.as_ref().filter(in_currency);
        balance = balance.minus(change(now)).plus(change(then));
        if let Some(then) = then.filter(|then| then.members().any(|named| named == *member)) {
            old.push((slot.slot, then.clone()));
        }
    })?;
    let mut name = connection.prepare_cached(ORIGINAL)?;
    let mut rows = Vec::with_capacity(old.len());
    for (slot, transaction) in old {
        let original = EntryId::from_bytes(name.query_row([slot], |row| row.get(0))?);
        let major = DayNumber::from_date(transaction.date()).position();
        let position = Position { major, minor: u64::try_from(slot).unwrap_or(0) };
        rows.push(ThenRow { position, original, transaction });
    }
    rows.sort_by_key(|row| core::cmp::Reverse((row.position.major, row.position.minor)));
    Ok(Then { point, balance, moved, rows })
}
