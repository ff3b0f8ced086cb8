//! The relay over real sockets, and as a real process.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod client;
mod durability;
mod serving;
mod vectors;
