//! What the benches measure, a realistic ledger that is the same on every run;
//! and the oracle of authority: a small model without bytes or keys, and the
//! way from its histories to real entries.

pub mod bundles;
mod generate;
pub mod measure;
pub mod model;
pub mod mutants;
pub mod real;
mod replay;
pub mod simulate;

pub use generate::{Generated, generate};
pub use replay::{Stored, decode, replay, trust, verify};

/// Whatever goes wrong here is a bug of the bench or of the library.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
