//! Checking a database, rebuilding what is derived, and salvaging a damaged file.

mod audit;
mod backup;
mod check;
mod maintenance;
mod problem;
mod report;
mod salvage;
mod support;

pub(crate) use check::derive_anew;
pub use maintenance::{GroupMaintenance, Maintenance};
pub use problem::{Problem, Remedy, Table};
pub use report::{DatabaseCheck, Verification};
pub(crate) use salvage::salvage_database;
pub use salvage::{Cut, Salvaged, SalvagedGroup};
