//! Pairing a further device of the same person (SPEC §15): the state machines
//! of core with this store's keys and groups.
//!
//! A pairing lives in memory only. One that breaks off is begun anew.

mod new;
mod old;

use std::sync::Arc;

pub use new::{AcceptingGroups, AwaitingEnrolment, PairingNew, ShowingCode};
pub use old::{EnrollingDevice, EnteringDigits, PairingMode, PairingOld};

use crate::StoreError;
use crate::session::Session;

/// Pairing of a further device. Borrowed from a `Store`.
#[derive(Clone, Copy)]
pub struct Pairing<'a> {
    session: &'a Arc<Session>,
}

impl<'a> Pairing<'a> {
    pub(crate) fn new(session: &'a Arc<Session>) -> Self {
        Self { session }
    }

    /// Begins to pair this new device with one that its person has already. Returns the first
    /// step, and the bytes to show as a QR code, which can be used for five minutes.
    ///
    /// # Errors
    /// [`StoreError::Randomness`].
    pub fn start_on_new_device(&self) -> Result<(PairingNew, Vec<u8>), StoreError> {
        new::start(self.session)
    }

    /// Begins to pair a new device, whose code was scanned. Returns the first step, and the reply
    /// for the new device.
    ///
    /// # Errors
    /// [`StoreError::Pairing`] if the code is none, too old, or valid for too
    /// long.
    pub fn start_on_old_device(&self, offer: &[u8]) -> Result<(PairingOld, Vec<u8>), StoreError> {
        old::start(self.session, offer)
    }
}
