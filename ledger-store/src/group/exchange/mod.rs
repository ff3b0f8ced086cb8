//! Entries on their way to other devices, sealed (SPEC §11, §12).
//!
//! Epoch keys live in the database, which is encrypted and overwrites what it
//! deletes: it holds in clear all that they seal, and a key must appear and
//! vanish in one transaction with the entry that begins its epoch. X25519 keys
//! live in the secret store, as they would open what comes in future.

mod begin;
mod export;
mod guard;
mod import;
mod quarantine;
mod ring;
mod rotate;

pub use export::{Exported, Since};
pub use import::Imported;
