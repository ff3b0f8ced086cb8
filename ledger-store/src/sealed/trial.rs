//! Keys on trial, and the topics that entries of a group name.
//!
//! Anybody who knows a device's X25519 key can hand it keys without end. A key that no epoch entry
//! names, and under which nothing came, is junk; few of them are kept.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::GroupId;
use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::seal::Topic;
use rusqlite::Connection;

use crate::StoreError;
use crate::database::GroupKey;

/// Most keys on trial in one group; the oldest give way.
pub(super) const MAX_TRIALS: usize = 8;

/// The topics that the applied epoch entries of a group name.
pub(super) fn named_topics(
    connection: &Connection,
    group: GroupKey,
) -> Result<BTreeSet<Topic>, StoreError> {
    topics(
        connection,
        "SELECT entry FROM entries WHERE grp = ?1 AND kind = 23 AND verdict = 0",
        group,
    )
}

/// The topics of all groups of the database but one, as far as their keys are here; without those of
/// that group.
pub(super) fn topics_of_groups(
    connection: &Connection,
    except: Option<GroupKey>,
) -> Result<BTreeMap<Topic, GroupId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT topic, id FROM epochs JOIN groups USING (grp)
         WHERE grp IS NOT ?1 AND topic NOT IN (SELECT topic FROM epochs WHERE grp = ?1)",
    )?;
    let rows = statement.query_map([except.map(|group| group.0)], |row| {
        Ok((Topic::from_bytes(row.get(0)?), GroupId::from_bytes(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Drops keys under which nothing came and that no epoch entry names, admitted or waiting, but for
/// the newest few.
pub(super) fn drop_junk_keys(connection: &Connection, group: GroupKey) -> Result<(), StoreError> {
    let mut unused = connection.prepare_cached(
        "SELECT e, topic FROM epochs WHERE grp = ?1
             AND NOT EXISTS (SELECT 1 FROM sealed WHERE epoch = e)
             AND e NOT IN (SELECT epoch FROM came_under)
             AND e NOT IN (SELECT before FROM leaving WHERE before IS NOT NULL)
         ORDER BY e DESC",
    )?;
    let unused: Vec<(i64, Topic)> = unused
        .query_map([group.0], |row| Ok((row.get(0)?, Topic::from_bytes(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    if unused.len() <= MAX_TRIALS {
        return Ok(());
    }
    let admitted = "SELECT entry FROM entries WHERE grp = ?1 AND kind = 23";
    let mut named = topics(connection, admitted, group)?;
    named.extend(topics(connection, "SELECT entry FROM pending WHERE grp = ?1", group)?);
    let on_trial = unused.iter().filter(|(_, topic)| !named.contains(topic));
    let mut delete = connection.prepare_cached("DELETE FROM epochs WHERE e = ?1")?;
    for (e, _) in on_trial.skip(MAX_TRIALS) {
        delete.execute([e])?;
    }
    Ok(())
}

/// The topics of the epoch entries among those of a query.
fn topics(
    connection: &Connection,
    query: &str,
    group: GroupKey,
) -> Result<BTreeSet<Topic>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([group.0])?;
    let mut topics = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let entry = DecodedEntry::decode(bytes, &[0; 64])?;
        // A later version's epoch entry says nothing to this one.
        if let Payload::Epoch(epoch) = entry.payload() {
            topics.insert(epoch.topic());
        }
    }
    Ok(topics)
}
