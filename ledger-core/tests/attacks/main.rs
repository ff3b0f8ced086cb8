//! Attacks, as stories of people: each test says who tries what, and that it
//! does not work.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;

mod epochs;
mod keys;
mod limits;
mod money;
mod names;
mod removed;
mod shapes;
mod statements;
