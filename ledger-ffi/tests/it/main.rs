//! Tests of the bindings from Rust, in one binary: SQLCipher is linked once.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[cfg(feature = "sqlcipher")]
mod api;
mod errors_doc;
#[cfg(not(feature = "sqlcipher"))]
mod no_cipher;
