//! Tests of the model: histories written by hand, and random ones.

mod common;
mod counterexamples;
mod random_histories;
mod scenarios;
