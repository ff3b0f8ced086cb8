//! The meaning of a group ledger: shared expenses of a few people, recorded
//! offline on every device, the same on all of them.
//!
//! This crate is pure: no I/O, no clock, no threads, no global randomness.
//! Time and randomness are arguments. `SPEC.md` describes bytes and rules;
//! `ledger-store` keeps entries in an encrypted database.
//!
//! Data flows one way, one type per stage:
//!
//! ```text
//! bytes → DecodedEntry → VerifiedEntry → AdmittedEntry → Replayed → GroupState → checkpoint
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

mod authority;
mod bundle;
mod codec;
mod details;
mod draft;
mod entry;
mod hash;
mod id;
mod incremental;
mod invite;
mod keys;
pub mod limits;
mod message;
mod money;
pub mod pairing;
mod payload;
mod proof;
mod recovery;
mod replay;
mod rule;
mod seal;
mod settle_up;
mod state;
mod statement;
mod verdict;

pub use authority::{AsOf, EvaluateError, Evaluation, evaluate};
pub use bundle::{
    FRAME_BYTES, MAX_PART_ENTRIES, MAX_RECORD_BYTES, Manifest, Part as BundlePart, Records,
    Summary, SummaryError, frame,
};
pub use details::{Details, ExpenseDetails, TransferDetails};
pub use draft::{Draft, DraftError, NewGroup, NewStatement};
pub use entry::{DecodedEntry, Header, VerifiedEntry, verify_batch};
pub use id::{
    DeviceId, EntryId, EpochCommit, GroupId, InviteId, MemberId, Origin, ParseIdError, RootId,
    StateDigest, StatementId, Topic,
};
pub use invite::{InviteLink, InviteSecret, JoinAnswer, JoinError, JoinRequest, Welcome};
pub use keys::{
    Card, DeviceCertificate, DeviceKey, ExchangeKey, Fingerprint, PlaceholderCard, RootEntropy,
    RootKey, SignedCard, SignedDevice,
};
pub use message::{MessageError, MessageKind, message_from_text, message_to_text};
pub use money::{
    Amount, AmountError, Balance, Currency, CurrencyError, Date, DateError, split_equally,
};
pub use payload::{
    AddMember, Cancellation, Claim, Content, Copy, Correction, Endorsement, Epoch, Expense,
    Genesis, Kind, Opening, Part, Payload, Placeholder, Predecessor, RefIndex, Rotation, Transfer,
};
pub use proof::{EquivocationProof, ProofError};
pub use recovery::{
    Added, EnrolmentError, EnrolmentRequest, MAX_SHARES, PhraseError, Progress, RecoveredEntropy,
    RecoveryRequest, RecoveryShare, ShareCollection, ShareError, SharePlan, phrase_words,
    split_entropy,
};
pub use replay::{
    Admission, AdmittedEntry, CheckpointError, EntrySource, Flip, Ledger, MemoryIndex, Pending,
    Replayed, SparseIndex,
};
pub use rule::{Refusal, Rule};
pub use seal::{
    Envelope, EnvelopeError, EpochError, EpochKey, FoundKey, KeyEnvelope, KeyEnvelopeError,
    MAX_ENVELOPE_BYTES, MAX_WRAPS, SealedSecretError, WrapError, WrappingKey,
};
pub use settle_up::{EXACT_LIMIT, Settlement, settle_up};
pub use state::{
    ChainEntry, Device, EntryIndex, Frontier, GroupState, Link, Member, NextEntryPosition,
    UsableEpoch, View,
};
pub use statement::{Generation, SignedStatement, Statement, StatementBody};
pub use verdict::{ChainPosition, Named, Slot, SlotEntry, SlotRole, Verdict, VoidReason};

/// Calls that are right in one place and dangerous in any other.
pub mod hazmat {
    pub use crate::entry::{read_stored, trust_stored};
    pub use crate::message::read_unsealed;
    pub use crate::state::{any_names, any_position};
}
