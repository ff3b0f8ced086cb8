//! View of a group: state and frontier.

use super::frontier::{Frontier, NextEntryPosition};
use super::group_state::GroupState;
use crate::base::id::{DeviceId, EntryId, GroupId};

/// View of a group: the meaning of a set of entries, and how far the set goes. Devices
/// that hold the same entries have equal views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub(crate) state: GroupState,
    pub(crate) frontier: Frontier,
}

impl View {
    pub(crate) fn new(state: GroupState, frontier: Frontier) -> Self {
        Self { state, frontier }
    }

    /// Returns the group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.state.group()
    }

    /// Returns members, balances and all else that the entries mean.
    #[must_use]
    pub fn state(&self) -> &GroupState {
        &self.state
    }

    /// Returns how far the entries go: heads and chains.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Returns the position of the next entry of a device. `None` if the device has signed
    /// no entry, or there are more than 16 heads.
    #[must_use]
    pub fn next_position(&self, device: DeviceId) -> Option<NextEntryPosition> {
        self.frontier.next_position(self.group(), device)
    }

    /// Returns the position of the first entry of a device. `enrolment` is the entry that
    /// enrolled it.
    #[must_use]
    pub fn first_position(
        &self,
        device: DeviceId,
        enrolment: EntryId,
    ) -> Option<NextEntryPosition> {
        self.frontier.first_position(self.group(), device, enrolment)
    }
}
