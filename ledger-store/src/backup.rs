//! A copy of an open database.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::environment::random;
use crate::progress::{OnProgress, Phase, Progress};
use crate::secrets::sync_folder;
use crate::{Store, StoreError};

/// Pages copied between two calls of the progress callback: a quarter
/// of a MiB.
const STEP: i32 = 64;

impl Store {
    /// Copies the database as it is now into a new file, while others read and
    /// write on. The copy is encrypted with the same key and is found under it,
    /// so it opens with the secrets of this store, and with no others: keep a
    /// copy of them, apart.
    ///
    /// `progress` is told of pages, and may stop it; then, and when it fails,
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
    /// # store.found_group("Flat", "Anna")?;
    /// let copy = folder.path().join("flat-2026-11-21.db");
    /// store.backup(&copy, &mut |_| ControlFlow::Continue(()))?;
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
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        if path.symlink_metadata().is_ok() {
            return Err(io(Error::from(ErrorKind::AlreadyExists)));
        }
        let mut name = path.as_os_str().to_owned();
        let mut ending = String::from(".partial-");
        for byte in *random::<8>(self.environment())? {
            // Writing to a string cannot fail.
            let _ = write!(ending, "{byte:02x}");
        }
        name.push(ending);
        let partial = Partial(name);
        self.connections().read_apart(|source| {
            let mut target = self.connections().location().connect_copy(&partial.path())?;
            copy(source, &mut target, &mut self.stopped_by(progress))?;
            Ok(target.close().map_err(|(_, error)| error)?)
        })?;
        publish(&partial.path(), path).and_then(|()| sync_folder(path)).map_err(io)
    }
}

/// A file that is removed in the end, unless it got another name.
struct Partial(OsString);

impl Partial {
    fn path(&self) -> PathBuf {
        PathBuf::from(&self.0)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let mut journal = self.0.clone();
        journal.push("-journal");
        // Mostly there is none of either.
        let _ = std::fs::remove_file(journal);
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Copies one snapshot: what is committed meanwhile is not in it, and does
/// not make the copy begin anew.
fn copy(
    source: &Connection,
    target: &mut Connection,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    // A transaction sees what was there when it first read.
    source.query_row("SELECT count(*) FROM groups", [], |_| Ok(()))?;
    let backup = Backup::new(source, target)?;
    loop {
        let step = backup.step(STEP)?;
        let pages = backup.progress();
        let done = pages.pagecount.saturating_sub(pages.remaining);
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        let (done, total) = (number(done), number(pages.pagecount));
        let told = progress(Progress { phase: Phase::BackingUp, done, total });
        match step {
            // The end is told, too; there is nothing left to stop.
            StepResult::Done => return Ok(()),
            StepResult::More if told.is_break() => return Err(StoreError::Cancelled),
            StepResult::More => {}
            _ => return Err(StoreError::Busy),
        }
    }
}

/// Gives a file its name, unless another file has it.
pub(crate) fn publish(partial: &Path, path: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(partial, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Ok(()) => Ok(()),
        // File systems without links, as on memory cards: the best there is.
        Err(_) if path.symlink_metadata().is_ok() => Err(Error::from(ErrorKind::AlreadyExists)),
        Err(_) => std::fs::rename(partial, path),
    }
}
