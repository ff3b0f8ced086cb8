//! Sealed records on their way in and out (SPEC §11, §12): one intake and one outlet, for
//! bundles, relays and peers alike.
//!
//! [`intake`] opens records and needs neither a file nor a database; [`import`] stores what it
//! opened. [`plan`] decides which entries go out, [`binding`] under which epochs; [`outlet`] seals
//! them.

mod addressee;
mod binding;
mod bundles;
mod cursor;
mod genesis_search;
mod import;
mod intake;
mod key_pool;
mod outlet;
mod plan;
mod quarantine;
mod records;
mod report;
mod summary;
mod trial;

pub(crate) use addressee::find_addressee;
pub use bundles::Bundles;
pub use cursor::{BundleCursor, Since};
pub(crate) use genesis_search::find_genesis;
pub(crate) use import::import_records;
pub(crate) use outlet::export_bundle;
pub(crate) use records::RecordReader;
pub use report::{Exported, Imported};
