//! Pairing: enrolling another device of a person over an untrusted channel (SPEC §15).
//!
//! The new device shows a code to scan, the old one replies, and six digits
//! that the new device shows are typed into the old one. With an attacker between them, the two
//! devices compute different digits. Each step is a type that its call consumes, so a failed step
//! cannot be repeated.
//!
//! ```text
//! new device N:  NewDevice → ComparingCode → ChoosingGroups → AwaitingGrant → Granted
//! old device O:  Scanned → EnteringCode → Paired → AwaitingDevices → Certifying → grant
//! ```

mod channel;
mod devices;
mod new;
mod old;

pub(crate) use devices::read_unsealed;
pub use devices::{DeviceOffer, GrantedGroup, GroupOffer};
pub use new::{AwaitingGrant, ChoosingGroups, ComparingCode, Granted, NewDevice};
pub use old::{AwaitingDevices, Certifying, EnteringCode, Paired, Scanned};

use crate::base::rule::{Refusal, Rule};
use crate::messages::frame::MessageError;

/// Time that a pairing may take, from the code on the screen to the typed digits. It is short, so
/// that a photographed code soon becomes useless.
pub const PAIRING_MS: u64 = 5 * 60 * 1_000;

/// Longest validity of a scanned code. The clocks of the devices may differ by the difference to
/// [`PAIRING_MS`].
pub const MAX_PAIRING_MS: u64 = 10 * 60 * 1_000;

/// Reason why a pairing failed. Nothing was handed over. Begin again, with a fresh code on the new
/// device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairingError {
    /// The message is not whole, or of another kind.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Rule N1: too late.
    #[error("the pairing code has expired; show a fresh one on the new device")]
    Expired,
    /// Rule N1: the code is valid for longer than a pairing may take.
    #[error(
        "the pairing code is valid for too long, or the clocks of the devices differ; \
         set both clocks, and scan only the screen of your own new device"
    )]
    TooLong,
    /// Rule N2: the message is of another pairing.
    #[error("the message belongs to another pairing; begin again")]
    OtherSession,
    /// Rule N3: the new device reveals other values than it committed to.
    #[error("somebody altered the messages between the devices; begin again")]
    Commitment,
    /// Rule N4: a key of low order, which only an attacker sends.
    #[error("somebody altered the keys between the devices; begin again")]
    WeakKey,
    /// Rule N5: the typed digits are not those of this pairing.
    #[error(
        "these are not the six digits of this pairing; either they were mistyped, or somebody \
         is between the devices: begin again, and scan only your own new device"
    )]
    WrongCode,
    /// Rule N6: the message is not from the paired device, was altered, or is of another step.
    #[error("the message is not from the paired device, or was altered; begin again")]
    NotPaired,
    /// Rule N7: the certificates are not for the groups that were offered.
    #[error("the other device sent certificates that were not asked for; begin again ({0})")]
    Content(Refusal),
}

impl PairingError {
    /// The rule of SPEC.md that is broken.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self {
            Self::Message(error) => error.rule(),
            Self::Expired | Self::TooLong => Rule::N1,
            Self::OtherSession => Rule::N2,
            Self::Commitment => Rule::N3,
            Self::WeakKey => Rule::N4,
            Self::WrongCode => Rule::N5,
            Self::NotPaired => Rule::N6,
            Self::Content(refusal) => refusal.rule(),
        }
    }
}

/// Error for a sealed message whose content breaks rule N7 or a rule of the encoding.
fn content(refusal: Refusal) -> PairingError {
    PairingError::Content(refusal)
}

#[cfg(test)]
mod tests;
