//! The database file: opening, encrypting, layout.

mod cipher;
mod connections;
mod file_head;
mod key;
mod memory;
mod migrations;
mod open;
mod read_only;
mod rekey;
mod schema;
mod settings;
mod stored_keys;

pub(crate) use connections::{Apart, Connections};
pub(crate) use file_head::PAGE_BYTES;
pub(crate) use key::FileKey;
pub(crate) use open::Location;
pub(crate) use settings::Settings;

/// The number of a group in the table `groups`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) i64);

/// An empty database in memory, to look at query plans.
#[cfg(test)]
pub(crate) fn in_memory() -> Result<rusqlite::Connection, crate::StoreError> {
    open::configure(rusqlite::Connection::open_in_memory()?, &Settings::default())
}
