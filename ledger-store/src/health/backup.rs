//! A backup: a copy of an open database.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::StoreError;
use crate::platform::environment::random;
use crate::platform::files::{publish, sync_folder};
use crate::platform::progress::{OnProgress, Phase, Progress};
use crate::session::Session;

/// Pages copied between two calls of the progress callback: a quarter of a MiB.
const STEP: i32 = 64;

pub(super) fn backup(
    session: &Session,
    path: &Path,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    if path.symlink_metadata().is_ok() {
        return Err(io(Error::from(ErrorKind::AlreadyExists)));
    }
    let mut name = path.as_os_str().to_owned();
    let mut ending = String::from(".partial-");
    for byte in *random::<8>(session.environment())? {
        // Writing to a string cannot fail.
        let _ = write!(ending, "{byte:02x}");
    }
    name.push(ending);
    let partial = Partial(name);
    session.connections().read_apart(|source| {
        let mut target = session.connections().location().connect_copy(&partial.path())?;
        copy(source, &mut target, &mut session.stopped_by(progress))?;
        Ok(target.close().map_err(|(_, error)| error)?)
    })?;
    // The file gets its name only when it is complete and durable.
    publish(&partial.path(), path).and_then(|()| sync_folder(path)).map_err(io)
}

/// An unfinished file, removed when it is dropped. A finished file has another name by then.
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
        // Usually neither exists any more.
        let _ = std::fs::remove_file(journal);
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Copies one snapshot: what is committed meanwhile is not in it, and does not restart the copy.
fn copy(
    source: &Connection,
    target: &mut Connection,
    progress: OnProgress<'_>,
) -> Result<(), StoreError> {
    // The first query fixes the snapshot of the transaction.
    source.query_row("SELECT count(*) FROM groups", [], |_| Ok(()))?;
    let backup = Backup::new(source, target)?;
    loop {
        let step = backup.step(STEP)?;
        let pages = backup.progress();
        let done = pages.pagecount.saturating_sub(pages.remaining);
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        let (done, total) = (number(done), number(pages.pagecount));
        let decision = progress(Progress { phase: Phase::BackingUp, done, total });
        match step {
            // The end is reported as well; there is nothing left to stop.
            StepResult::Done => return Ok(()),
            StepResult::More if decision.is_break() => return Err(StoreError::Cancelled),
            StepResult::More => {}
            _ => return Err(StoreError::Busy),
        }
    }
}
