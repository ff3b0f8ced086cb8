//! Tests of the crate from outside.

#![allow(clippy::panic, clippy::expect_used, reason = "tests stop at the first surprise")]

mod fuzz_corpus;
mod others;
mod samples;
