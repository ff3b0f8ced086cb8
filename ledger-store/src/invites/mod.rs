//! Invites and joins, by messages that travel in any way (SPEC §14).
//!
//! The inviter's device makes a link and keeps its secret and policy. The
//! joiner's device answers the link with a request, the inviter's device admits
//! and answers, and with that answer the joiner's device has the group; the
//! entries come in a bundle.

mod admit;
mod inviter;
mod joiner;
mod requests;

pub use admit::Admitted;
pub use joiner::Join;
pub use requests::{Received, Request, RequestId};

use ledger_core::MemberId;
use ledger_core::messages::invite::InviteId;

/// An invite to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewInvite {
    /// For the list of invites, such as the name of whom it is for. Stays on
    /// this device.
    pub label: String,
    /// Whether this device's person is asked before somebody is admitted.
    /// Otherwise whoever has the link is in.
    pub asks: bool,
    /// How many people may join by it; as many as come if none.
    pub uses: Option<u32>,
    /// When it ends, by this device's clock, in milliseconds since 1970 UTC.
    pub expires_ms: Option<u64>,
    /// Whose place the joiner takes: a placeholder's, or that of a member who
    /// lost all keys. A new member if none.
    pub claims: Option<MemberId>,
}

/// An invite that was made on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// What tells it from others.
    pub id: InviteId,
    /// What it was made with.
    pub policy: NewInvite,
    /// When it was made, in milliseconds since 1970 UTC.
    pub made_ms: u64,
    /// How many people have joined by it.
    pub used: u32,
    /// How many people ask to.
    pub waiting: u32,
}
