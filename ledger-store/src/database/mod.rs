//! The database file: opening, encrypting, layout.

mod open;
mod schema;

pub(crate) use open::{open_existing, open_or_create};
