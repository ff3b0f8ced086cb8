//! The database file: opening, encrypting, layout.

mod open;
mod schema;

pub(crate) use open::{open_existing, open_or_create, open_pair};

/// An empty database in memory, to look at plans.
#[cfg(test)]
pub(crate) fn in_memory() -> Result<rusqlite::Connection, crate::StoreError> {
    let mut connection = rusqlite::Connection::open_in_memory()?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}
