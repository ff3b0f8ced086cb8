//! Ways to find records.

use std::collections::{BTreeMap, BTreeSet};

use super::generation::GenerationRecord;
use crate::id::{DeviceId, EntryId, MemberId, RootId, StatementId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

/// Ways to find records; follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub(crate) roots: BTreeMap<RootId, BTreeSet<Generation>>,
    pub(crate) devices: BTreeMap<DeviceId, BTreeSet<Enrolment>>,
    /// The statement that an entry carries.
    pub(crate) carried: BTreeMap<EntryId, StatementId>,
    /// The introductions that a device of an enrolment signed.
    pub(crate) authored: BTreeMap<Enrolment, BTreeSet<EntryId>>,
    pub(crate) chains: BTreeMap<Enrolment, Vec<u32>>,
    /// The chain that an entry is the last of.
    pub(crate) tips: BTreeMap<EntryId, u32>,
    pub(crate) group_renames: BTreeSet<StatementId>,
    /// The removals and binds of a member.
    pub(crate) hard_cuts: BTreeMap<MemberId, BTreeSet<StatementId>>,
    /// The revocations of a device in a generation, or the generation's leaves.
    pub(crate) own_cuts: BTreeMap<(Generation, Option<DeviceId>), BTreeSet<StatementId>>,
    /// The statements that enrol in a generation.
    pub(crate) enrolling: BTreeMap<Generation, BTreeSet<StatementId>>,
}

impl Lookup {
    pub(crate) fn generation(&mut self, generation: Generation, start: &GenerationRecord) {
        self.roots.entry(start.root).or_default().insert(generation);
        self.devices.entry(start.device).or_default().insert(Enrolment::First(generation));
    }

    pub(crate) fn statement(&mut self, digest: StatementId, body: &StatementBody) {
        match body {
            StatementBody::Enrol { generation, certificate } => {
                let enrolments = self.devices.entry(certificate.device()).or_default();
                enrolments.insert(Enrolment::Enrolled(digest));
                self.enrolling.entry(*generation).or_default().insert(digest);
            }
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                self.hard_cuts.entry(*member).or_default().insert(digest);
            }
            StatementBody::Revoke { generation, device } => {
                let concerned = (*generation, Some(*device));
                self.own_cuts.entry(concerned).or_default().insert(digest);
            }
            StatementBody::Leave { generation } => {
                self.own_cuts.entry((*generation, None)).or_default().insert(digest);
            }
            StatementBody::RenameGroup { .. } => {
                self.group_renames.insert(digest);
            }
            StatementBody::Rename { .. } => {}
        }
    }
}
