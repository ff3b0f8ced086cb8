//! Owner and self acts: first shown, then signed.

use std::sync::Arc;

use ledger_core::EntryId;
use ledger_store::StatementIntent;

use super::LedgerGroup;
use crate::LedgerError;

/// What the owner says of others, or a member of themselves.
///
/// A removal and a revocation spare what this device knows when it signs them.
/// With `since`, they spare nothing that was signed from that entry on, or
/// knowing of it: for a phone that was in the wrong hands for a while.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum Act {
    /// Owner: remove a member.
    Remove {
        /// The member's id.
        member: String,
        /// The first entry that is not to count.
        since: Option<String>,
    },
    /// Owner: rename the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
    /// Rename oneself.
    Rename {
        /// The new name.
        name: String,
    },
    /// Leave the group.
    Leave,
    /// A device of one's own signs no more.
    Revoke {
        /// The device's id.
        device: String,
        /// The first entry that is not to count.
        since: Option<String>,
    },
}

impl TryFrom<Act> for StatementIntent {
    type Error = LedgerError;

    fn try_from(act: Act) -> Result<Self, LedgerError> {
        let entry = |id: Option<String>| id.map(|id| id.parse::<EntryId>()).transpose();
        Ok(match act {
            Act::Remove { member, since } => {
                Self::Remove { member: member.parse()?, since: entry(since)? }
            }
            Act::RenameGroup { name } => Self::RenameGroup { name },
            Act::Rename { name } => Self::Rename { name },
            Act::Leave => Self::Leave,
            Act::Revoke { device, since } => {
                Self::Revoke { device: device.parse()?, since: entry(since)? }
            }
        })
    }
}

/// An act before it is signed: to be shown to the person who signs it.
#[derive(uniffi::Object)]
pub struct Proposal {
    pub(super) proposal: ledger_store::Proposal,
}

#[uniffi::export]
impl Proposal {
    /// All of it in English.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn text(&self) -> Result<String, LedgerError> {
        Ok(self.proposal.text().to_owned())
    }

    /// The fingerprint of new keys, to be compared by voice, if there are any.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn fingerprint(&self) -> Result<Option<String>, LedgerError> {
        Ok(self.proposal.fingerprint().map(|fingerprint| fingerprint.to_string()))
    }

    /// The entries that count now and would not any more. Offer the people
    /// named in them to record them again.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn voids(&self) -> Result<Vec<String>, LedgerError> {
        Ok(self.proposal.voids().iter().map(ToString::to_string).collect())
    }

    /// The entries that do not count now and would.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn revives(&self) -> Result<Vec<String>, LedgerError> {
        Ok(self.proposal.revives().iter().map(ToString::to_string).collect())
    }
}

#[uniffi::export]
impl LedgerGroup {
    /// Says what an act would bring about, for a person to read before signing.
    ///
    /// # Errors
    /// `WouldBeVoid` if it would bring about nothing, as a removal by somebody
    /// who is not the owner; `NoRootKey`, `UnknownMember`, `UnknownEntry`,
    /// `InvalidEntry`, `InvalidId`, or what reading the database says.
    pub fn propose(&self, act: Act) -> Result<Arc<Proposal>, LedgerError> {
        let proposal = self.inner()?.propose(act.try_into()?)?;
        Ok(Arc::new(Proposal { proposal }))
    }

    /// Signs what was proposed, durably. Returns the entry that carries it.
    ///
    /// # Errors
    /// `ProposalOutdated` if it would by now bring about something else; else
    /// as `propose`.
    pub fn sign(&self, proposal: &Proposal) -> Result<String, LedgerError> {
        Ok(self.inner()?.sign(&proposal.proposal)?.to_string())
    }
}
