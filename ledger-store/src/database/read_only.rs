//! Opening a database that can only be read: on a read-only medium, in a folder of somebody else, or
//! because the app asks for it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::platform::files::with_ending;

/// Opens a file for reading, by a function that unlocks it.
///
/// Without a log beside it, the file is opened as one that nobody changes: otherwise SQLite would make
/// files beside it even to read. With a log, SQLite needs the file that belongs to it.
pub(super) fn connect(
    path: &Path,
    unlock: impl Fn(&Path, OpenFlags) -> Result<Connection, StoreError>,
) -> Result<Connection, StoreError> {
    let log = with_ending(path, "-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    if !fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return unlock(&immutable(path), flags | OpenFlags::SQLITE_OPEN_URI);
    }
    let connection = unlock(path, flags)?;
    match connection.query_row("PRAGMA schema_version", [], |_| Ok(())).map_err(Into::into) {
        Ok(()) => Ok(connection),
        Err(StoreError::ReadOnly | StoreError::CannotOpen) => Err(StoreError::ReadOnlyLog(log)),
        Err(error) => Err(error),
    }
}

/// Whether no file can be made beside a file. SQLite says only that a file cannot be opened, which a
/// lack of file descriptors can bring about, too.
pub(super) fn is_folder_read_only(path: &Path) -> bool {
    let probe = with_ending(path, ".probe");
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            // A file that stays does no harm.
            let _ = fs::remove_file(&probe);
            false
        }
        Err(error) => {
            matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
        }
    }
}

/// The address of a file that nobody changes.
fn immutable(path: &Path) -> PathBuf {
    let mut address = String::from("file:");
    for byte in bytes_of(path) {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b':' => address.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => address.push(char::from(byte)),
            _ => address.push_str(&format!("%{byte:02x}")),
        }
    }
    address.push_str("?immutable=1");
    PathBuf::from(address)
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes().to_vec()
}

/// A path with a drive begins with `/` in an address.
#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    let text = path.to_string_lossy().replace('\\', "/");
    let has_drive = text.as_bytes().get(1) == Some(&b':');
    if has_drive { format!("/{text}").into_bytes() } else { text.into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_gives_a_meaning_is_escaped() {
        let path = Path::new("/a b/50%?x=1#é.db");
        let address = immutable(path);
        assert_eq!(address, Path::new("file:/a%20b/50%25%3fx%3d1%23%c3%a9.db?immutable=1"));
    }
}
