//! Entries, one type per stage: bytes → [`DecodedEntry`] → [`VerifiedEntry`].

mod decoded;
mod equivocation;
#[cfg(test)]
mod tests;
mod verified;

pub use decoded::DecodedEntry;
pub use equivocation::{EquivocationProof, ProofError};
pub use verified::{
    VerifiedEntry, read_stored, read_stored_dependencies, trust_stored, verify_batch,
};
