//! Enrolments: which device of which member, and by which entries.

use super::authority_state::AuthorityState;
use super::records::{IntroductionKind, LocatedEntry, StatementRecord};
use crate::base::id::{DeviceId, EntryId, MemberId, RootId};
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

impl AuthorityState {
    /// Returns the generation and device key of an enrolment.
    pub(super) fn enrolled_device(&self, enrolment: Enrolment) -> Option<(Generation, DeviceId)> {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|record| (generation, record.device))
            }
            Enrolment::Enrolled(id) => match &self.statements.get(&id)?.body {
                StatementBody::Enrol { generation, certificate } => {
                    Some((*generation, certificate.device()))
                }
                _ => None,
            },
        }
    }

    /// Returns the member whose device an enrolment enrols.
    pub(crate) fn enrolled_member(&self, enrolment: Enrolment) -> Option<MemberId> {
        let (generation, _) = self.enrolled_device(enrolment)?;
        self.generations.get(&generation).map(|record| record.member)
    }

    /// Returns the enrolments of a generation: of its first device, and by
    /// statements, valid or not.
    pub(super) fn enrolments_of_generation(&self, generation: Generation) -> Vec<Enrolment> {
        let statements = self.lookup.enrolling.get(&generation).into_iter().flatten();
        let first = std::iter::once(Enrolment::First(generation));
        first.chain(statements.map(|id| Enrolment::Enrolled(*id))).collect()
    }

    /// Returns the enrolments of a device key in a generation.
    pub(super) fn enrolments_of_device(
        &self,
        generation: Generation,
        device: DeviceId,
    ) -> impl Iterator<Item = Enrolment> {
        let enrolments = self.lookup.devices.get(&device).into_iter().flatten().copied();
        enrolments.filter(move |e| self.enrolled_device(*e) == Some((generation, device)))
    }

    /// Returns whether a device key has an enrolment in a generation, whatever its verdict.
    pub(super) fn was_enrolled(&self, generation: Generation, device: DeviceId) -> bool {
        let mut enrolments = self.enrolments_of_device(generation, device);
        enrolments.any(|enrolment| self.can_begin_chain(enrolment))
    }

    /// Returns whether a device may write (SPEC §7.1).
    pub(super) fn may_write(&self, (generation, device): (Generation, DeviceId)) -> bool {
        let mut enrolments = self.enrolments_of_device(generation, device);
        self.is_current(generation)
            && enrolments.any(|enrolment| {
                self.is_enrolment_accepted(enrolment)
                    && self.own_cuts_on(enrolment).next().is_none()
            })
    }

    /// Returns the generation for which a device may not write any more, only because of a
    /// revocation or leave by the generation itself.
    pub(crate) fn left_generation(&self, device: DeviceId) -> Option<Generation> {
        let enrolments = self.lookup.devices.get(&device)?.iter();
        let left = enrolments.filter(|enrolment| {
            self.is_enrolment_accepted(**enrolment)
                && self.own_cuts_on(**enrolment).next().is_some()
        });
        let devices = left.filter_map(|enrolment| self.enrolled_device(*enrolment));
        let mut generations = devices.map(|(generation, _)| generation);
        generations.rfind(|generation| self.is_current(*generation))
    }

    /// Returns the entries that enrol: those that start the generation, or those that
    /// carry the statement.
    pub(super) fn enrolling_entries(&self, enrolment: Enrolment) -> &[LocatedEntry] {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map_or(&[], |record| &record.started_by)
            }
            Enrolment::Enrolled(id) => {
                self.statements.get(&id).map_or(&[], |statement| &statement.carriers)
            }
        }
    }

    /// Returns an entry that enrols a device in a generation. Of several, the one with
    /// the smallest id, so that the answer does not depend on the order of arrival.
    pub(crate) fn enrolment_entry(
        &self,
        generation: Generation,
        device: DeviceId,
    ) -> Option<EntryId> {
        let enrolments = self.lookup.devices.get(&device)?.iter();
        let fits = |enrolment: &&Enrolment| match enrolment {
            Enrolment::First(other) => *other == generation,
            Enrolment::Enrolled(id) => {
                let statement = self.statements.get(id);
                statement.and_then(|statement| statement.body.generation()) == Some(generation)
            }
        };
        let entries = enrolments.filter(fits).flat_map(|e| self.enrolling_entries(*e));
        entries.map(|entry| entry.id).filter(|id| self.enrolment_by_entry(id).is_some()).min()
    }

    /// Returns the member and generation of a root key, of the generations that
    /// `is_current` accepts.
    pub(crate) fn generation_of_root(
        &self,
        root: RootId,
        is_current: impl Fn(Generation) -> bool,
    ) -> Option<(MemberId, Generation)> {
        let generations = self.lookup.roots.get(&root)?.iter();
        let generation = generations.copied().find(|generation| is_current(*generation))?;
        Some((self.generations.get(&generation)?.member, generation))
    }

    /// Returns whether entries enrol the device of an enrolment, whatever their verdict.
    fn can_begin_chain(&self, enrolment: Enrolment) -> bool {
        match enrolment {
            Enrolment::First(_) => true,
            Enrolment::Enrolled(id) => {
                self.statements.get(&id).is_some_and(|s| self.is_valid_enrolment(s))
            }
        }
    }

    /// Returns whether the carriers of an enrolment statement enrol its device
    /// (rule A2), whatever their verdict.
    fn is_valid_enrolment(&self, statement: &StatementRecord) -> bool {
        let record = statement.body.generation().and_then(|g| self.generations.get(&g));
        let signed = record.is_some_and(|record| record.root == statement.signer);
        matches!(statement.body, StatementBody::Enrol { .. }) && statement.knows_start && signed
    }

    /// Returns the enrolment and device of an entry that enrols (rule A2), whatever
    /// its verdict.
    ///
    /// The genesis entry enrols no device for other entries: the chain of its device
    /// begins with it.
    pub(crate) fn enrolment_by_entry(&self, id: &EntryId) -> Option<(Enrolment, DeviceId)> {
        let generation = if let Some(id) = self.lookup.carried.get(id) {
            let statement = self.statements.get(id)?;
            match &statement.body {
                StatementBody::Bind { .. } if statement.signer == self.owner_root => {
                    Generation::Bind(*id)
                }
                StatementBody::Enrol { certificate, .. } => {
                    let enrolment = Enrolment::Enrolled(*id);
                    let valid = self.is_valid_enrolment(statement);
                    return valid.then(|| (enrolment, certificate.device()));
                }
                _ => return None,
            }
        } else {
            let introduction = self.introductions.get(id)?;
            match introduction.kind {
                IntroductionKind::Add => Generation::Card(introduction.member?),
                IntroductionKind::Claim => Generation::Claim(*id),
                IntroductionKind::Genesis
                | IntroductionKind::Placeholder(_)
                | IntroductionKind::Adopt => return None,
            }
        };
        let record = self.generations.get(&generation)?;
        Some((Enrolment::First(generation), record.device))
    }

    /// Returns the member whose device a key is.
    ///
    /// Anybody can sign an enrolment of a device key that is not theirs. So an
    /// enrolment with a chain goes first, since only the device can begin one; then an
    /// enrolment that could begin a chain.
    pub(crate) fn device_owner(&self, device: DeviceId) -> Option<MemberId> {
        let enrolments = self.lookup.devices.get(&device)?;
        let with_chain = enrolments.iter().find(|e| !self.chains_of(**e).is_empty());
        let valid = || enrolments.iter().find(|e| self.can_begin_chain(**e));
        let enrolment = with_chain.or_else(valid)?;
        self.enrolled_member(*enrolment)
    }
}
