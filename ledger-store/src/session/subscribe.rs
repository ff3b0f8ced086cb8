//! Subscribing to changes.

use std::collections::BTreeSet;

use ledger_core::GroupId;

use super::{Changes, GroupSession, Session};
use crate::StoreError;
use crate::database::GroupKey;

impl Session {
    /// Subscribes to changes of all groups, also of groups that come later.
    pub(crate) fn subscribe(&self) -> Result<Changes, StoreError> {
        let changes = self.cache().feed.subscribe(None);
        self.snapshot(|snapshot| {
            for (key, id) in snapshot.groups()? {
                let loaded = snapshot.ledger(key, id)?;
                self.cache().feed.begin(key, &loaded);
            }
            Ok(())
        })?;
        changes.open();
        Ok(changes)
    }

    /// Reads what other processes wrote, and notifies subscribers.
    pub(crate) fn refresh(&self) -> Result<(), StoreError> {
        self.snapshot(|snapshot| {
            // Taken before the first query, so that none of them is newer than the snapshot.
            let known: BTreeSet<(GroupKey, GroupId)> = {
                let cache = self.cache();
                let loaded = cache.ledgers.iter();
                let loaded = loaded.map(|(key, loaded)| (*key, loaded.ledger.group()));
                loaded.chain(cache.feed.notified_groups()).collect()
            };
            let there = snapshot.groups()?;
            for (key, id) in &there {
                snapshot.ledger(*key, *id)?;
            }
            let mut cache = self.cache();
            let gone = known.into_iter().filter(|known| !there.contains(known));
            gone.for_each(|(key, id)| cache.forget(key, id));
            Ok(())
        })
    }
}

impl GroupSession {
    /// Subscribes to changes of this group.
    pub(crate) fn subscribe(&self) -> Result<Changes, StoreError> {
        let changes = self.session.cache().feed.subscribe(Some(self.id));
        self.read(|_, loaded| {
            self.session.cache().feed.begin(self.key, loaded);
            Ok(())
        })?;
        changes.open();
        Ok(changes)
    }
}
