//! Files that people hand to each other.

use std::fs::{File, OpenOptions, remove_file};
use std::io::BufWriter;

use crate::LedgerError;

/// Writes a file that is not there yet. If that fails, none is left.
pub(crate) fn writing<T>(
    path: &str,
    work: impl FnOnce(&mut BufWriter<File>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.map_err(|error| LedgerError::file(path, &error))?;
    let written = work(&mut BufWriter::new(file));
    if written.is_err() {
        // What it failed by is what the caller has to know.
        let _ = remove_file(path);
    }
    written
}

/// Opens a file to be read.
pub(crate) fn reading(path: &str) -> Result<File, LedgerError> {
    File::open(path).map_err(|error| LedgerError::file(path, &error))
}
