//! The audit of a whole group, entry by entry: replays the entries, and compares or rewrites
//! everything derived. In memory are a [`CompactIndex`](compact::CompactIndex) and one batch of
//! entries.

mod compact;
mod compare;
mod derive;
mod file;
mod rebuild;
mod rewrite;
mod stored;
mod texts;
mod waiting;

use std::sync::Arc;

use ledger_core::engine::Ledger;
use ledger_core::{Balance, DeviceId, GroupId};
use rusqlite::Connection;

pub(crate) use file::check_file;

use self::compare::Compare;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::WaitingCount;
use crate::health::Verification;
use crate::health::{Problem, Remedy, Table};
use crate::platform::Environment;
use crate::platform::progress::{Meter, OnProgress, Phase};
pub(crate) use rewrite::clear;

/// Checks one group inside a transaction of the caller. `shown` is its ledger as apps see it.
pub(crate) fn audit(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    shown: Result<Arc<Ledger>, StoreError>,
    environment: &dyn Environment,
    progress: OnProgress<'_>,
) -> Result<Verification, StoreError> {
    let mut rebuilt = rebuild::rebuild(connection, group, id, environment, progress)?;
    let mut problems = std::mem::take(&mut rebuilt.problems);
    let intact = problems.is_empty();
    let waiting = waiting::wrong(connection, group, id, &rebuilt.index, environment)?;
    problems.extend(waiting.into_iter().map(|wrong| wrong.problem));
    if let Some(ledger) = &rebuilt.ledger {
        let mut compare = Compare::begin(connection, group)?;
        let mut meter = Meter::new(progress, Phase::Comparing, rebuilt.entries)?;
        derive::derive(connection, &rebuilt, ledger.state(), &mut compare, &mut meter)?;
        problems.extend(compare.end(&rebuilt)?);
        problems.extend(state(ledger, shown, intact));
        meter.end();
    }
    for problem in &mut problems {
        problem.group = Some(id);
    }
    let digest = rebuilt.ledger.map(|ledger| ledger.state().digest());
    let device: [u8; 32] = connection
        .prepare_cached("SELECT device FROM groups WHERE grp = ?1")?
        .query_row([group.0], |row| row.get(0))?;
    let waiting = WaitingCount::read(connection, group, DeviceId::from_bytes(device))?;
    Ok(Verification { entries: rebuilt.entries, waiting, digest, problems })
}

/// Writes all derived rows of one group again, inside a transaction of the caller.
///
/// # Errors
/// [`StoreError::Damaged`] if the entries themselves are not sound.
pub(crate) fn rewrite(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    environment: &dyn Environment,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    let rebuilt = rebuild::rebuild(connection, group, id, environment, progress)?;
    let damaged = rebuilt.problems.iter().find(|problem| problem.remedy == Remedy::SalvageDatabase);
    match (&rebuilt.ledger, damaged) {
        (Some(ledger), None) => {
            rewrite::write(connection, id, &rebuilt, ledger, environment, progress)
        }
        (_, Some(problem)) => Err(StoreError::Damaged(match problem.entry {
            Some(entry) => format!("entry {entry}: {}", problem.found),
            None => problem.found.clone(),
        })),
        (None, None) => Err(StoreError::Damaged("the genesis entry is gone".to_owned())),
    }
}

/// Checks that apps see the state of the entries, and that balances sum to zero.
fn state(ledger: &Ledger, shown: Result<Arc<Ledger>, StoreError>, intact: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    match shown {
        Ok(shown) if *shown == *ledger => {}
        Ok(_) if intact => {
            let found = "the checkpoint shows another state than the entries";
            problems.push(Problem::derived(Table::Checkpoints, None, found));
        }
        Err(error) if intact => {
            problems.push(Problem::derived(Table::Checkpoints, None, error.to_string()));
        }
        _ => {}
    }
    let state = ledger.state();
    for currency in state.currencies() {
        let balances = state.open_balances(currency);
        let sum = balances.fold(Balance::ZERO, |sum, (_, balance)| sum.plus(balance));
        if !sum.is_zero() {
            let found = "the balances in a currency do not sum to zero: a bug";
            problems.push(Problem::entry(None, found));
        }
    }
    problems
}
