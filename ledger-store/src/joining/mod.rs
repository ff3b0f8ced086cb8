//! Ways of a device into groups: by an invite (SPEC §14), by pairing with another device of the
//! same person (SPEC §15), or by recovery (SPEC §16).

mod join;
mod pairing;
mod recovery;

pub use join::{Join, Joining};
pub use pairing::{
    AcceptingGroups, AwaitingEnrolment, EnrollingDevice, EnteringDigits, Pairing, PairingMode,
    PairingNew, PairingOld, ShowingCode,
};
pub use recovery::{GroupPreview, Recovery};
