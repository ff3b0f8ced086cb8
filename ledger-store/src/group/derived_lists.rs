//! What expenses are found by, and which entries name an original: checked
//! against the entries.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::{DecodedEntry, EntryId, Evaluation, Payload, RefIndex, Verdict, VoidReason};
use rusqlite::Connection;

use super::index::find_number;
use super::projections::{Listed, Term, text_row};
use super::{GroupKey, Problem};
use crate::StoreError;

/// What expenses are found by agrees with what their slots show.
pub(super) fn found_by(
    connection: &Connection,
    group: GroupKey,
    evaluation: &Evaluation,
) -> Result<Vec<Problem>, StoreError> {
    let entries: BTreeMap<EntryId, &DecodedEntry> =
        evaluation.verdicts().map(|(entry, _)| (entry.id(), entry.decoded())).collect();
    let mut expected: BTreeSet<(i64, Term, u32)> = BTreeSet::new();
    let mut texts: BTreeMap<i64, String> = BTreeMap::new();
    let mut names: BTreeMap<i64, EntryId> = BTreeMap::new();
    let mut problems = Vec::new();
    for (original, slot) in evaluation.slots() {
        let Some(shown) = slot.content().and_then(|shown| entries.get(&shown)) else { continue };
        let listed = Listed::of(shown, evaluation.state());
        let (Some(listed), Some(n)) = (listed, find_number(connection, original)?) else {
            problems.push(Problem::new(Some(original), "what it is found by cannot be told"));
            continue;
        };
        names.insert(n, original);
        expected.extend(listed.terms.into_iter().map(|term| (n, term, listed.date)));
        texts.insert(text_row(listed.date, n)?, listed.words);
    }
    let mut statement = connection.prepare(
        "SELECT f.n, t.kind, t.value, f.date FROM terms t JOIN found_by f ON f.term = t.term
         WHERE t.grp = ?1",
    )?;
    let rows = statement.query_map([group.0], |row| {
        Ok((row.get(0)?, Term { kind: row.get(1)?, value: row.get(2)? }, row.get(3)?))
    })?;
    let stored: BTreeSet<(i64, Term, u32)> = rows.collect::<Result<_, _>>()?;
    let wrong: BTreeSet<i64> = stored.symmetric_difference(&expected).map(|(n, ..)| *n).collect();
    problems.extend(
        wrong.iter().map(|n| Problem::new(names.get(n).copied(), "it is found by something else")),
    );
    let strays: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM found_by WHERE term NOT IN (SELECT term FROM terms))",
        [],
        |row| row.get(0),
    )?;
    if strays {
        problems.push(Problem::new(None, "something is found by what nobody looks for"));
    }
    for n in wrong_texts(connection, group, &texts)? {
        problems.push(Problem::new(names.get(&n).copied(), "it is found by other words"));
    }
    Ok(problems)
}

/// The numbers of expenses that are found by other words than they have: the
/// texts are indexed once more, and the two indexes compared.
fn wrong_texts(
    connection: &Connection,
    group: GroupKey,
    texts: &BTreeMap<i64, String>,
) -> Result<BTreeSet<i64>, StoreError> {
    connection.execute_batch(
        "CREATE VIRTUAL TABLE temp.texts_anew USING fts5 (
             words, content = '', tokenize = 'unicode61 remove_diacritics 2');
         CREATE VIRTUAL TABLE temp.words_anew USING fts5vocab (temp, texts_anew, instance);
         CREATE VIRTUAL TABLE temp.words_stored USING fts5vocab (main, texts, instance);
         CREATE TEMP TABLE of_others (doc INTEGER PRIMARY KEY);",
    )?;
    let compared = compare(connection, group, texts);
    connection.execute_batch(
        "DROP TABLE temp.of_others; DROP TABLE temp.words_stored;
         DROP TABLE temp.words_anew; DROP TABLE temp.texts_anew;",
    )?;
    compared
}

