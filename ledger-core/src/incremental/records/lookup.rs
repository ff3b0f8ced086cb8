//! Reverse indexes over the records.

use std::collections::{BTreeMap, BTreeSet};

use super::generation::GenerationRecord;
use crate::base::id::{DeviceId, EntryId, MemberId, RootId, StatementId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

/// Reverse indexes over the records, so that no question reads all of them.
///
/// A lookup holds no knowledge of its own: `AuthorityState::rebuild_lookup` makes it
/// anew from the records, which is why a checkpoint does not hold it. It says which
/// records exist, not which are accepted; callers filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lookup {
    /// Generations by root key. Several only if a key was introduced twice.
    pub(crate) roots: BTreeMap<RootId, BTreeSet<Generation>>,
    /// Enrolments by device key.
    pub(crate) devices: BTreeMap<DeviceId, BTreeSet<Enrolment>>,
    /// Statement that an entry carries.
    pub(crate) carried: BTreeMap<EntryId, StatementId>,
    /// Introductions that a device of an enrolment signed.
    pub(crate) authored: BTreeMap<Enrolment, BTreeSet<EntryId>>,
    /// Chains by the enrolment at their root.
    pub(crate) chains: BTreeMap<Enrolment, Vec<u32>>,
    /// Chain by its last entry.
    pub(crate) tips: BTreeMap<EntryId, u32>,
    /// Statements that rename the group.
    pub(crate) group_renames: BTreeSet<StatementId>,
    /// Removals and binds by the member who is their target.
    pub(crate) hard_cuts: BTreeMap<MemberId, BTreeSet<StatementId>>,
    /// Revocations by generation and device; leaves by generation, without a device.
    pub(crate) own_cuts: BTreeMap<(Generation, Option<DeviceId>), BTreeSet<StatementId>>,
    /// Statements that enrol a device, by generation.
    pub(crate) enrolling: BTreeMap<Generation, BTreeSet<StatementId>>,
}

impl Lookup {
    /// Adds a generation under its root key and its first device.
    pub(crate) fn add_generation(&mut self, generation: Generation, record: &GenerationRecord) {
        self.roots.entry(record.root).or_default().insert(generation);
        self.devices.entry(record.device).or_default().insert(Enrolment::First(generation));
    }

    /// Adds a statement under the records with which it deals.
    pub(crate) fn add_statement(&mut self, id: StatementId, body: &StatementBody) {
        match body {
            StatementBody::Enrol { generation, certificate } => {
                let enrolments = self.devices.entry(certificate.device()).or_default();
                enrolments.insert(Enrolment::Enrolled(id));
                self.enrolling.entry(*generation).or_default().insert(id);
            }
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                self.hard_cuts.entry(*member).or_default().insert(id);
            }
            StatementBody::Revoke { generation, device } => {
                self.own_cuts.entry((*generation, Some(*device))).or_default().insert(id);
            }
            StatementBody::Leave { generation } => {
                self.own_cuts.entry((*generation, None)).or_default().insert(id);
            }
            StatementBody::RenameGroup { .. } => {
                self.group_renames.insert(id);
            }
            StatementBody::Rename { .. } => {}
        }
    }
}
