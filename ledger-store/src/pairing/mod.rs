//! Pairing a further device of the same person (SPEC §15): the state machines
//! of core with this store's keys and groups.
//!
//! A pairing lives in memory only. What breaks off is begun anew.

mod new;
mod old;

pub use new::{AcceptingGroups, AwaitingEnrolment, PairingNew, ShowingCode};
pub use old::{EnrollingDevice, EnteringDigits, PairingMode, PairingOld};
