//! What the state says of members and devices (SPEC §7).

use std::collections::BTreeMap;

use super::authority_state::AuthorityState;
use super::records::{IntroductionKind, Person, StatementRecord};
use crate::id::{DeviceId, MemberId};
use crate::state::{Device, Member};
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

impl AuthorityState {
    /// A member as the state shows them; nobody who is neither accepted nor
    /// named by an applied entry.
    pub(crate) fn describe(&self, id: MemberId) -> Option<Member> {
        let person = self.people.get(&id)?;
        if !(person.accepted || self.named.contains_key(&id) || self.is_named(person)) {
            return None;
        }
        let renames = self.accepted(person).filter_map(|stated| match &stated.body {
            StatementBody::Rename { name, .. } => Some((stated.order(), name)),
            _ => None,
        });
        let renamed = renames.max_by_key(|(order, _)| *order).map(|(_, name)| name.clone());
        let binds: Vec<&StatementRecord> = self
            .accepted(person)
            .filter(|stated| matches!(stated.body, StatementBody::Bind { .. }))
            .collect();
        let removed = self
            .accepted(person)
            .filter(|stated| matches!(stated.body, StatementBody::Remove { .. }))
            .any(|cut| !binds.iter().any(|bind| bind.within.contains(&cut.digest)));
        let current = person.generations.iter().copied().filter(|g| self.is_current(*g));
        Some(Member {
            name: renamed.or_else(|| person.name.clone()).unwrap_or_default(),
            introduced: person.accepted,
            removed,
            generations: current.collect(),
        })
    }

    /// The accepted statements about somebody.
    fn accepted<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = &'a StatementRecord> {
        let statements = person.statements.iter().filter_map(|d| self.statements.get(d));
        statements.filter(|stated| stated.verdict.is_applied())
    }

    /// Whether an applied claim or statement names somebody. Who is adopted is
    /// accepted.
    fn is_named(&self, person: &Person) -> bool {
        let mut introductions =
            person.introductions.iter().filter_map(|id| self.introductions.get(id));
        introductions.any(|i| i.manner == IntroductionKind::Claim && i.verdict.is_applied())
            || self.accepted(person).next().is_some()
    }

    /// The devices of a member that may write.
    pub(crate) fn devices(&self, id: MemberId) -> BTreeMap<(Generation, DeviceId), Device> {
        let mut devices = BTreeMap::new();
        let generations = self.people.get(&id).into_iter().flat_map(|p| &p.generations);
        for generation in generations.copied().filter(|g| self.is_current(*g)) {
            // A key that is enrolled twice is one device; the last goes.
            for enrolment in self.enrolments_of(generation) {
                let Some((_, device)) = self.enrolment(enrolment) else { continue };
                let cut = self.own_cuts_on(enrolment).next().is_some();
                if cut || !self.is_enrolled(enrolment) {
                    continue;
                }
                let rotated = self.rotated((generation, device));
                let exchange = rotated.or_else(|| self.certified(enrolment));
                devices.extend(exchange.map(|exchange| ((generation, device), exchange)));
            }
        }
        devices
    }

    /// A member's generations, current or not.
    pub(crate) fn generations(&self, id: MemberId) -> impl Iterator<Item = Generation> + '_ {
        self.people.get(&id).into_iter().flat_map(|person| person.generations.iter().copied())
    }

    /// The last applied rotation of a device.
    fn rotated(&self, key: (Generation, DeviceId)) -> Option<Device> {
        self.rotations.get(&key)?.last_key_value().map(|(_, device)| *device)
    }

    /// The X25519 key with which a device was enrolled.
    fn certified(&self, enrolment: Enrolment) -> Option<Device> {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|start| start.exchange)
            }
            Enrolment::Enrolled(digest) => match &self.statements.get(&digest)?.body {
                StatementBody::Enrol { certificate, .. } => Some(Device::certified(certificate)),
                _ => None,
            },
        }
    }

    /// The group's name.
    pub(crate) fn group_name(&self) -> String {
        let renames = self.lookup.group_renames.iter().filter_map(|d| self.statements.get(d));
        let accepted = renames.filter(|stated| stated.verdict.is_applied());
        let last = accepted.max_by_key(|stated| stated.order());
        match last.map(|stated| &stated.body) {
            Some(StatementBody::RenameGroup { name }) => name.clone(),
            _ => self.name.clone(),
        }
    }

    /// The member whose device this is: by an enrolment with a chain, else by
    /// one that could begin a chain.
    pub(crate) fn device_owner(&self, device: DeviceId) -> Option<MemberId> {
        let enrolments = self.lookup.devices.get(&device)?;
        let begun = enrolments.iter().find(|enrolment| !self.chains_of(**enrolment).is_empty());
        let enrols = |enrolment: &&Enrolment| match enrolment {
            Enrolment::First(_) => true,
            Enrolment::Enrolled(digest) => {
                self.statements.get(digest).is_some_and(|stated| self.enrols(stated))
            }
        };
        let enrolment = begun.or_else(|| enrolments.iter().find(enrols))?;
        self.member(*enrolment)
    }
}
