//! A backup: a copy of an open database.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::StoreError;
use crate::platform::files::{publish, sync_folder, unfinished, with_ending};
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
    let partial = Partial(unfinished(path, session.environment())?);
    let connections = session.connections();
    connections.apart(|apart| {
        apart.read(|source| {
            let mut target = connections.location().connect_copy(&partial.0)?;
            copy(source, &mut target, &mut session.stopped_by(progress))?;
            Ok(target.close().map_err(|(_, error)| error)?)
        })
    })?;
    // The file gets its name only when it is complete and durable.
    publish(&partial.0, path).and_then(|()| sync_folder(path)).map_err(io)
}

/// An unfinished file, removed when it is dropped. A finished file has another name by then.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Usually neither exists any more.
        let _ = std::fs::remove_file(with_ending(&self.0, "-journal"));
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
