//! What counts in a group, with the rows of other files from which it is.

use std::collections::BTreeMap;

use ledger_core::engine::{EntryIndex as _, Payload};
use ledger_core::{Amount, Balance, Currency, Date, EntryId, Expense, MemberId, Origin};
use ledger_formats::Row;

use crate::StoreError;
use crate::entries::index::StoredIndex;
use crate::lists::Lists;
use crate::session::GroupSession;

/// Rows read from the database at once.
pub(super) const PAGE: u32 = 500;

/// The description of a balance with which a group begins.
const OPENING: &str = "Opening balance";

/// The expenses and transfers that count, oldest first, behind the balances with which the group began.
pub(super) fn read(group: &GroupSession) -> Result<Vec<Row>, StoreError> {
    let origins = origins(group)?;
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = Lists::new(group).expenses(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        rows.extend(page.into_iter().filter(|row| !row.cancelled).map(|row| Row {
            id: row.original,
            origin: origins.get(&row.original).copied(),
            is_opening: false,
            transaction: row.transaction,
        }));
    }
    rows.reverse();
    let first = rows.iter().map(|row| row.transaction.date()).min();
    let mut opened = opening(group, first)?;
    opened.extend(rows);
    Ok(opened)
}

/// The origins of entries that record rows of files, and occurrences of series.
fn origins(group: &GroupSession) -> Result<BTreeMap<EntryId, Origin>, StoreError> {
    group.read(|connection, _| {
        let mut statement = connection.prepare_cached(
            "SELECT e.id, o.origin FROM origins o JOIN entries e ON e.n = o.n WHERE o.grp = ?1",
        )?;
        let mut rows = statement.query([group.key.0])?;
        let mut origins = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let origin = Origin::from_bytes(row.get(1)?);
            origins.insert(EntryId::from_bytes(row.get(0)?), origin);
        }
        Ok(origins)
    })
}

/// The balances with which the group began, as rows: in each currency, whoever is owed paid, and whoever
/// owes has a share. They are dated before all others.
fn opening(group: &GroupSession, first: Option<Date>) -> Result<Vec<Row>, StoreError> {
    group.read(|connection, loaded| {
        let id = loaded.ledger.state().group().genesis();
        let entry = StoredIndex::whole(connection, group.key).entry(&id)?;
        let Some(entry) = entry else { return Ok(Vec::new()) };
        let Payload::Genesis(genesis) = entry.decoded().payload() else { return Ok(Vec::new()) };
        let mut currencies: BTreeMap<Currency, Vec<(MemberId, Balance)>> = BTreeMap::new();
        for (member, currency, balance) in genesis.opening_balances() {
            currencies.entry(currency).or_default().push((member, balance));
        }
        let day = Date::of_unix_ms(entry.decoded().header().timestamp_ms());
        let Some(date) = first.into_iter().chain(day).min() else { return Ok(Vec::new()) };
        let rows = currencies.into_iter().filter_map(|(currency, balances)| {
            let side = |is_owed: bool| -> Option<Vec<(MemberId, Amount)>> {
                let side =
                    balances.iter().filter(|(_, balance)| (*balance > Balance::ZERO) == is_owed);
                let side = side.filter(|(_, balance)| !balance.is_zero());
                let part = |(member, balance): &(MemberId, Balance)| {
                    let units = u64::try_from(balance.minor_units().unsigned_abs()).ok()?;
                    Some((*member, Amount::from_minor_units(units).ok()?))
                };
                side.map(part).collect()
            };
            // Balances beyond any amount are in no ledger that people keep; the closing rows show them.
            let (payers, shares) = (side(true)?, side(false)?);
            let amount = Amount::checked_sum(payers.iter().map(|(_, part)| *part))?;
            let opening =
                Expense::new(date, OPENING, currency, amount).payers(payers).shares(shares);
            (!amount.is_zero()).then(|| Row {
                id,
                origin: None,
                is_opening: true,
                transaction: opening.into(),
            })
        });
        Ok(rows.collect())
    })
}
