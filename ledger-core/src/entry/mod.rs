//! Entries, one type per stage: bytes → [`DecodedEntry`] → [`VerifiedEntry`].

mod decoded;
mod header;
#[cfg(test)]
mod tests;
mod verified;

pub use decoded::DecodedEntry;
pub use header::Header;
pub(crate) use header::HeaderFields;
pub use verified::{VerifiedEntry, read_stored, trust_stored, verify_batch};
