//! Checking the history of a group and a whole database, and rebuilding what is derived.

use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::GroupId;
use rusqlite::{Connection, TransactionBehavior};

use super::{DatabaseCheck, Verification, audit};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::Ingested;
use crate::entries::load::load;
use crate::platform::progress::OnProgress;
use crate::session::{GroupSession, Session, groups};

pub(super) fn verify_history(
    group: &GroupSession,
    progress: OnProgress<'_>,
) -> Result<Verification, StoreError> {
    let session = &group.session;
    session.snapshot_apart(|snapshot| {
        let connection = snapshot.connection();
        let shown = load(connection, group.key, group.id, None, None);
        let shown = shown.map(|loaded| loaded.ledger);
        let (environment, mut progress) = (session.environment(), session.stopped_by(progress));
        let found =
            audit::audit(connection, group.key, group.id, shown, environment, &mut progress);
        let mut found = found?;
        found.problems.extend(audit::check_file(connection)?);
        Ok(found)
    })
}

pub(super) fn check_database(
    session: &Session,
    progress: OnProgress<'_>,
) -> Result<DatabaseCheck, StoreError> {
    session.snapshot_apart(|snapshot| {
        let (connection, mut progress) = (snapshot.connection(), session.stopped_by(progress));
        let mut found = DatabaseCheck { groups: Vec::new(), file: Vec::new() };
        for (key, id) in snapshot.groups()? {
            let shown = load(connection, key, id, None, None).map(|loaded| loaded.ledger);
            let environment = session.environment();
            let group = audit::audit(connection, key, id, shown, environment, &mut progress)?;
            found.groups.push((id, group));
        }
        found.file = audit::check_file(connection)?;
        Ok(found)
    })
}

/// Derives the rows anew of each group of which a migration found that an older version may have
/// derived them by other rules. Once after an update of the app, and each group in one transaction:
/// stopped or failed, the next opening does it.
///
/// A group whose entries are not sound stays as it is. Loading it gives the error; the other groups do
/// not depend on it.
pub(crate) fn derive_anew(session: &Arc<Session>) -> Result<(), StoreError> {
    let groups = session.read(underived)?;
    if !groups.is_empty() && session.connections().is_read_only() {
        return Err(StoreError::ReadOnlyOlder);
    }
    for (key, id) in groups {
        match derive_group_anew(session, key, id) {
            Ok(())
            | Err(
                StoreError::Damaged(_) | StoreError::EarlierDraft { .. } | StoreError::Refused(_),
            ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn derive_group_anew(session: &Arc<Session>, key: GroupKey, id: GroupId) -> Result<(), StoreError> {
    let is_derived = session.write(|connection| {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have done it meanwhile.
        if !underived(&tx)?.contains(&(key, id)) {
            return Ok(false);
        }
        let go_on = &mut |_| ControlFlow::Continue(());
        audit::rewrite(&tx, key, id, session.environment(), go_on)?;
        tx.commit()?;
        Ok(true)
    })?;
    if is_derived {
        admit_what_waits_for_nothing(session, id)?;
    }
    Ok(())
}

/// The groups whose rows are to be derived anew.
fn underived(connection: &Connection) -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
    let mut statement =
        connection.prepare("SELECT grp, id FROM underived JOIN groups USING (grp) ORDER BY grp")?;
    let rows = statement
        .query_map([], |row| Ok((GroupKey(row.get(0)?), GroupId::from_bytes(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn rebuild_indexes(
    session: &Arc<Session>,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    let groups = session.write(|connection| {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        audit::clear(&tx)?;
        // An SQLite index that disagrees with its table is derived as well.
        tx.execute_batch("REINDEX")?;
        let groups = groups(&tx)?;
        for (key, id) in &groups {
            audit::rewrite(&tx, *key, *id, session.environment(), progress)?;
        }
        tx.commit()?;
        // While the permit is held: no other writer may go on from what was in memory before. The
        // waiting entries there do not notice this commit, as it is of the writer itself.
        let dropped = session.cache().clear();
        drop(dropped);
        Ok(groups)
    })?;
    for (_, id) in groups {
        admit_what_waits_for_nothing(session, id)?;
    }
    Ok(())
}

/// Admits the entries that turned out to wait for nothing: any ingest does, also an empty one.
fn admit_what_waits_for_nothing(session: &Arc<Session>, id: GroupId) -> Result<(), StoreError> {
    let call = session.cancellations().begin();
    session.group(id)?.admit_batch(Vec::new(), Ingested::default(), &call, |_, _| Ok(()))?;
    Ok(())
}
