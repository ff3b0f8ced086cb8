//! Files that people hand to each other.

use std::fs::{File, OpenOptions, hard_link, remove_file, rename};
use std::io::{BufWriter, Error, ErrorKind, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::LedgerError;

/// Writes a new file: `write_content` gets it, and if that fails, no file is left. The file has its name
/// only when it is complete; before, it stands beside it. A file that exists is refused.
pub(crate) fn create_file<T>(
    path: &str,
    write_content: impl FnOnce(&mut BufWriter<File>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let failed = |error: Error| LedgerError::file(path, &error);
    // Also a link that leads nowhere.
    if Path::new(path).symlink_metadata().is_ok() {
        return Err(failed(ErrorKind::AlreadyExists.into()));
    }
    let beside = beside(path);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside).map_err(failed)?;
    let mut file = BufWriter::new(file);
    let written = write_content(&mut file).and_then(|written| {
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed)?;
        give_name(&beside, path).map_err(failed)?;
        Ok(written)
    });
    // The caller needs to know why writing failed, not why removing did.
    let _ = remove_file(&beside);
    written
}

/// A name beside a file that no other call of this process uses.
fn beside(path: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{path}.{}-{number}.partial", std::process::id())
}

/// Gives a complete file its name, unless another file has it by now.
fn give_name(beside: &str, path: &str) -> Result<(), Error> {
    match hard_link(beside, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no links, as FAT and parts of Android's storage.
        Err(_) if Path::new(path).symlink_metadata().is_ok() => {
            Err(ErrorKind::AlreadyExists.into())
        }
        Err(_) => rename(beside, path),
    }
}

/// Opens a file for reading.
pub(crate) fn open_file(path: &str) -> Result<File, LedgerError> {
    File::open(path).map_err(|error| LedgerError::file(path, &error))
}
