//! Secrets for others: authenticated encryption and key wraps (SPEC §1.2).

pub(crate) mod aead;
pub(crate) mod wrap;

pub use wrap::WrapError;
