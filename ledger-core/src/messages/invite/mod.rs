//! Invites: links, requests to join and answers (SPEC §14).
//!
//! An invite is no key to the ledger. A person with the link can send a request, and a member's
//! device decides.

mod answer;
mod link;
mod request;

pub(crate) use answer::read_answer;
pub use answer::{JoinAnswer, Welcome};
pub use link::{InviteLink, InviteSecret};
pub use request::JoinRequest;
pub(crate) use request::read_request;

pub use crate::base::id::InviteId;
use crate::base::rule::{Refusal, Rule};
use crate::messages::frame::MessageError;

/// Reason why a join request or its answer cannot be used. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The message is not whole, or of another kind.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Rule J1: the request answers another invite, or its signature does not
    /// hold; its sender or its carrier is at fault.
    #[error("the request does not belong to this invite; ask the person to use the link again")]
    OtherInvite,
    /// Rule J2: sealed for another device than this one, or altered.
    #[error("the message is sealed for somebody else's device, or was altered on the way")]
    NotForUs,
    /// Rule J3: the content breaks a rule; its sender is at fault.
    #[error("the message was made wrongly by its sender; ask for another one ({0})")]
    Content(Refusal),
    /// Rule J4: the answer leads into another group than the invite. Somebody tries to substitute
    /// another group.
    #[error(
        "the answer leads into another group than the invite named; do not join, and ask the \
         person who invited you"
    )]
    OtherGroup,
}

impl JoinError {
    /// The rule of SPEC.md that is broken.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self {
            Self::Message(error) => error.rule(),
            Self::OtherInvite => Rule::J1,
            Self::NotForUs => Rule::J2,
            Self::Content(_) => Rule::J3,
            Self::OtherGroup => Rule::J4,
        }
    }
}

#[cfg(test)]
mod tests;
