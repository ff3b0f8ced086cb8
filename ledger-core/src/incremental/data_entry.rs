//! Records of data entries in the authority state: rotations, epochs and mentions.

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::incoming::IncomingEntry;
use super::records::{Candidate, EpochRecord};
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::payload::Payload;
use crate::state::{Device, UsableEpoch};
use crate::statement::Generation;
use crate::verdict::Enrolment;

impl AuthorityState {
    /// Records a rotation or an epoch that arrived, applied or not. Does nothing for
    /// any other data entry.
    ///
    /// Must come after [`AuthorityState::compute_ancestry`] for the same entry and before
    /// the next one's: an epoch counts the candidates up to here.
    pub(crate) fn record_key_entry(
        &mut self,
        incoming: IncomingEntry<'_>,
        ancestry: Ancestry,
        applied: bool,
    ) {
        let IncomingEntry { entry, position, .. } = incoming;
        let order = (entry.header().lamport(), entry.id());
        match entry.payload() {
            Payload::Rotation(_) => {
                self.epochs.add_candidate(Candidate { id: order.1, position, clock: order.0 });
            }
            Payload::Epoch(epoch) => {
                let candidates_before = self.epochs.candidate_count();
                let epoch = UsableEpoch::new(epoch.topic(), epoch.commit());
                let behind = ancestry.behind;
                self.epochs.add_epoch(EpochRecord {
                    order,
                    epoch,
                    applied,
                    candidates_before,
                    behind,
                });
            }
            _ => {}
        }
    }

    /// Sets whether the epoch entry at a place in the total order is applied.
    pub(crate) fn set_epoch_applied(&mut self, order: &(u64, EntryId), applied: bool) {
        self.epochs.set_applied(&order.1, applied);
    }

    /// Sets whether the rotation at a place in the total order is applied. `author` is
    /// the enrolment of the device that rotated to the key. Returns the device.
    pub(crate) fn set_rotation_applied(
        &mut self,
        author: Enrolment,
        order: (u64, EntryId),
        key: Device,
        applied: bool,
    ) -> Option<(Generation, DeviceId)> {
        let device = self.enrolled_device(author)?;
        let rotations = self.rotations.entry(device).or_default();
        if applied {
            rotations.insert(order, key);
        } else {
            rotations.remove(&order);
            if rotations.is_empty() {
                self.rotations.remove(&device);
            }
        }
        Some(device)
    }

    /// Counts that an applied data entry mentions a member, or that one no longer does.
    /// Returns whether the member is now mentioned for the first time, or no longer.
    pub(crate) fn count_mention(&mut self, member: MemberId, applied: bool) -> bool {
        if applied {
            let entries = self.mentions.entry(member).or_default();
            *entries = entries.saturating_add(1);
            return *entries == 1;
        }
        let Some(entries) = self.mentions.get_mut(&member) else { return false };
        *entries = entries.saturating_sub(1);
        let none = *entries == 0;
        if none {
            self.mentions.remove(&member);
        }
        none
    }
}
