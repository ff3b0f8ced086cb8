//! Drafts that carry statements of the owner and of members.

use super::{Draft, DraftError};
use crate::base::id::{EntryId, GroupId};
use crate::base::limits::MAX_DEVICES;
use crate::keys::RootKey;
use crate::payload::Payload;
use crate::state::GroupState;
use crate::statement::{NewStatement, SignedStatement};

impl Draft {
    /// Carries a new statement that `root` signs. `base` is the frontier at which the
    /// statement is made, normally all known heads: a cut spares the entries in their past.
    ///
    /// # Errors
    /// [`DraftError::Rule`] if the base is empty or has more than 16 ids, or a
    /// name is empty or too long.
    pub fn statement(
        root: &RootKey,
        group: GroupId,
        statement: &NewStatement<'_>,
        base: impl IntoIterator<Item = EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, DraftError> {
        Ok(Self::carry(&SignedStatement::new(root, group, statement, base, nonce)?))
    }

    /// Carries a statement that exists already. Anybody may carry it.
    #[must_use]
    pub fn carry(signed: &SignedStatement) -> Self {
        let refs = signed.statement().base().to_vec();
        Self { payload: Payload::Statement(Box::new(signed.clone())), refs }
    }

    /// Checks that a statement stays within the limits that honest devices keep.
    ///
    /// # Errors
    /// [`DraftError::TooManyDevices`] if a generation would have more than 10.
    pub fn check_limits(
        statement: &NewStatement<'_>,
        state: &GroupState,
    ) -> Result<(), DraftError> {
        let NewStatement::Enrol { generation, .. } = statement else { return Ok(()) };
        let devices = state.devices().filter(|(owner, ..)| owner == generation).count();
        if devices >= MAX_DEVICES { Err(DraftError::TooManyDevices) } else { Ok(()) }
    }
}
