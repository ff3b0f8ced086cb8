//! Who this device's person is, and how they get back in after losing every
//! device (SPEC §16).

mod collect;
mod person;
mod restore;
mod shares;

pub use restore::GroupPreview;
pub use shares::{KeptShare, ShareId};
