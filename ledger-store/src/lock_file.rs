//! Taking turns with other processes where there is no database to do it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long to wait before looking again.
pub(crate) const PAUSE: Duration = Duration::from_millis(2);

/// A locked file beside another one. The lock goes with the process at the
/// latest; the file stays.
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    /// None on a file system that cannot lock.
    _locked: Option<File>,
}

impl LockFile {
    /// Waits for the lock of the file at `path`, which may be missing.
    ///
    /// # Errors
    /// `TimedOut` if another process holds it for longer than `limit`; otherwise
    /// what the system says.
    pub(crate) fn beside(path: &Path, limit: Duration) -> Result<Self, Error> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { path, _locked: Some(file) }),
                Err(TryLockError::WouldBlock) if start.elapsed() < limit => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(ErrorKind::TimedOut.into()),
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Ok(Self { path, _locked: None });
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Removes the file, too. Whoever waits for it gets a lock that nobody who
    /// comes later knows: only when there is nothing left to take turns for.
    pub(crate) fn remove(self) {
        // If it stays, it is in nobody's way.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_and_others_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing");
        let one = LockFile::beside(&path, Duration::ZERO).unwrap();
        let error = LockFile::beside(&path, Duration::from_millis(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| LockFile::beside(&path, Duration::from_secs(60)).unwrap());
            drop(one);
            waits.join().unwrap().remove();
        });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
