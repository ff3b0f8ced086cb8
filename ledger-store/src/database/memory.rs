//! A database that is never written to a disk, for unit tests and previews.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;

/// Number of the next database in memory, so that each has another name.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A database in memory that several connections of this process share. It has no cipher, because
/// nobody else can read it, and no log beside it: a commit waits for readers.
pub(super) struct Memory {
    name: String,
    /// Keeps the database alive: it is gone when its last connection closes.
    _anchor: Mutex<Connection>,
}

impl Memory {
    pub(super) fn new() -> Result<Self, StoreError> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("file:/ledger-{number}?vfs=memdb");
        let anchor = open(&name)?;
        Ok(Self { name, _anchor: Mutex::new(anchor) })
    }

    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        open(&self.name)
    }
}

fn open(name: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(name, flags)?)
}
