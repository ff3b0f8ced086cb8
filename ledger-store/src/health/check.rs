//! Checking the history of a group and a whole database, and rebuilding what is derived.

use std::ops::ControlFlow;
use std::sync::Arc;

use rusqlite::TransactionBehavior;

use super::{DatabaseCheck, Verification, audit};
use crate::StoreError;
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

/// Derives all rows anew if a migration found that an older version may have derived them by other
/// rules: it did not know the kinds of some entries. Once after an update of the app, and then in one
/// transaction: stopped or failed, the next opening does it.
pub(crate) fn derive_anew(session: &Arc<Session>) -> Result<(), StoreError> {
    let is_due = session.snapshot_apart(|snapshot| {
        let mut due = snapshot.connection().prepare("SELECT 1 FROM underived LIMIT 1")?;
        Ok(due.exists([])?)
    })?;
    if !is_due {
        return Ok(());
    }
    let derived = rebuild_indexes(session, &mut |_| ControlFlow::Continue(()));
    let Err(StoreError::Damaged(found)) = derived else { return derived };
    // Loading tells entries of an earlier draft from damaged ones.
    session.snapshot_apart(|snapshot| {
        for (key, id) in snapshot.groups()? {
            load(snapshot.connection(), key, id, None, None)?;
        }
        Ok(())
    })?;
    Err(StoreError::Damaged(found))
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
        // Entries that turned out to wait for nothing are admitted by any ingest, also an empty one.
        session.group(id)?.admit_batch(Vec::new(), Ingested::default(), |_, _| Ok(()))?;
    }
    Ok(())
}
