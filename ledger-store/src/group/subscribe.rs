//! Subscribing to changes.

use std::collections::BTreeSet;

use ledger_core::GroupId;

use super::{Group, GroupKey};
use crate::{Changes, Store, StoreError};

impl Store {
    /// Tells from now on what changes in any group, also in groups that come
    /// later.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn subscribe(&self) -> Result<Changes, StoreError> {
        let changes = self.memory().feed.subscribe(None);
        self.snapshot(|snapshot| {
            for (key, id) in snapshot.groups()? {
                let loaded = snapshot.ledger(key, id)?;
                self.memory().feed.begin(key, &loaded);
            }
            Ok(())
        })?;
        changes.open();
        Ok(changes)
    }

    /// Reads what other processes wrote, and tells subscribers. An app calls
    /// this when it comes to the foreground, or when another process of its
    /// own says that it wrote.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn refresh(&self) -> Result<(), StoreError> {
        self.snapshot(|snapshot| {
            // Known before the snapshot began, so none of them is too new for it.
            let known: BTreeSet<(GroupKey, GroupId)> = {
                let memory = self.memory();
                let loaded = memory.ledgers.iter();
                let loaded = loaded.map(|(key, loaded)| (*key, loaded.ledger.group()));
                loaded.chain(memory.feed.told_of()).collect()
            };
            let there = snapshot.groups()?;
            for (key, id) in &there {
                snapshot.ledger(*key, *id)?;
            }
            let mut memory = self.memory();
            let gone = known.into_iter().filter(|known| !there.contains(known));
            gone.for_each(|(key, id)| memory.forget(key, id));
            Ok(())
        })
    }
}

impl Group {
    /// Tells from now on what changes in this group.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn subscribe(&self) -> Result<Changes, StoreError> {
        let changes = self.store.memory().feed.subscribe(Some(self.id));
        self.look(|_, loaded| {
            self.store.memory().feed.begin(self.key, loaded);
            Ok(())
        })?;
        changes.open();
        Ok(changes)
    }
}
