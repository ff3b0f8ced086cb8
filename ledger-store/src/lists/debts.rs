//! Debts between members, from the expenses and transfers that count (SPEC §9).

use std::ops::ControlFlow;

use ledger_core::engine::{EntryIndex as _, Payload};
use ledger_core::{Balance, Currency, Debts, EntryId, GroupState, MemberId, Transaction};
use rusqlite::{Connection, Row};

use super::stored_order::{COUNTING, OF_GROUP, OF_TERM, in_stored_order};
use crate::StoreError;
use crate::entries::LoadedLedger;
use crate::entries::index::{StoredIndex, believed_entry};
use crate::entries::projections::member_terms;
use crate::platform::progress::{Meter, OnProgress, Phase};
use crate::session::GroupSession;

/// Number of slots, cancelled ones as well.
pub(super) const COUNT: &str = "SELECT count(*) FROM expenses WHERE grp = ?1";

/// The debts of all members.
pub(crate) fn pairwise_debts(
    group: &GroupSession,
    progress: OnProgress<'_>,
) -> Result<Debts, StoreError> {
    let session = &group.session;
    session.snapshot_apart(|snapshot| {
        let mut stoppable = session.stopped_by(progress);
        let loaded = snapshot.ledger_with_progress(group.key, group.id, Some(&mut stoppable))?;
        let connection = snapshot.connection();
        let total = connection.prepare_cached(COUNT)?.query_row([group.key.0], |row| row.get(0))?;
        let mut meter = Meter::new(&mut stoppable, Phase::Summing, total)?;
        let mut debts = Debts::default();
        add_opening(&mut debts, group, connection)?;
        let mut statement = connection.prepare_cached(COUNTING)?;
        for slot in in_stored_order(connection, OF_GROUP, [group.key.0])? {
            if let Some(row) = statement.query([slot])?.next()? {
                let transaction = transaction(row, loaded.ledger.state())?;
                let mut step = |pairs| match meter.work(pairs) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                };
                if add(&mut debts, &transaction, &mut step).is_break() {
                    return Err(StoreError::Cancelled);
                }
            }
            meter.step()?;
        }
        meter.end();
        Ok(debts)
    })
}

/// Debts of one member alone, from what names the member.
pub(crate) fn debts_of(group: &GroupSession, member: MemberId) -> Result<Debts, StoreError> {
    group.read(|connection, LoadedLedger { ledger, .. }| {
        let mut debts = Debts::of_member(member);
        add_opening(&mut debts, group, connection)?;
        let mut statement = connection.prepare_cached(COUNTING)?;
        for term in member_terms(connection, group.key, member)? {
            for slot in in_stored_order(connection, OF_TERM, [term])? {
                let mut rows = statement.query([slot])?;
                let Some(row) = rows.next()? else { continue };
                let transaction = transaction(row, ledger.state())?;
                let _ = add(&mut debts, &transaction, &mut |_| ControlFlow::Continue(()));
            }
        }
        Ok(debts)
    })
}

/// Opening balances of one group: members with their balances, in each currency.
pub(super) fn opening_balances(
    group: &GroupSession,
    connection: &Connection,
) -> Result<Vec<(MemberId, Currency, Balance)>, StoreError> {
    let genesis = StoredIndex::whole(connection, group.key).entry(&group.id.genesis())?;
    let gone = || StoreError::Damaged("the genesis entry is gone".to_owned());
    match genesis.ok_or_else(gone)?.decoded().payload() {
        Payload::Genesis(genesis) => Ok(genesis.opening_balances()),
        _ => Ok(Vec::new()),
    }
}

fn add_opening(
    debts: &mut Debts,
    group: &GroupSession,
    connection: &Connection,
) -> Result<(), StoreError> {
    let opening = opening_balances(group, connection)?;
    let mut currencies: Vec<Currency> = opening.iter().map(|(_, currency, _)| *currency).collect();
    currencies.sort_unstable();
    currencies.dedup();
    for currency in currencies {
        let in_currency = opening.iter().filter(|(_, other, _)| *other == currency);
        debts.add_balances(currency, in_currency.map(|(member, _, balance)| (*member, *balance)));
    }
    Ok(())
}

fn add(
    debts: &mut Debts,
    transaction: &Transaction,
    step: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (gave, got) = transaction.sides();
    debts.add_in_steps(transaction.currency(), transaction.direction(), &gave, &got, step)
}

/// Reads columns 0 to 2 as a content that a slot shows.
pub(super) fn transaction(row: &Row<'_>, state: &GroupState) -> Result<Transaction, StoreError> {
    let id = EntryId::from_bytes(row.get(2)?);
    let entry = believed_entry(row, id)?;
    let nothing = || StoreError::Damaged(format!("entry {id} shows nothing"));
    state.transaction_of(entry.decoded()).ok_or_else(nothing)
}
