//! Files that people hand to each other.

use std::fs::{File, OpenOptions, remove_file};
use std::io::BufWriter;

use crate::error::LedgerError;

/// Writes a new file: `write_content` gets it, and if that fails, no file is left.
pub(crate) fn create_file<T>(
    path: &str,
    write_content: impl FnOnce(&mut BufWriter<File>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.map_err(|error| LedgerError::file(path, &error))?;
    let written = write_content(&mut BufWriter::new(file));
    if written.is_err() {
        // The caller needs to know why writing failed, not why removing did.
        let _ = remove_file(path);
    }
    written
}

/// Opens a file for reading.
pub(crate) fn open_file(path: &str) -> Result<File, LedgerError> {
    File::open(path).map_err(|error| LedgerError::file(path, &error))
}
