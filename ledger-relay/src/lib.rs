//! An untrusted relay (SPEC §18): keeps sealed records by topic, and hands them to whoever proves
//! the topic. It knows no members, devices, groups or names.
//!
//! | module | holds |
//! |---|---|
//! | [`limits`] | every limit, with its number in `hello` |
//! | [`frame`] | the frames of both sides, as bytes |
//! | [`ticket`] | challenges and tickets, which the relay recognises without keeping them |
//! | [`log`] | the trait [`Log`](log::Log), and the log in SQLite |
//! | [`bus`] | who follows a topic |
//! | [`connection`] | the state machine of one connection: no socket, clock or thread |
//! | [`server`] | sockets, threads and configuration around it |

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

pub mod bus;
pub mod connection;
pub mod frame;
pub mod limits;
pub mod log;
pub mod ticket;

#[cfg(feature = "server")]
pub mod server;
