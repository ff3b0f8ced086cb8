//! Drafts that carry statements of the owner and of members.

use super::{Draft, DraftError};
use crate::base::id::{EntryId, GroupId};
use crate::base::limits::MAX_DEVICES;
use crate::keys::RootKey;
use crate::payload::Payload;
use crate::state::GroupState;
use crate::statement::{NewStatement, SignedStatement};

impl Draft {
    /// Carries a statement that `root` signs. `base` is the frontier at which
    /// it is made, all known heads as a rule: what it cuts, it spares in the
    /// past of these.
    ///
    /// # Errors
    /// [`DraftError::Rule`] if the base is empty or has more than 16 ids, or a
    /// name is empty or too long.
    pub fn act(
        root: &RootKey,
        group: GroupId,
        act: &NewStatement<'_>,
        base: impl IntoIterator<Item = EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, DraftError> {
        Ok(Self::carry(&SignedStatement::new(root, group, act, base, nonce)?))
    }

    /// Carries a statement again: anybody may be its courier.
    #[must_use]
    pub fn carry(act: &SignedStatement) -> Self {
        let refs = act.act().base().to_vec();
        Self { payload: Payload::Statement(Box::new(act.clone())), refs }
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
