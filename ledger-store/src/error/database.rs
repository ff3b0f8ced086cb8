//! The error of the database.

use std::fmt;

/// A failure of SQLite that has no case of its own in [`StoreError`](super::StoreError). Opaque:
/// only its text is public, because the version of SQLite behind it may change.
#[derive(Debug)]
pub struct DatabaseError(rusqlite::Error);

impl DatabaseError {
    pub(super) fn new(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for DatabaseError {}
