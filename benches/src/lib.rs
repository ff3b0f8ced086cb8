//! What the benches measure: a realistic ledger that is the same on every run,
//! and the ways from its stored bytes to its balances.

mod generate;
mod replay;

pub use generate::{Generated, generate};
pub use replay::{Stored, decode, replay, trust, verify};

/// Whatever goes wrong here is a bug of the bench or of the library.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
