//! Balances as of an earlier point: today's verdicts on part of the entries (SPEC §7.3).

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{AsOf, EntryIndex as _, Slot, SlotEntry};
use ledger_core::{Balance, Currency, Date, EntryId, MemberId, Transaction};
use rusqlite::{Connection, OptionalExtension as _};

use super::debts::{COUNT, opening_balances, transaction};
use super::stored_order::{COUNTING, UP_TO_DAY, in_stored_order};
use crate::StoreError;
use crate::entries::LoadedLedger;
use crate::entries::day::DayNumber;
use crate::entries::index::StoredIndex;
use crate::entries::slot::role;
use crate::platform::progress::{Meter, OnProgress, Phase};
use crate::session::GroupSession;

/// The place of an entry in the total order.
pub(super) const PLACE: &str = "SELECT lamport FROM entries WHERE id = ?1 AND grp = ?2";

/// Slots of the entries from a clock on.
pub(super) const SINCE: &str = "SELECT slot, lamport, id FROM entries
     WHERE grp = ?1 AND lamport >= ?2";

/// Number of these.
pub(super) const COUNT_SINCE: &str =
    "SELECT count(*) FROM entries WHERE grp = ?1 AND lamport >= ?2";

/// The applied entries of a slot.
pub(super) const SLOT: &str = "SELECT id, lamport, kind FROM entries WHERE n = ?1 AND slot = ?1
     UNION ALL SELECT id, lamport, kind FROM entries WHERE slot = ?1 AND slot <> n";

/// Balances that are not zero, in the order of currencies, then of members.
pub(crate) type Balances = BTreeMap<(Currency, MemberId), Balance>;

/// The balances as of a point. As of a day it reads what is dated up to it; as of an entry, what came
/// after it in the total order.
pub(crate) fn balances_as_of(
    group: &GroupSession,
    point: AsOf,
    progress: OnProgress<'_>,
) -> Result<Balances, StoreError> {
    let session = &group.session;
    session.snapshot_apart(|snapshot| {
        let mut stoppable = session.stopped_by(progress);
        let loaded = snapshot.ledger_with_progress(group.key, group.id, Some(&mut stoppable))?;
        let connection = snapshot.connection();
        let mut past = Past { group, connection, loaded: &loaded, balances: Balances::new() };
        match point {
            AsOf::Date(day) => past.on(day, &mut stoppable)?,
            AsOf::Entry(id) => past.at(id, &mut stoppable)?,
        }
        past.balances.retain(|_, balance| !balance.is_zero());
        Ok(past.balances)
    })
}

struct Past<'a> {
    group: &'a GroupSession,
    connection: &'a Connection,
    loaded: &'a LoadedLedger,
    balances: Balances,
}

impl Past<'_> {
    /// Sums what is dated up to a day.
    fn on(&mut self, day: Date, progress: OnProgress<'_>) -> Result<(), StoreError> {
        let (connection, key) = (self.connection, self.group.key.0);
        let total = connection.prepare_cached(COUNT)?.query_row([key], |row| row.get(0))?;
        let mut meter = Meter::new(progress, Phase::Summing, total)?;
        for (member, currency, balance) in opening_balances(self.group, connection)? {
            self.move_balance(currency, member, balance);
        }
        let mut statement = connection.prepare_cached(COUNTING)?;
        let bounds = (key, DayNumber::from_date(day).stored());
        for slot in in_stored_order(connection, UP_TO_DAY, bounds)? {
            if let Some(row) = statement.query([slot])?.next()? {
                self.add(&transaction(row, self.loaded.ledger.state())?, false);
            }
            meter.step()?;
        }
        meter.end();
        Ok(())
    }

    /// Takes back, from the balances of now, what the entries after an entry did.
    fn at(&mut self, id: EntryId, progress: OnProgress<'_>) -> Result<(), StoreError> {
        let state = self.loaded.ledger.state();
        for currency in state.currencies() {
            for (member, balance) in state.open_balances(currency) {
                self.move_balance(currency, member, balance);
            }
        }
        let (group, connection) = (self.group, self.connection);
        moved_since(group, connection, self.loaded, id, progress, &mut |moved| {
            for (content, is_taken_back) in [(moved.now, true), (moved.then, false)] {
                content.iter().for_each(|content| self.add(content, is_taken_back));
            }
        })
    }

    /// Adds what a transaction does to balances, or takes it back.
    fn add(&mut self, transaction: &Transaction, is_taken_back: bool) {
        let currency = transaction.currency();
        let (mut plus, mut minus) = (transaction.credited(), transaction.debited());
        if is_taken_back {
            core::mem::swap(&mut plus, &mut minus);
        }
        for (member, amount) in plus {
            self.move_balance(currency, member, amount.into());
        }
        for (member, amount) in minus {
            self.move_balance(currency, member, Balance::ZERO.minus(amount.into()));
        }
    }

    fn move_balance(&mut self, currency: Currency, member: MemberId, change: Balance) {
        let balance = self.balances.entry((currency, member)).or_default();
        *balance = balance.plus(change);
    }
}

