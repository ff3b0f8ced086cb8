//! The engine: what a store, a simulation or a tool needs to keep a ledger.
//!
//! Apps do not need this module; they use a store, which uses it. Data flows one way,
//! one type per stage:
//!
//! ```text
//! bytes → DecodedEntry → VerifiedEntry → AdmittedEntry → Replayed → GroupState → checkpoint
//! ```
//!
//! A [`Draft`] becomes a [`VerifiedEntry`] by a device's signature, and goes the same way.

pub use crate::authority::{AsOf, EvaluateError, Evaluation, evaluate};
pub use crate::draft::{Draft, NewGroup};
pub use crate::entry::{DecodedEntry, EquivocationProof, ProofError, VerifiedEntry, verify_batch};
pub use crate::header::{Header, Kind};
pub use crate::payload::{
    AddMember, Cancellation, Claim, Copy, Correction, Endorsement, Epoch, Genesis, Opening,
    Payload, Placeholder, Predecessor, RefIndex, Restoration, Rotation, Template, TemplateChange,
};
pub use crate::replay::{
    Admission, AdmittedEntry, CheckpointError, EntrySource, Flip, Ledger, MemoryIndex, Replayed,
    SparseIndex, WaitingAccount, WaitingEntries,
};
pub use crate::state::{
    ChainEntry, EntryIndex, Frontier, Link, NextEntryPosition, SetAside, SettingsInForce,
    SpeaksInForce, UsableEpoch, View,
};
pub use crate::verdict::{ChainPosition, Slot, SlotEntry, SlotReference, SlotRole};
