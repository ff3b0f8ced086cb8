//! Measurements of the library, each beside its physical limit, over a generated ledger that is the
//! same on every run.

mod generate;
pub mod measure;
mod replay;

pub use generate::{Generated, generate};
pub use replay::{Stored, decode, replay, trust, verify};

/// Any failure of a measurement: a mistake of the bench or of the library.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
