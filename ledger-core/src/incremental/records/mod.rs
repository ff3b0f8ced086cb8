//! Records of the incremental evaluation: plain data and its bytes in a checkpoint.
//!
//! A record holds what an entry or statement says, and what follows from its own
//! causal past alone, which never changes. Other fields follow from the whole set of
//! entries. Recomputed are the verdicts, [`StatementRecord::rejection`], whether a
//! member is accepted, and whether an epoch or rotation is applied. Growing with later
//! entries are the carriers of a statement, the chains that left by it, the marks of leaves,
//! the carriers that start a generation, and the tips of chains.

mod chain;
mod epochs;
mod generation;
mod introduction;
mod leave_marks;
mod located_entry;
mod lookup;
mod member;
mod statement;
mod verdict_bytes;
mod version_vector;

pub(crate) use chain::Chain;
pub(crate) use epochs::{
    Candidate, EpochRecord, Epochs, Rotations, read_rotations, write_rotations,
};
pub(crate) use generation::GenerationRecord;
pub(crate) use introduction::{Introduction, IntroductionKind};
pub(crate) use leave_marks::LeaveMarks;
pub(crate) use located_entry::LocatedEntry;
pub(crate) use lookup::Lookup;
pub(crate) use member::MemberRecord;
pub(crate) use statement::StatementRecord;
pub(crate) use version_vector::{VersionVector, read_seqs, write_seqs};
