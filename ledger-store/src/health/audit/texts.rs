//! Check of the word index: the words are indexed once more, and the two indexes are compared. The
//! stored index keeps no texts that could be compared instead.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, Rows};

use crate::StoreError;
use crate::database::GroupKey;

/// An index in memory beside the stored one.
pub(super) struct Texts<'a> {
    connection: &'a Connection,
    group: GroupKey,
}

/// A word at a position of a row of an index.
type Instance = (Vec<u8>, i64, i64);

impl<'a> Texts<'a> {
    pub(super) fn begin(connection: &'a Connection, group: GroupKey) -> Result<Self, StoreError> {
        connection.execute_batch(
            "CREATE VIRTUAL TABLE temp.texts_anew USING fts5 (
                 words, content = '', tokenize = 'unicode61 remove_diacritics 2');
             CREATE VIRTUAL TABLE temp.words_anew USING fts5vocab (temp, texts_anew, instance);
             CREATE VIRTUAL TABLE temp.words_stored USING fts5vocab (main, texts, instance);",
        )?;
        Ok(Self { connection, group })
    }

    pub(super) fn add(&self, row: i64, words: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT INTO temp.texts_anew (rowid, words) VALUES (?1, ?2)")?
            .execute((row, words))?;
        Ok(())
    }

    /// The numbers of the expenses that are found by other words than they have.
    pub(super) fn wrong(&self) -> Result<BTreeSet<i64>, StoreError> {
        let mut wrong = BTreeSet::new();
        let others = self.others()?;
        // Both come in the order of words, then rows, then positions.
        self.merge(
            "SELECT term, doc, offset FROM temp.words_anew",
            "SELECT term, doc, offset FROM temp.words_stored",
            |row| Ok((row.get_ref(0)?.as_bytes()?.to_vec(), row.get(1)?, row.get(2)?)),
            &others,
            &mut wrong,
        )?;
        // A text without words has a row as well.
        self.merge(
            "SELECT id FROM temp.texts_anew_docsize ORDER BY id",
            "SELECT id FROM main.texts_docsize ORDER BY id",
            |row| Ok((Vec::new(), row.get(0)?, 0)),
            &others,
            &mut wrong,
        )?;
        Ok(wrong)
    }

    /// Merges two ordered lists, and notes what only one of them has.
    fn merge(
        &self,
        anew: &str,
        stored: &str,
        read: impl Fn(&Row<'_>) -> Result<Instance, rusqlite::Error>,
        others: &Numbers,
        wrong: &mut BTreeSet<i64>,
    ) -> Result<(), StoreError> {
        let (mut anew, mut stored) =
            (self.connection.prepare(anew)?, self.connection.prepare(stored)?);
        let (mut anew, mut stored) = (anew.query([])?, stored.query([])?);
        let mut expected = next(&mut anew, &read)?;
        let mut found = next_stored(&mut stored, &read, others)?;
        loop {
            let order = match (&expected, &found) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(expected), Some(found)) => expected.cmp(found),
            };
            if order.is_le() {
                wrong.extend(expected.filter(|_| order.is_lt()).map(number));
                expected = next(&mut anew, &read)?;
            }
            if order.is_ge() {
                wrong.extend(found.filter(|_| order.is_gt()).map(number));
                found = next_stored(&mut stored, &read, others)?;
            }
        }
    }

    /// The numbers of the entries of other groups. The index has their words as well, and looking
    /// up each would take as long for every group as for all groups together.
    fn others(&self) -> Result<Numbers, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT n FROM main.entries WHERE grp <> ?1 ORDER BY grp, n")?;
        let mut rows = statement.query([self.group.0])?;
        let mut numbers = Numbers::default();
        while let Some(row) = rows.next()? {
            numbers.push(row.get(0)?);
        }
        numbers.0.sort_unstable();
        Ok(numbers)
    }
}

/// Numbers as ranges without gaps, in order: entries come in batches.
#[derive(Default)]
struct Numbers(Vec<(i64, i64)>);

impl Numbers {
    fn push(&mut self, n: i64) {
        match self.0.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(n) => *last = n,
            _ => self.0.push((n, n)),
        }
    }

    fn contains(&self, n: i64) -> bool {
        let place = self.0.partition_point(|(_, last)| *last < n);
        self.0.get(place).is_some_and(|(first, _)| *first <= n)
    }
}

/// The next row that is not of another group. A row that belongs to no entry counts as one of this
/// group.
fn next_stored(
    rows: &mut Rows<'_>,
    read: &impl Fn(&Row<'_>) -> Result<Instance, rusqlite::Error>,
    others: &Numbers,
) -> Result<Option<Instance>, StoreError> {
    while let Some(instance) = next(rows, read)? {
        if !others.contains(number_of(instance.1)) {
            return Ok(Some(instance));
        }
    }
    Ok(None)
}

impl Drop for Texts<'_> {
    fn drop(&mut self) {
        // The connection belongs to the check, and is closed soon in any case.
        let _ = self.connection.execute_batch(
            "DROP TABLE temp.words_stored; DROP TABLE temp.words_anew;
             DROP TABLE temp.texts_anew;",
        );
    }
}

fn next(
    rows: &mut Rows<'_>,
    read: &impl Fn(&Row<'_>) -> Result<Instance, rusqlite::Error>,
) -> Result<Option<Instance>, StoreError> {
    Ok(rows.next()?.map(read).transpose()?)
}

/// The number in a row of the index, which is `date * 2^36 + n`.
fn number_of(row: i64) -> i64 {
    row & 0xf_ffff_ffff
}

fn number((_, row, _): Instance) -> i64 {
    number_of(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_were_pushed() {
        let mut numbers = Numbers::default();
        // In the order of the query: by group, then by number.
        let pushed = [2, 3, 7, 9, 10, 4, 5, 12];
        pushed.into_iter().for_each(|n| numbers.push(n));
        numbers.0.sort_unstable();
        for n in 0..15 {
            assert_eq!(numbers.contains(n), pushed.contains(&n), "{n}");
        }
        assert!(!Numbers::default().contains(1));
    }
}
