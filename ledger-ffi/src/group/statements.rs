//! Statements of the owner or of a member: shown first, then signed.

use std::sync::Arc;

use ledger_core::{DeviceId, EntryId, MemberId};

use super::LedgerGroup;
use crate::error::LedgerError;

/// Statement that a person is about to sign: the owner's about a member or the group,
/// or a member's own.
///
/// A removal and a revocation leave standing what this device knows when it signs them.
/// With `since`, nothing counts any more that was signed from that entry on, or by
/// somebody who knew that entry. Use it for a device that was in the wrong hands for a
/// while.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum StatementIntent {
    /// The owner removes a member.
    Remove {
        /// The member.
        member: MemberId,
        /// The first entry that no longer counts.
        since: Option<EntryId>,
    },
    /// The owner renames the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
    /// A member takes another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// A member leaves the group.
    Leave,
    /// A member revokes one of their own devices, which then signs no more.
    Revoke {
        /// The device.
        device: DeviceId,
        /// The first entry that no longer counts.
        since: Option<EntryId>,
    },
}

impl From<StatementIntent> for ledger_store::StatementIntent {
    fn from(intent: StatementIntent) -> Self {
        match intent {
            StatementIntent::Remove { member, since } => Self::Remove { member, since },
            StatementIntent::RenameGroup { name } => Self::RenameGroup { name },
            StatementIntent::Rename { name } => Self::Rename { name },
            StatementIntent::Leave => Self::Leave,
            StatementIntent::Revoke { device, since } => Self::Revoke { device, since },
        }
    }
}

/// Statement of a proposal, for an app that writes it in the person's language.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum ProposedStatement {
    /// The owner removes a member.
    Remove {
        /// The member.
        member: MemberId,
    },
    /// The owner gives a member new keys, and ends all earlier ones.
    Bind {
        /// The member.
        member: MemberId,
        /// The fingerprint of the new keys, to be compared by voice.
        fingerprint: String,
    },
    /// The owner renames the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
    /// A member takes another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// A member leaves the group.
    Leave {
        /// Whether the member owns it: then nobody else can remove members or give them new
        /// keys, and what they sign later does not reach the others by itself.
        is_owner: bool,
    },
    /// A member lets a further device sign for them.
    Enrol {
        /// The fingerprint of the device.
        fingerprint: String,
    },
    /// A member revokes one of their own devices, which then signs no more.
    Revoke {
        /// The device.
        device: DeviceId,
    },
    /// A statement that this version of the bindings does not know: show the text.
    Other,
}

/// A statement before it is signed. Show it to the person who signs it.
#[derive(uniffi::Object)]
pub struct Proposal {
    pub(super) proposal: ledger_store::Proposal,
}

#[uniffi::export]
impl Proposal {
    /// The statement. What it brings about is in `voids` and `revives`.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn statement(&self) -> Result<ProposedStatement, LedgerError> {
        use ledger_store::StatementIntent as Intent;
        let fingerprint =
            || self.proposal.fingerprint().map_or_else(String::new, |f| f.to_string());
        Ok(match self.proposal.intent() {
            Intent::Remove { member, .. } => ProposedStatement::Remove { member: *member },
            Intent::Bind { member, .. } => {
                ProposedStatement::Bind { member: *member, fingerprint: fingerprint() }
            }
            Intent::RenameGroup { name } => ProposedStatement::RenameGroup { name: name.clone() },
            Intent::Rename { name } => ProposedStatement::Rename { name: name.clone() },
            Intent::Leave => {
                ProposedStatement::Leave { is_owner: self.proposal.needs_confirmation() }
            }
            Intent::Enrol { .. } => ProposedStatement::Enrol { fingerprint: fingerprint() },
            Intent::Revoke { device, .. } => ProposedStatement::Revoke { device: *device },
            _ => ProposedStatement::Other,
        })
    }

    /// The whole statement and what it brings about, in English.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn text(&self) -> Result<String, LedgerError> {
        Ok(self.proposal.text().to_owned())
    }

    /// Whether nobody can take back what it brings about, so that only `sign_confirmed`
    /// signs it.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn needs_confirmation(&self) -> Result<bool, LedgerError> {
        Ok(self.proposal.needs_confirmation())
    }

    /// The fingerprint of new keys, if there are any. People compare it by voice.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn fingerprint(&self) -> Result<Option<String>, LedgerError> {
        Ok(self.proposal.fingerprint().map(|fingerprint| fingerprint.to_string()))
    }

    /// The entries that count now, and would become void. Offer to copy those that are
    /// still true, by `GroupEntries.copy_void_entry`.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn voids(&self) -> Result<Vec<EntryId>, LedgerError> {
        Ok(self.proposal.voids().to_vec())
    }

    /// The entries that are void now, and would count.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn revives(&self) -> Result<Vec<EntryId>, LedgerError> {
        Ok(self.proposal.revives().to_vec())
    }
}

/// Statements of the owner and of members: proposed first, then signed.
#[derive(uniffi::Object)]
pub struct GroupStatements {
    group: LedgerGroup,
}

impl GroupStatements {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

#[uniffi::export]
impl GroupStatements {
    /// Prepares a statement, and tells what it would bring about. A person reads the
    /// proposal before `sign` signs it.
    ///
    /// # Errors
    /// `WouldBeVoid` if the statement would not count, such as a removal by somebody who
    /// is not the owner; `NoRootKey`, `UnknownMember`, `UnknownEntry`, `InvalidEntry`,
    /// `InvalidId`, or any error of reading the database.
    pub fn propose(&self, intent: StatementIntent) -> Result<Arc<Proposal>, LedgerError> {
        let proposal = self.group.group()?.statements().propose(intent.into())?;
        Ok(Arc::new(Proposal { proposal }))
    }

    /// Signs a proposal and keeps it durably. Returns the entry that carries the
    /// statement.
    ///
    /// # Errors
    /// `ProposalOutdated` if the statement would bring about something else by now;
    /// `NotConfirmed` if nobody can take back what it brings about: use
    /// `sign_confirmed`; otherwise as `propose`.
    pub fn sign(&self, proposal: &Proposal) -> Result<EntryId, LedgerError> {
        Ok(self.group.group()?.statements().sign(&proposal.proposal)?)
    }

    /// Signs a proposal whose consequences nobody can take back, such as that the owner
    /// leaves. Ask the person first.
    ///
    /// # Errors
    /// As `sign`, without `NotConfirmed`.
    pub fn sign_confirmed(&self, proposal: &Proposal) -> Result<EntryId, LedgerError> {
        let mut confirmed = proposal.proposal.clone();
        confirmed.confirm();
        Ok(self.group.group()?.statements().sign(&confirmed)?)
    }
}
