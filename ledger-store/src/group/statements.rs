//! Statements of the owner and of members.

use ledger_core::EntryId;

use crate::StoreError;
use crate::session::GroupSession;
use crate::statements::{Proposal, StatementIntent, propose, sign_and};

/// Statements of the owner and of members: proposed first, then signed.
#[derive(Clone, Copy)]
pub struct GroupStatements<'a> {
    session: &'a GroupSession,
}

impl<'a> GroupStatements<'a> {
    pub(super) fn new(session: &'a GroupSession) -> Self {
        Self { session }
    }

    /// Works out the effects of a statement, for a person to read before signing it.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if it would bring about nothing, as with the
    /// removal of a member by a member who is not the owner.
    /// [`StoreError::NoRootKey`] if this device cannot sign statements.
    /// [`StoreError::Draft`] if it names an unknown member or breaks a limit.
    pub fn propose(&self, intent: StatementIntent) -> Result<Proposal, StoreError> {
        propose(self.session, intent)
    }

    /// Signs a proposed statement, durably. It also leaves those entries valid that came in
    /// since it was proposed.
    ///
    /// # Errors
    /// [`StoreError::ProposalOutdated`] if it would by now bring about
    /// something else. Otherwise as [`GroupStatements::propose`].
    pub fn sign(&self, proposal: &Proposal) -> Result<EntryId, StoreError> {
        sign_and(self.session, proposal, |_, entry| Ok(entry))
    }
}
