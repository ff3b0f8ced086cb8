//! Plain data of the incremental evaluation, and its bytes in a checkpoint.

mod chain;
mod epochs;
mod generation;
mod introduction;
mod lookup;
mod person;
mod statement;
mod verdict_bytes;
mod version_vector;

pub(crate) use chain::Chain;
pub(crate) use epochs::{Begun, Epochs, Required, read_rotations, write_rotations};
pub(crate) use generation::GenerationRecord;
pub(crate) use introduction::{Introduction, IntroductionKind};
pub(crate) use lookup::Lookup;
pub(crate) use person::Person;
pub(crate) use statement::StatementRecord;
pub(crate) use version_vector::{Located, VersionVector};