fn compare(
    connection: &Connection,
    group: GroupKey,
    texts: &BTreeMap<i64, String>,
) -> Result<BTreeSet<i64>, StoreError> {
    let mut insert =
        connection.prepare("INSERT INTO temp.texts_anew (rowid, words) VALUES (?1, ?2)")?;
    for (row, words) in texts {
        insert.execute((row, words))?;
    }
    // Rows that stand for nothing at all count as this group's.
    connection.execute(
        "INSERT INTO temp.of_others SELECT (x.date << 36) | x.n FROM main.expenses x
         JOIN main.entries e ON e.n = x.n WHERE x.grp <> ?1 AND e.grp <> ?1",
        [group.0],
    )?;
    let mut statement = connection.prepare(
        "SELECT DISTINCT doc & 68719476735 FROM (
            SELECT * FROM (SELECT term, doc, offset FROM temp.words_anew
                           EXCEPT SELECT term, doc, offset FROM temp.words_stored)
            UNION ALL
            SELECT * FROM (SELECT term, doc, offset FROM temp.words_stored
                           EXCEPT SELECT term, doc, offset FROM temp.words_anew)
            UNION ALL
            SELECT '', id, 0 FROM main.texts_docsize
                WHERE id NOT IN (SELECT id FROM temp.texts_anew_docsize)
            UNION ALL
            SELECT '', id, 0 FROM temp.texts_anew_docsize
                WHERE id NOT IN (SELECT id FROM main.texts_docsize)
         ) WHERE doc NOT IN (SELECT doc FROM temp.of_others)",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Which entries change or endorse an original agrees with what they say.
pub(super) fn named(
    connection: &Connection,
    group: GroupKey,
    evaluation: &Evaluation,
) -> Result<Vec<Problem>, StoreError> {
    type Row = (Option<[u8; 32]>, bool, u64, [u8; 32], Option<[u8; 32]>);
    let mut expected: BTreeSet<Row> = BTreeSet::new();
    for (entry, verdict) in evaluation.verdicts() {
        if let Some((original, endorses)) = names(evaluation, entry.decoded(), verdict) {
            let lamport = entry.decoded().header().lamport();
            let id = *entry.id().as_bytes();
            expected.insert((Some(*original.as_bytes()), endorses, lamport, id, Some(id)));
        }
    }
    let mut statement = connection.prepare(
        "SELECT o.id, m.endorses, m.lamport, m.id, e.id, o.grp, e.grp FROM named m
         LEFT JOIN entries o ON o.n = m.original LEFT JOIN entries e ON e.n = m.n",
    )?;
    let mut rows = statement.query([])?;
    let mut stored: BTreeSet<Row> = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let groups: [Option<i64>; 2] = [row.get(5)?, row.get(6)?];
        // A row that stands for nothing counts as this group's.
        if groups.iter().all(|found| found.is_none_or(|found| found == group.0)) {
            stored.insert((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
        }
    }
    let wrong = stored.symmetric_difference(&expected);
    let wrong: BTreeSet<EntryId> = wrong.map(|row| EntryId::from_bytes(row.3)).collect();
    let found = "the history of what it changes or endorses has it wrongly";
    Ok(wrong.into_iter().map(|id| Problem::new(Some(id), found)).collect())
}

/// The original that an entry changes or endorses.
fn names(
    evaluation: &Evaluation,
    entry: &DecodedEntry,
    verdict: Verdict,
) -> Option<(EntryId, bool)> {
    if verdict == Verdict::Void(VoidReason::WrongTarget) {
        return None;
    }
    let at = |entry: &DecodedEntry, index: RefIndex| -> Option<EntryId> {
        entry.header().refs().get(index.place()).copied()
    };
    match entry.payload() {
        Payload::Endorsement(endorsement) => {
            let target = at(entry, endorsement.target())?;
            // The slot of an expense, a transfer or a copy.
            Some((evaluation.slot_of(target)?.0, true))
        }
        Payload::Content(_) => None,
        _ => Some((evaluation.slot_of(entry.id())?.0, false)),
    }
}
