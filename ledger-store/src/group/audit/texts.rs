//! The words that expenses are found by: indexed once more, and the two indexes
//! compared. The index keeps no texts that one could look at instead.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, Rows};

use crate::StoreError;
use crate::group::GroupKey;

/// An index in memory beside the stored one.
pub(super) struct Texts<'a> {
    connection: &'a Connection,
    group: GroupKey,
}

/// A word in a row of an index.
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
        // Both come in the order of words, then of rows, then of places.
        self.merge(
            "SELECT term, doc, offset FROM temp.words_anew",
            "SELECT term, doc, offset FROM temp.words_stored",
            |row| Ok((row.get_ref(0)?.as_bytes()?.to_vec(), row.get(1)?, row.get(2)?)),
            &mut wrong,
        )?;
        // A text without words has a row, too.
        self.merge(
            "SELECT id FROM temp.texts_anew_docsize ORDER BY id",
            "SELECT id FROM main.texts_docsize ORDER BY id",
            |row| Ok((Vec::new(), row.get(0)?, 0)),
            &mut wrong,
        )?;
        Ok(wrong)
    }

    /// Goes through two ordered lists at once, and notes what only one has.
    fn merge(
        &self,
        anew: &str,
        stored: &str,
        read: impl Fn(&Row<'_>) -> Result<Instance, rusqlite::Error>,
        wrong: &mut BTreeSet<i64>,
    ) -> Result<(), StoreError> {
        let (mut anew, mut stored) =
            (self.connection.prepare(anew)?, self.connection.prepare(stored)?);
        let (mut anew, mut stored) = (anew.query([])?, stored.query([])?);
        let mut expected = next(&mut anew, &read)?;
        let mut found = self.next_stored(&mut stored, &read)?;
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
                found = self.next_stored(&mut stored, &read)?;
            }
        }
    }

    /// The next row that is not another group's. One that stands for nothing
    /// counts as this group's.
    fn next_stored(
        &self,
        rows: &mut Rows<'_>,
        read: &impl Fn(&Row<'_>) -> Result<Instance, rusqlite::Error>,
    ) -> Result<Option<Instance>, StoreError> {
        let mut of_other = self
            .connection
            .prepare_cached("SELECT 1 FROM main.entries WHERE n = ?1 AND grp <> ?2")?;
        while let Some(instance) = next(rows, read)? {
            if !of_other.exists((number_of(instance.1), self.group.0))? {
                return Ok(Some(instance));
            }
        }
        Ok(None)
    }
}

impl Drop for Texts<'_> {
    fn drop(&mut self) {
        // The connection is the check's own, and closed soon in any case.
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
