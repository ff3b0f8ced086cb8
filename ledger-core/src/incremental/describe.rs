//! Members, devices and the group's name, as the group state shows them (SPEC §7).

use std::collections::BTreeMap;

use super::authority_state::AuthorityState;
use super::records::{IntroductionKind, MemberRecord, StatementRecord};
use crate::base::id::{DeviceId, MemberId};
use crate::state::{Device, Member};
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

impl AuthorityState {
    /// Returns a member as the group state shows them, or `None` for a member who is
    /// not accepted and whom no applied entry mentions.
    pub(crate) fn describe_member(&self, id: MemberId) -> Option<Member> {
        let record = self.members.get(&id)?;
        if !(record.accepted || self.mentions.contains_key(&id) || self.is_mentioned(record)) {
            return None;
        }
        let renames = self.accepted_statements(record).filter_map(|s| match &s.body {
            StatementBody::Rename { name, .. } => Some((s.order(), name)),
            _ => None,
        });
        let renamed = renames.max_by_key(|(order, _)| *order).map(|(_, name)| name.clone());
        let binds: Vec<&StatementRecord> = self
            .accepted_statements(record)
            .filter(|statement| matches!(statement.body, StatementBody::Bind { .. }))
            .collect();
        // A bind that has the removal within it takes the member back.
        let removed = self
            .accepted_statements(record)
            .filter(|statement| matches!(statement.body, StatementBody::Remove { .. }))
            .any(|removal| !binds.iter().any(|bind| bind.within.contains(&removal.id)));
        let current = record.generations.iter().copied().filter(|g| self.is_current(*g));
        Some(Member {
            name: renamed.or_else(|| record.name.clone()).unwrap_or_default(),
            introduced: record.accepted,
            removed,
            generations: current.collect(),
        })
    }

    /// Returns the statements about a member with the verdict applied.
    fn accepted_statements<'a>(
        &'a self,
        record: &'a MemberRecord,
    ) -> impl Iterator<Item = &'a StatementRecord> {
        let statements = record.statements.iter().filter_map(|id| self.statements.get(id));
        statements.filter(|statement| statement.verdict.is_applied())
    }

    /// Returns whether an applied claim or statement mentions a member. An applied
    /// adoption makes its member accepted, so it need not be asked about.
    fn is_mentioned(&self, record: &MemberRecord) -> bool {
        let mut introductions =
            record.introductions.iter().filter_map(|id| self.introductions.get(id));
        introductions.any(|i| i.kind == IntroductionKind::Claim && i.verdict.is_applied())
            || self.accepted_statements(record).next().is_some()
    }

    /// Returns the devices of a generation that may write, with their X25519 keys.
    pub(crate) fn devices_of_generation(
        &self,
        generation: Generation,
    ) -> BTreeMap<(Generation, DeviceId), Device> {
        let current =
            self.is_current(generation).then(|| self.enrolments_of_generation(generation));
        // A device key that is enrolled twice in a generation is one device, with
        // the key of the last enrolment.
        let enrolments = current.into_iter().flatten();
        enrolments.filter_map(|enrolment| self.device_by(enrolment)).collect()
    }

    /// Returns the X25519 key of a device that may write for a generation.
    pub(crate) fn device_of_generation(
        &self,
        generation: Generation,
        device: DeviceId,
    ) -> Option<Device> {
        let enrolments = self.enrolments_of_device(generation, device);
        let keys = enrolments.filter_map(|enrolment| self.device_by(enrolment));
        keys.last().filter(|_| self.is_current(generation)).map(|(_, exchange)| exchange)
    }

    /// Returns the device that an enrolment allows to write if its generation is current.
    fn device_by(&self, enrolment: Enrolment) -> Option<((Generation, DeviceId), Device)> {
        let enrolled = self.enrolled_device(enrolment)?;
        let cut = self.own_cuts_on(enrolment).next().is_some();
        if cut || !self.is_enrolment_accepted(enrolment) {
            return None;
        }
        let exchange = self.last_rotation(enrolled).or_else(|| self.certified_key(enrolment));
        exchange.map(|exchange| (enrolled, exchange))
    }

    fn last_rotation(&self, device: (Generation, DeviceId)) -> Option<Device> {
        self.rotations.get(&device)?.last_key_value().map(|(_, key)| *key)
    }

    /// Returns the X25519 key with which a device was enrolled.
    fn certified_key(&self, enrolment: Enrolment) -> Option<Device> {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|record| record.exchange)
            }
            Enrolment::Enrolled(id) => match &self.statements.get(&id)?.body {
                StatementBody::Enrol { certificate, .. } => Some(Device::certified(certificate)),
                _ => None,
            },
        }
    }

    /// Returns the group's name: the last accepted renaming, else the genesis entry's.
    pub(crate) fn group_name(&self) -> String {
        let renames = self.lookup.group_renames.iter().filter_map(|id| self.statements.get(id));
        let accepted = renames.filter(|rename| rename.verdict.is_applied());
        let last = accepted.max_by_key(|rename| rename.order());
        match last.map(|rename| &rename.body) {
            Some(StatementBody::RenameGroup { name }) => name.clone(),
            _ => self.name.clone(),
        }
    }
}
