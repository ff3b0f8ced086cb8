//! The state machine of one connection: frames in, frames and work out (SPEC §18.4 to §18.6). No
//! socket, clock, thread or randomness of its own.

mod bucket;
mod job;
mod machine;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;

pub use job::{Job, Outcome};
pub use machine::{Connection, Identity, Output};
