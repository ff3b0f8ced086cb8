//! The database file: opening, encrypting, layout.

mod connections;
mod key;
mod memory;
mod migrations;
mod open;
mod rekey;
mod schema;

pub(crate) use connections::Connections;
pub(crate) use key::FileKey;
pub(crate) use open::{Location, PAGE_BYTES};

/// An empty database in memory, to look at plans.
#[cfg(test)]
pub(crate) fn in_memory() -> Result<rusqlite::Connection, crate::StoreError> {
    open::settle(rusqlite::Connection::open_in_memory()?, &crate::StoreOptions::new())
}
