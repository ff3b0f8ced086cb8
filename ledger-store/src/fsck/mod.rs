//! Checking a whole database, and writing anew what can be.

mod problem;

use std::ops::ControlFlow;

use ledger_core::GroupId;
use rusqlite::TransactionBehavior;

pub use problem::{Problem, Remedy, Table};

use crate::group::{audit, load_ledger};
use crate::progress::Progress;
use crate::snapshot::groups;
use crate::{Store, StoreError, Verification};

/// What a check of a whole database found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fsck {
    /// What was found in each group.
    pub groups: Vec<(GroupId, Verification)>,
    /// What is wrong with the file as such.
    pub file: Vec<Problem>,
}

impl Fsck {
    /// Everything that was found.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.groups.iter().flat_map(|(_, found)| &found.problems).chain(&self.file)
    }

    /// What helps against all of it; none if all is well.
    #[must_use]
    pub fn remedy(&self) -> Option<Remedy> {
        self.problems().map(|problem| problem.remedy).max()
    }
}

impl Store {
    /// Checks everything: works out anew, for every group, what its entries
    /// mean, and compares every table with that; every page of the file; every
    /// signature. Changes nothing, and others may read and write meanwhile.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::ops::ControlFlow;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
    /// # store.found_group("Flat", "Anna")?;
    /// let found = store.fsck(&mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(found.remedy(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if `progress` stopped it;
    /// [`StoreError::Damaged`] if a page that is needed does not check out:
    /// [`Store::repair`] saves the rest. What is merely wrong is in the result.
    pub fn fsck(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fsck, StoreError> {
        self.snapshot_apart(|snapshot| {
            let (connection, mut progress) = (snapshot.connection(), self.stopped_by(progress));
            let mut found = Fsck { groups: Vec::new(), file: Vec::new() };
            for (key, id) in snapshot.groups()? {
                let shown =
                    load_ledger(connection, key, id, None, None).map(|loaded| loaded.ledger);
                let environment = self.environment();
                let of_group =
                    audit::audit(connection, key, id, shown, environment, &mut progress)?;
                found.groups.push((id, of_group));
            }
            found.file = audit::check_file(connection)?;
            Ok(found)
        })
    }

    /// Writes everything anew that is derived from the entries: verdicts,
    /// lists, words, histories, checkpoints. One transaction: stopped or
    /// failed, nothing has changed. Nobody else can write meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if entries are not sound, which this cannot help:
    /// see [`Store::repair`]; [`StoreError::Cancelled`] if `progress` stopped
    /// it; [`StoreError`] if the database cannot be written.
    pub fn repair_derived(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let groups = self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            audit::clear(&tx)?;
            // An index that disagrees with its table is derived, too.
            tx.execute_batch("REINDEX")?;
            let groups = groups(&tx)?;
            for (key, id) in &groups {
                audit::rewrite(&tx, *key, *id, self.environment(), progress)?;
            }
            tx.commit()?;
            Ok(groups)
        })?;
        self.release_memory()?;
        for (_, id) in groups {
            // What waited for nothing gets in.
            self.group(id)?.ingest_verified(Vec::new())?;
        }
        Ok(())
    }
}
