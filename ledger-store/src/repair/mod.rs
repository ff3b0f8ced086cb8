//! Saving what is sound in a damaged file into a new database.

mod build;
mod pages;
mod report;
mod saved;
mod scratch;

use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::saved::Saved;
use self::scratch::{Scratch, beside};
use crate::backup::publish;
use crate::database::{FileKey, Location};
use crate::environment::random;
use crate::progress::{Meter, OnProgress, Phase, Progress};
use crate::secrets::sync_folder;
use crate::{Environment, SecretStore, Store, StoreError, StoreOptions};

pub use report::{Cut, Repaired, RepairedGroup};

impl Store {
    /// Saves what is sound in a damaged file into a new database `to`, for all
    /// groups in it. The damaged file is only read; nobody may write to it
    /// meanwhile. A log beside it is part of it.
    ///
    /// Every page that checks out is read, whether or not a path of sound pages
    /// leads to it. What is saved of them is what was signed: entries whose
    /// signatures hold, and nothing that is derived from them. An entry behind
    /// one that is lost waits in the new database until another device sends
    /// that one; so do all entries of a group whose genesis entry is lost.
    ///
    /// The new database has a new key, and opens with the same secrets; devices
    /// and people keep their keys. If it is not [complete](Repaired::is_complete),
    /// take in what others have before anything is recorded on this device: its
    /// own last entries may be lost, and its chain would fork.
    ///
    /// `progress` may stop it; then, and when it fails, no file is left.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::ops::ControlFlow;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let secrets = Arc::new(MemorySecrets::new());
    /// # let store = Store::open_or_create(&path, secrets.clone())?;
    /// # let id = store.found_group("Flat", "Anna")?.id();
    /// # drop(store);
    /// let to = folder.path().join("repaired.db");
    /// let go_on = &mut |_| ControlFlow::Continue(());
    /// let repaired = Store::repair(&path, secrets.clone(), &to, go_on)?;
    /// assert!(repaired.is_complete());
    /// assert_eq!(Store::open(&to, secrets)?.groups()?[0].id, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Io`] if `to` exists; [`StoreError::WrongKey`] if the key
    /// is unknown, or the first 16 bytes, by which it is found, are damaged;
    /// [`StoreError::Cancelled`]; [`StoreError`] if the new file cannot be
    /// written. What is lost is no error, but in the result.
    pub fn repair(
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        to: &Path,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Repaired, StoreError> {
        StoreOptions::new().repair(path, secrets, to, progress)
    }
}

impl StoreOptions {
    /// As [`Store::repair`], for a database that is opened with these options;
    /// the new one is as well.
    ///
    /// # Errors
    /// As [`Store::repair`].
    pub fn repair(
        self,
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        to: &Path,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Repaired, StoreError> {
        let io = |source| StoreError::Io { path: to.to_owned(), source };
        if to.symlink_metadata().is_ok() {
            return Err(io(Error::from(ErrorKind::AlreadyExists)));
        }
        let key = Location::new(path, Arc::clone(&secrets), self.clone()).file_key()?;
        let workshop = Workshop::new(to, &*self.environment)?;
        let made = Location::new(&workshop.0.join("repaired.db"), secrets, self);
        let repaired = work(path, key, &workshop.0, &made, progress).and_then(|repaired| {
            publish(made.path(), to).and_then(|()| sync_folder(to)).map_err(io)?;
            Ok(repaired)
        });
        if repaired.is_err() {
            build::forget_key(&made);
        }
        repaired
    }
}

fn work(
    path: &Path,
    key: FileKey,
    folder: &Path,
    made: &Location,
    progress: OnProgress<'_>,
) -> Result<Repaired, StoreError> {
    let environment = &*made.options().environment;
    let scratch = Scratch::new(path, folder, key)?;
    let saved = Saved::new(&folder.join("saved.db"), environment)?;
    let mut meter = Meter::new(&mut *progress, Phase::Salvaging, scratch.pages)?;
    let hints = pages::salvage(&scratch, &saved, environment, &mut meter)?;
    meter.end();
    let mut repaired = Repaired::new(scratch.pages, &scratch.damaged);
    build::build(made, &saved, &hints, &mut repaired, progress)?;
    for id in hints.ids.difference(&hints.others) {
        // The genesis entry has the id of its group, which `groups` has as well.
        if !saved.has(id)? {
            repaired.lost.insert(*id);
        }
    }
    Ok(repaired)
}

/// A folder beside the new database, which is removed in the end.
struct Workshop(PathBuf);

impl Workshop {
    fn new(to: &Path, environment: &dyn Environment) -> Result<Self, StoreError> {
        let mut ending = String::from(".partial-");
        for byte in *random::<8>(environment)? {
            // Writing to a string cannot fail.
            let _ = write!(ending, "{byte:02x}");
        }
        let path = beside(to, &ending);
        std::fs::create_dir(&path)
            .map_err(|source| StoreError::Io { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What is in it is encrypted, and can be deleted by hand.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
