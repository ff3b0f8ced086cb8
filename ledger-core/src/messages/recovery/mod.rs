//! Recovery of a person who lost every device: by the phrase, or by shares of it that friends keep
//! (SPEC §16).

mod collect;
mod enrolment;
mod share;

pub use collect::{
    Added, Progress, RecoveredEntropy, RecoveryRequest, ShareCollection, SharedPerson,
};
pub(crate) use enrolment::read_enrolment;
pub use enrolment::{EnrolmentError, EnrolmentRequest};
pub(crate) use share::read_share;
pub use share::{MAX_SHARES, RecoveryShare, SharePlan, split_entropy};

use crate::base::id::MemberId;
use crate::base::rule::{Refusal, Rule};
use crate::messages::frame::MessageError;

/// Reason why a share of a person's entropy cannot be made or used. Nothing has changed. Shows no
/// secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// Rule R3: too few friends, too many, or a number needed that they cannot
    /// reach. The caller is at fault.
    #[error(
        "shares go to 2 to {MAX_SHARES} different friends, of whom at least 2 and at most all \
         are needed"
    )]
    Plan,
    /// The message is not whole, or of another kind.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Rule R4: the share is sealed for another recipient, or was altered on the way.
    #[error(
        "the share is sealed for somebody else or for another recovery, or was altered on the \
         way; show the friend the request of this recovery"
    )]
    NotForUs,
    /// Rule R5: the person whose entropy it shares did not sign it; its sender is at fault.
    #[error("the person whom the share names as its owner did not sign it; do not use it")]
    Forged,
    /// The content breaks rule R3 or a rule of the encoding; its maker is at fault.
    #[error("the share was made wrongly ({0})")]
    Content(Refusal),
    /// The shares of several people suffice: somebody returned shares that they made themselves.
    #[error(
        "the shares that came back are of several people, and suffice for each; choose the person \
         whose shares came from the friends whom you trust"
    )]
    SeveralPeople,
    /// Rule R6: the collection has this share already.
    #[error("the share of member {} is here already; ask another friend", .holder.short())]
    Duplicate {
        /// The friend whose share it is.
        holder: MemberId,
    },
    /// There are not enough shares of one set yet.
    #[error("{have} of {need} shares are here; ask more friends")]
    TooFew {
        /// Number of shares of one set that are here.
        have: u8,
        /// Number of shares that are needed.
        need: u8,
    },
    /// Rule R7: the shares do not give the root key that they name; the device that made them is at
    /// fault.
    #[error("the shares do not fit together; the device that made them made them wrongly")]
    DoNotFit,
}

impl ShareError {
    /// The rule of SPEC.md that is broken, where one is.
    #[must_use]
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Plan => Some(Rule::R3),
            Self::Message(error) => Some(error.rule()),
            Self::NotForUs => Some(Rule::R4),
            Self::Forged => Some(Rule::R5),
            Self::Content(refusal) => Some(refusal.rule()),
            Self::Duplicate { .. } => Some(Rule::R6),
            Self::SeveralPeople | Self::TooFew { .. } => None,
            Self::DoNotFit => Some(Rule::R7),
        }
    }
}

#[cfg(test)]
mod tests;
