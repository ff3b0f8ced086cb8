//! Versions and features that the devices of a group read: of each the last applied entry that says so
//! (SPEC §4.17).

use std::collections::BTreeMap;

use super::group_state::GroupState;
use crate::base::id::DeviceId;
use crate::payload::Speaks;

/// Collects what devices read from applied entries, which must come newest first: descending in
/// (lamport, id).
///
/// Takes memory in proportion to the number of devices that may write, whatever others say.
#[derive(Debug)]
pub struct SpeaksInForce<'a> {
    state: &'a GroupState,
    found: BTreeMap<DeviceId, Speaks>,
}

impl<'a> SpeaksInForce<'a> {
    /// Begins with devices that said nothing, in a group with this state.
    #[must_use]
    pub fn new(state: &'a GroupState) -> Self {
        Self { state, found: BTreeMap::new() }
    }

    /// Adds what the next older applied entry of a device says.
    pub fn add(&mut self, device: DeviceId, speaks: &Speaks) {
        if self.state.may_write(device) {
            self.found.entry(device).or_insert_with(|| speaks.clone());
        }
    }

    /// What each device that may write reads, as it said last; without those that said nothing.
    #[must_use]
    pub fn finish(self) -> BTreeMap<DeviceId, Speaks> {
        self.found
    }
}
