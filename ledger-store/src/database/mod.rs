//! The database file: opening, encrypting, layout.

mod connections;
mod open;
mod schema;

pub(crate) use connections::Connections;
pub(crate) use open::Location;

/// An empty database in memory, to look at plans.
#[cfg(test)]
pub(crate) fn in_memory() -> Result<rusqlite::Connection, crate::StoreError> {
    let mut connection = rusqlite::Connection::open_in_memory()?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}
