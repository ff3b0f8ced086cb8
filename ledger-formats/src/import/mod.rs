//! Rows and people of an imported file, the same for every program.

mod build;
mod file;
mod fit;
mod identity;
mod nets;
mod packed;
mod person;
mod problem;
mod program;
mod repair;
mod row;
mod totals;

pub use file::{ImportFile, Rows};
pub use person::{Person, PersonKey};
pub use problem::{Column, Problem, ProblemKind, Problems};
pub use program::Program;
pub use repair::Repair;
pub use row::{ImportRow, Inference};
pub use totals::ClosingTotal;

pub(crate) use build::FileBuilder;
pub(crate) use file::Given;
pub(crate) use fit::fit;
pub(crate) use identity::entry_origin;
pub(crate) use nets::{covers, owed, parties};
pub(crate) use packed::{Found, Money};
pub(crate) use problem::{Met, shorten};
