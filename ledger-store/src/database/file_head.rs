//! The beginning of a database file, and files that are refused by it.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::cipher::Salt;
use crate::StoreError;
use crate::platform::files::with_ending;

/// Bytes of a page: the default of SQLCipher.
pub(crate) const PAGE_BYTES: u64 = 4096;

/// The beginning of a file.
pub(super) enum Head {
    /// The salt.
    Salt(Salt),
    /// A readable header of SQLite; the rest is encrypted.
    Plaintext,
}

/// Refuses a log without its database: SQLite would delete the log, and with it what might be put
/// together again.
pub(super) fn refuse_lost(path: &Path) -> Result<(), StoreError> {
    let log = with_ending(path, "-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let found = format!(
            "the file is gone, but its log {} is there: put the file back beside it, or move the \
             log away",
            log.display()
        );
        return Err(StoreError::Damaged(found));
    }
    Ok(())
}

/// Refuses a file whose last page is incomplete: SQLite rounds the size up, and would notice that
/// only when it reads the page. With a write-ahead log beside it, the end of an undamaged file may
/// be incomplete.
pub(super) fn refuse_cut_short(path: &Path) -> Result<(), StoreError> {
    let log = with_ending(path, "-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len().is_multiple_of(PAGE_BYTES) {
        return Ok(());
    }
    Err(StoreError::Damaged("the file is cut short".to_owned()))
}

/// The beginning of a file; none if the file is missing or empty.
pub(super) fn read_head(path: &Path) -> Result<Option<Head>, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if file.metadata().map_err(io)?.len() == 0 {
        return Ok(None);
    }
    let cut_short = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => StoreError::Damaged("the file is cut short".to_owned()),
        _ => io(error),
    };
    let mut salt = Salt::default();
    file.read_exact(&mut salt).map_err(cut_short)?;
    if salt != *b"SQLite format 3\0" {
        return Ok(Some(Head::Salt(salt)));
    }
    // Page size (2 bytes), versions (2), bytes kept free at the end of each page, which a cipher
    // needs (1).
    let mut rest = [0; 5];
    file.read_exact(&mut rest).map_err(cut_short)?;
    if let [.., 0] = rest {
        return Err(StoreError::Damaged("the file is an SQLite database without a cipher".into()));
    }
    Ok(Some(Head::Plaintext))
}
