//! Reverse indexes over the records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::generation::GenerationRecord;
use super::statement::StatementRecord;
use super::version_vector::VersionVector;
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
    /// Revocations by generation and device; leaves by generation, without a device. Only those
    /// that may cut what no other statement cuts.
    pub(crate) own_cuts: BTreeMap<(Generation, Option<DeviceId>), BTreeSet<StatementId>>,
    /// What all accepted revocations of a device of a generation spare. So the answer which
    /// entries are revoked takes one comparison, however many revocations there are.
    pub(crate) unrevoked: BTreeMap<(Generation, DeviceId), Arc<VersionVector>>,
    /// Revocations of a device of a generation by their base, if that is one entry: what they
    /// spare is what the past of the entry holds.
    pub(crate) revoked_on: BTreeMap<(Generation, DeviceId, EntryId), StatementId>,
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
    pub(crate) fn add_statement(&mut self, statement: &StatementRecord) {
        let id = statement.id;
        match &statement.body {
            StatementBody::Enrol { generation, certificate } => {
                let enrolments = self.devices.entry(certificate.device()).or_default();
                enrolments.insert(Enrolment::Enrolled(id));
                self.enrolling.entry(*generation).or_default().insert(id);
            }
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                self.hard_cuts.entry(*member).or_default().insert(id);
            }
            StatementBody::Revoke { generation, device } if statement.may_cut() => {
                let subject = (*generation, *device);
                self.own_cuts.entry((subject.0, Some(subject.1))).or_default().insert(id);
                if let Some(base) = statement.base {
                    let on_base = self.revoked_on.entry((subject.0, subject.1, base)).or_insert(id);
                    *on_base = id.min(*on_base);
                }
                if statement.rejection.is_none() {
                    self.add_revocation(subject, &statement.spared);
                }
            }
            StatementBody::Leave { generation } if statement.may_cut() => {
                self.own_cuts.entry((*generation, None)).or_default().insert(id);
            }
            StatementBody::RenameGroup { .. } => {
                self.group_renames.insert(id);
            }
            StatementBody::Revoke { .. }
            | StatementBody::Leave { .. }
            | StatementBody::Rename { .. } => {}
        }
    }

    /// Takes what an accepted revocation does not spare out of what all of them spare.
    pub(crate) fn add_revocation(
        &mut self,
        subject: (Generation, DeviceId),
        spared: &Arc<VersionVector>,
    ) {
        let unrevoked = self.unrevoked.entry(subject).or_insert_with(|| Arc::clone(spared));
        if unrevoked != spared {
            *unrevoked = Arc::new(unrevoked.in_common(spared));
        }
    }
}
