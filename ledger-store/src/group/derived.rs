//! What is derived from the entries, checked against them.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::{Content, DecodedEntry, EntryId, Evaluation, Verdict};
use rusqlite::Connection;

use super::{GroupKey, Problem};
use crate::StoreError;

/// What the columns beside an entry should say: its verdict and the original
/// of its slot, if it is applied and has one.
pub(super) fn judged(evaluation: &Evaluation, id: EntryId) -> Option<(Verdict, Option<EntryId>)> {
    let verdict = evaluation.verdict(id)?;
    let slot = evaluation.slot_of(id).filter(|_| verdict.is_applied());
    Some((verdict, slot.map(|(original, _)| original)))
}

/// A row of the list of expenses: date, shown entry, cancelled.
type Listed = (u32, EntryId, bool);

/// The list of expenses, by original.
fn expected_expenses(evaluation: &Evaluation) -> BTreeMap<EntryId, Listed> {
    let entries: BTreeMap<EntryId, &DecodedEntry> =
        evaluation.verdicts().map(|(entry, _)| (entry.id(), entry.decoded())).collect();
    let listed = |(original, slot): (EntryId, ledger_core::Slot)| {
        let shown = slot.content()?;
        let date = entries.get(&shown)?.payload().content()?.date().yyyymmdd();
        Some((original, (date, shown, slot.is_cancelled())))
    };
    evaluation.slots().filter_map(listed).collect()
}

/// The imported rows that applied entries came from.
fn expected_origins(evaluation: &Evaluation) -> BTreeSet<([u8; 16], EntryId)> {
    let applied = evaluation.verdicts().filter(|(_, verdict)| verdict.is_applied());
    let origin = |entry: &DecodedEntry| entry.payload().content().and_then(Content::origin);
    let origins = applied.filter_map(|(entry, _)| Some((origin(entry.decoded())?, entry.id())));
    origins.map(|(origin, entry)| (*origin.as_bytes(), entry)).collect()
}

/// The list of expenses agrees with the slots.
pub(super) fn expenses(
    connection: &Connection,
    group: GroupKey,
    evaluation: &Evaluation,
) -> Result<Vec<Problem>, StoreError> {
    let mut expected = expected_expenses(evaluation);
    let mut problems = Vec::new();
    let mut statement = connection.prepare(
        "SELECT x.n, o.id, o.grp, x.date, c.id, x.cancelled FROM expenses x
         LEFT JOIN entries o ON o.n = x.n LEFT JOIN entries c ON c.n = x.content
         WHERE x.grp = ?1 ORDER BY x.n",
    )?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let n: i64 = row.get(0)?;
        let of_group = row.get::<_, Option<i64>>(2)? == Some(group.0);
        let original = row.get::<_, Option<[u8; 32]>>(1)?.map(EntryId::from_bytes);
        let shown = row.get::<_, Option<[u8; 32]>>(4)?.map(EntryId::from_bytes);
        let listed = (row.get(3)?, shown, row.get(5)?);
        match original.filter(|_| of_group).and_then(|original| expected.remove(&original)) {
            Some((date, shown, cancelled)) if listed == (date, Some(shown), cancelled) => {}
            Some(_) => {
                problems.push(Problem::new(original, "the list of expenses shows it wrongly"))
            }
            None => {
                let found = format!("the list of expenses has number {n}, which is none");
                problems.push(Problem::new(original, found));
            }
        }
    }
    let lacking = expected.keys().copied();
    problems.extend(lacking.map(|id| Problem::new(Some(id), "the list of expenses lacks it")));
    Ok(problems)
}

/// The memory of imported rows agrees with what the entries say.
pub(super) fn origins(
    connection: &Connection,
    group: GroupKey,
    evaluation: &Evaluation,
) -> Result<Vec<Problem>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT o.origin, e.id FROM origins o LEFT JOIN entries e ON e.n = o.n WHERE o.grp = ?1",
    )?;
    let rows = statement.query_map([group.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let stored: BTreeSet<(Vec<u8>, Option<[u8; 32]>)> = rows.collect::<Result<_, _>>()?;
    let expected = expected_origins(evaluation);
    let expected: BTreeSet<(Vec<u8>, Option<[u8; 32]>)> =
        expected.iter().map(|(o, entry)| (o.to_vec(), Some(*entry.as_bytes()))).collect();
    let found = "the list of imported rows is not that of the entries";
    Ok((stored != expected).then(|| Problem::new(None, found)).into_iter().collect())
}

/// Every page of the file is as it was written, free ones as well, and every
/// index agrees with its table.
pub(super) fn pages(connection: &Connection) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    for sql in ["PRAGMA integrity_check", "PRAGMA cipher_integrity_check"] {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let found: Vec<String> = rows.collect::<Result<_, _>>()?;
        problems
            .extend(found.into_iter().filter(|line| line != "ok").map(|l| Problem::new(None, l)));
    }
    Ok(problems)
}
