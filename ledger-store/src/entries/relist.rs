//! The lists of expenses of a database that an older version wrote, written anew.

use ledger_core::GroupId;
use rusqlite::{Connection, TransactionBehavior};

use super::load::load;
use super::projections::{ListWriter, listed};
use crate::StoreError;
use crate::database::GroupKey;

const WAITING: &str = "SELECT n, content, cancelled FROM unlisted WHERE grp = ?1 ORDER BY n";

/// Whether a migration left slots to be listed.
pub(crate) fn must_relist(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare("SELECT 1 FROM unlisted LIMIT 1")?.exists([])?)
}

/// Writes the rows of all slots that a migration left to be listed. Takes microseconds for each, once
/// after an update of the app; all of it or nothing is done.
pub(crate) fn relist(connection: &mut Connection) -> Result<(), StoreError> {
    let groups = |connection: &Connection| -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
        let mut statement = connection.prepare(
            "SELECT grp, id FROM groups g
             WHERE EXISTS (SELECT 1 FROM unlisted u WHERE u.grp = g.grp) ORDER BY grp",
        )?;
        let rows = statement
            .query_map([], |row| Ok((GroupKey(row.get(0)?), GroupId::from_bytes(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again inside of the transaction: another process may have done it meanwhile.
    for (group, id) in groups(&tx)? {
        let loaded = load(&tx, group, id, None, None)?;
        let mut lists = ListWriter::new(&tx, group);
        let mut statement = tx.prepare(WAITING)?;
        let mut rows = statement.query([group.0])?;
        while let Some(row) = rows.next()? {
            let content = row.get(1)?;
            let listed = listed(&tx, loaded.ledger.state(), content)?;
            lists.insert(row.get(0)?, content, row.get(2)?, listed)?;
        }
        lists.finish()?;
    }
    tx.execute("DELETE FROM unlisted", [])?;
    Ok(tx.commit()?)
}
