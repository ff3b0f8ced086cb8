//! What a set of entries comes to.

use super::frontier::{Frontier, NextEntryPosition};
use super::group_state::GroupState;
use crate::id::{DeviceId, EntryId, GroupId};

/// What a set of entries comes to: its meaning, and how far it goes. Devices
/// that hold the same entries have the same view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub(crate) state: GroupState,
    pub(crate) frontier: Frontier,
}

impl View {
    pub(crate) fn new(state: GroupState, frontier: Frontier) -> Self {
        Self { state, frontier }
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.state.group()
    }

    /// What the entries mean: members, balances.
    #[must_use]
    pub fn state(&self) -> &GroupState {
        &self.state
    }

    /// How far the entries go: heads and chains.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Where the next entry of `device` would stand, if the device has signed
    /// before and there are at most 16 heads.
    #[must_use]
    pub fn next_position(&self, device: DeviceId) -> Option<NextEntryPosition> {
        self.frontier.next_position(self.group(), device)
    }

    /// Where the first entry of `device` would stand, which the entry
    /// `enrolment` enrolled.
    #[must_use]
    pub fn first_position(
        &self,
        device: DeviceId,
        enrolment: EntryId,
    ) -> Option<NextEntryPosition> {
        self.frontier.first_position(self.group(), device, enrolment)
    }
}
