//! Slots in the order in which they are stored. Whoever reads all of many reads them so: in any other
//! order almost every row is on a page that has to be read and decrypted for it alone.

use rusqlite::{Connection, Params};

use crate::StoreError;

/// Numbers of all slots of a group.
pub(super) const OF_GROUP: &str = "SELECT n FROM expenses WHERE grp = ?1";

/// Numbers of the slots of a group up to a day.
pub(super) const UP_TO_DAY: &str = "SELECT n FROM expenses WHERE grp = ?1 AND date <= ?2";

/// Numbers of the slots that are found by a term.
pub(super) const OF_TERM: &str = "SELECT n FROM found_by WHERE term = ?1";

/// The content that a slot shows, if it counts.
pub(super) const COUNTING: &str = "SELECT c.entry, c.signature, c.id
     FROM expenses x JOIN entries c ON c.n = x.content WHERE x.n = ?1 AND x.cancelled = 0";

/// The numbers that a query finds by an index alone, in the order in which the slots are stored.
pub(super) fn in_stored_order(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let numbers = statement.query_map(values, |row| row.get(0))?;
    let mut numbers: Vec<i64> = numbers.collect::<Result<_, _>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}
