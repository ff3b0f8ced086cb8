//! Subscribing to changes.

use std::collections::BTreeSet;

use ledger_core::GroupId;
use rusqlite::Connection;

use super::handle::load;
use super::{Group, GroupKey};
use crate::store::Inner;
use crate::{Changes, Store, StoreError};

impl Store {
    /// Tells from now on what changes in any group, also in groups that come
    /// later.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn subscribe(&self) -> Result<Changes, StoreError> {
        let mut inner = self.lock();
        let groups = groups(&inner.connection)?;
        begin(&mut inner, &groups)?;
        Ok(inner.feed.subscribe(None))
    }

    /// Reads what other processes wrote, and tells subscribers. An app calls
    /// this when it comes to the foreground, or when another process of its
    /// own says that it wrote.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn refresh(&self) -> Result<(), StoreError> {
        for id in self.group_ids()? {
            match self.group(id).and_then(|group| group.ledger()) {
                // Deleted meanwhile.
                Ok(_) | Err(StoreError::UnknownGroup(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let mut inner = self.lock();
        let there = groups(&inner.connection)?;
        let gone: Vec<(GroupKey, GroupId)> = inner
            .ledgers
            .iter()
            .map(|(key, loaded)| (*key, loaded.ledger.group()))
            .chain(inner.feed.told_of())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter(|known| !there.contains(known))
            .collect();
        gone.into_iter().for_each(|(key, id)| inner.forget(key, id));
        Ok(())
    }
}

impl Group {
    /// Tells from now on what changes in this group.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn subscribe(&self) -> Result<Changes, StoreError> {
        let mut inner = self.store.lock();
        begin(&mut inner, &[(self.key, self.id)])?;
        Ok(inner.feed.subscribe(Some(self.id)))
    }
}

fn groups(connection: &Connection) -> Result<Vec<(GroupKey, GroupId)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT grp, id FROM groups ORDER BY grp")?;
    let rows = statement
        .query_map([], |row| Ok((GroupKey(row.get(0)?), GroupId::from_bytes(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn begin(inner: &mut Inner, groups: &[(GroupKey, GroupId)]) -> Result<(), StoreError> {
    inner.feed.forget_if_unwatched();
    let tx = inner.connection.unchecked_transaction()?;
    for (key, id) in groups {
        let loaded = load(&tx, *key, *id, inner.ledgers.get(key).cloned())?;
        inner.feed.begin(*key, &loaded);
        inner.ledgers.insert(*key, loaded);
    }
    tx.commit()?;
    Ok(())
}