/// A slot that counts otherwise than it did at an earlier place in the total order.
pub(super) struct Moved {
    /// The number of its original.
    pub(super) slot: i64,
    /// What it counts now.
    pub(super) now: Option<Transaction>,
    /// What its entries up to that place gave, by the verdicts of now.
    pub(super) then: Option<Transaction>,
}

/// Passes on each slot that entries after an entry moved. It reads these entries, and the slots.
pub(super) fn moved_since(
    group: &GroupSession,
    connection: &Connection,
    loaded: &LoadedLedger,
    id: EntryId,
    progress: OnProgress<'_>,
    each: &mut dyn FnMut(Moved),
) -> Result<(), StoreError> {
    let key = group.key.0;
    let lamport: Option<u64> = connection
        .prepare_cached(PLACE)?
        .query_row((id.as_bytes(), key), |row| row.get(0))
        .optional()?;
    let end = (lamport.ok_or_else(|| StoreError::UnknownEntry(vec![id]))?, id);
    let count = connection.prepare_cached(COUNT_SINCE)?;
    let total = { count }.query_row((key, end.0), |row| row.get(0))?;
    let mut meter = Meter::new(progress, Phase::Summing, total)?;
    let mut statement = connection.prepare_cached(SINCE)?;
    let mut rows = statement.query((key, end.0))?;
    let mut seen = BTreeSet::new();
    while let Some(row) = rows.next()? {
        meter.step()?;
        // Only applied entries have a slot.
        let slot: Option<i64> = row.get(0)?;
        if (row.get(1)?, EntryId::from_bytes(row.get(2)?)) > end
            && let Some(slot) = slot.filter(|slot| seen.insert(*slot))
            && let Some(moved) = moved(group, connection, loaded, slot, end)?
        {
            each(moved);
        }
    }
    meter.end();
    Ok(())
}

/// What a slot counts now and what its entries up to a place gave. `None` if both are the same.
fn moved(
    group: &GroupSession,
    connection: &Connection,
    loaded: &LoadedLedger,
    slot: i64,
    end: (u64, EntryId),
) -> Result<Option<Moved>, StoreError> {
    let entries: Vec<SlotEntry> = {
        let mut statement = connection.prepare_cached(SLOT)?;
        let rows = statement.query_map([slot], |row| {
            let (id, lamport) = (EntryId::from_bytes(row.get(0)?), row.get(1)?);
            Ok(SlotEntry { id, lamport, role: role(row.get(2)?) })
        })?;
        rows.collect::<Result<_, _>>()?
    };
    let before = entries.iter().filter(|entry| (entry.lamport, entry.id) <= end);
    let then = Slot::from_entries(before.copied()).effective();
    let now = Slot::from_entries(entries).effective();
    if then == now {
        return Ok(None);
    }
    let index = StoredIndex::whole(connection, group.key);
    let content = |id: Option<EntryId>| -> Result<Option<Transaction>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        let nothing = || StoreError::Damaged(format!("entry {id} shows nothing"));
        let entry = index.entry(&id)?.ok_or_else(nothing)?;
        let transaction = loaded.ledger.state().transaction_of(entry.decoded());
        transaction.ok_or_else(nothing).map(Some)
    };
    Ok(Some(Moved { slot, now: content(now)?, then: content(then)? }))
}
