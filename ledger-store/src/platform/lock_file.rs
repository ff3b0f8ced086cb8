//! A lock between processes, for times when there is no database that could lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Pause between two attempts to get a lock.
pub(crate) const PAUSE: Duration = Duration::from_millis(2);

/// A locked file beside another file, removed when it is dropped. A process that dies unlocks it,
/// and leaves the file to the next process.
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    /// The open file; none on a file system that cannot lock.
    locked: Option<File>,
}

impl LockFile {
    /// Waits for the lock of the file at `path`, which may be missing.
    ///
    /// # Errors
    /// `TimedOut` if another process holds the lock for longer than `limit`; otherwise the error of
    /// the system.
    pub(crate) fn beside(path: &Path, limit: Duration) -> Result<Self, Error> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let start = Instant::now();
        loop {
            let file = open(&path)?;
            match file.try_lock() {
                // If the name leads to another file by now, the process that had the lock removed
                // this one: others lock the new file.
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, locked: Some(file) }),
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Ok(Self { path, locked: None });
                }
                Err(TryLockError::Error(error)) => return Err(error),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
            }
            if start.elapsed() >= limit {
                return Err(ErrorKind::TimedOut.into());
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Only where `is_at` can notice the removal.
        if cfg!(unix) && self.locked.is_some() {
            // A file that stays does no harm.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether the open file still has this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |found: std::fs::Metadata| (found.dev(), found.ino());
    file.metadata().map(place).is_ok_and(|here| {
        std::fs::symlink_metadata(path).map(place).is_ok_and(|there| here == there)
    })
}

/// Always true: on these systems no process removes the file.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn one_has_it_and_others_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing");
        let one = LockFile::beside(&path, Duration::ZERO).unwrap();
        let error = LockFile::beside(&path, Duration::from_millis(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let inside = AtomicU32::new(1);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let lock = LockFile::beside(&path, Duration::from_secs(60)).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "alone");
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(one);
        });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
