//! The maintenance of a database, for apps.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::{DatabaseCheck, Verification, backup, check, support};
use crate::StoreError;
use crate::platform::progress::Progress;
use crate::session::{GroupSession, Session};

/// Maintenance of a whole database. Borrowed from a `Store`.
#[derive(Clone, Copy)]
pub struct Maintenance<'a> {
    session: &'a Arc<Session>,
}

impl<'a> Maintenance<'a> {
    pub(crate) fn new(session: &'a Arc<Session>) -> Self {
        Self { session }
    }

    /// Copies the database as it is now into a new file, while others read and
    /// write on. The copy is encrypted with the same key and is found under it,
    /// so it opens with the secrets of this store, and with no others: keep a
    /// copy of them, apart.
    ///
    /// `progress` counts pages, and may stop the copy; then, and when it fails,
    /// no file is left. The file has its name only when it is complete and
    /// durable. A crash can leave one whose name ends in `.partial-` and some
    /// digits, which can be deleted.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::ops::ControlFlow;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let secrets = Arc::new(MemorySecrets::new());
    /// # let store = Store::open_or_create(&path, secrets.clone())?;
    /// # store.create_group("Flat", "Anna")?;
    /// let copy = folder.path().join("flat-2026-11-21.db");
    /// store.maintenance().backup(&copy, &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(Store::open(&copy, secrets)?.groups()?, store.groups()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Io`] if `path` exists already, which is left as it is;
    /// [`StoreError::Cancelled`] if it was stopped; [`StoreError::DiskFull`];
    /// [`StoreError`] if the database cannot be read.
    pub fn backup(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        backup::backup(self.session, path, progress)
    }

    /// Encrypts the file anew with a fresh key, for when another person may know the old
    /// one. Takes as long as writing the whole file twice; the store is suspended
    /// meanwhile, as by `Store::suspend`.
    ///
    /// If the process ends meanwhile, the file opens again with what the secret
    /// store holds, with the old key or the new one; after a loss of power that
    /// rests on SQLite's journal, and is not tested. In the end the old key is
    /// forgotten: backups from before do not open with these secrets any
    /// more, so make a new one. A database in memory has no key, and stays as it is.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let secrets = Arc::new(MemorySecrets::new());
    /// # let store = Store::open_or_create(&path, secrets.clone())?;
    /// # store.create_group("Flat", "Anna")?;
    /// let stolen = folder.path().join("stolen.db");
    /// std::fs::copy(&path, &stolen)?;
    /// store.maintenance().rekey()?;
    /// assert_eq!(store.groups()?.len(), 1);
    /// assert!(Store::open(&stolen, secrets).is_err(), "under the old key");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has the file open, or a call of
    /// this one does not end in time; [`StoreError::Suspended`] if the store is;
    /// [`StoreError`] if file or secrets cannot be written. The store goes on in
    /// each case.
    pub fn rekey(&self) -> Result<(), StoreError> {
        self.session.rekey()
    }

    /// Checks the whole database: the meaning of all entries of every group, worked out anew and
    /// compared with every table; every page of the file; every signature. Changes nothing, and
    /// others may read and write meanwhile.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::ops::ControlFlow;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
    /// # store.create_group("Flat", "Anna")?;
    /// let check = store.maintenance().check_database(&mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(check.remedy(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if `progress` stopped it;
    /// [`StoreError::Damaged`] if a page that is needed does not check out:
    /// `Store::salvage_database` saves the rest. What is merely wrong is in the result.
    pub fn check_database(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<DatabaseCheck, StoreError> {
        check::check_database(self.session, progress)
    }

    /// Rebuilds everything that is derived from the entries: verdicts, lists, words, histories,
    /// checkpoints. One transaction: stopped or failed, nothing has changed. Nobody else can
    /// write meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if entries are not sound, which this cannot help:
    /// see `Store::salvage_database`; [`StoreError::Cancelled`] if `progress` stopped
    /// it; [`StoreError`] if the database cannot be written.
    pub fn rebuild_indexes(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        check::rebuild_indexes(self.session, progress)
    }

    /// A text about the database for the person who helps with a problem: versions,
    /// sizes, counts, verdicts, how long opening takes. It has no names, words,
    /// amounts, dates, keys or ids; groups are numbered in their order here.
    /// Lines of `what: value`; not a format for programs.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read. A group that cannot be
    /// opened is in the text as such.
    pub fn support_dump(&self) -> Result<String, StoreError> {
        support::support_dump(self.session)
    }

    /// Releases memory that only makes the next call faster, for when the system says that
    /// memory is low. Waits for nobody.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used.
    pub fn release_memory(&self) -> Result<(), StoreError> {
        self.session.release_memory()
    }
}

/// Maintenance of one group. Borrowed from a `Group`.
#[derive(Clone, Copy)]
pub struct GroupMaintenance<'a> {
    group: &'a GroupSession,
}

impl<'a> GroupMaintenance<'a> {
    pub(crate) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// Verifies every hash, signature, link and rule again from the stored
    /// bytes, that everything derived from them agrees, and every page of the
    /// file. Changes nothing. Entries are read a batch at a time, so it works
    /// on groups that do not fit into memory; others may read and write
    /// meanwhile.
    ///
    /// `progress` counts entries, and may stop the verification.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped, or [`StoreError`] if the
    /// database cannot be read at all. What is merely wrong in it is in
    /// [`Verification::problems`].
    pub fn verify_history(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Verification, StoreError> {
        check::verify_history(self.group, progress)
    }
}
