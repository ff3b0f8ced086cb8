//! History: the set of admitted entries, with what follows from each one's own past.

use std::collections::BTreeMap;

use super::past::Past;
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::entry::VerifiedEntry;
use crate::keys::CertificateScope;
use crate::payload::{Payload, RefIndex};
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{Enrolment, VoidReason};

/// Admitted entry with what follows from its past.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) entry: VerifiedEntry,
    /// Numbers of the entries on which it depends.
    pub(super) dependencies: Vec<usize>,
    pub(super) author: Enrolment,
    pub(super) fault: Option<VoidReason>,
}

impl Node {
    pub(super) fn payload(&self) -> &Payload {
        self.entry.decoded().payload()
    }

    /// Returns the place in the total order: clock and id.
    pub(super) fn order(&self) -> (u64, EntryId) {
        (self.entry.decoded().header().lamport(), self.entry.id())
    }

    /// Returns the statement that the entry carries.
    pub(super) fn statement(&self) -> Option<&Statement> {
        match self.payload() {
            Payload::Statement(signed) => Some(signed.statement()),
            _ => None,
        }
    }

    /// Returns the entry that a payload names by an index into the refs.
    pub(super) fn reference(&self, index: RefIndex) -> Option<EntryId> {
        self.entry.decoded().header().refs().get(index.as_usize()).copied()
    }
}

/// Statement with what follows from its base.
#[derive(Clone, Debug)]
pub(super) struct StatementRecord {
    pub(super) statement: Statement,
    /// Numbers of all entries that carry it.
    pub(super) carriers: Vec<usize>,
    /// The base and its past: the entries within the statement.
    pub(super) within: Past,
    /// First part of the statement order: 1 + the largest clock in the base.
    pub(super) clock: u64,
    pub(super) fault: Option<VoidReason>,
}

/// Key generation that at least one entry starts, whatever the verdict on it.
#[derive(Clone, Debug)]
pub(super) struct GenerationRecord {
    pub(super) member: MemberId,
    pub(super) root: RootId,
    pub(super) device: DeviceId,
    /// Numbers of all entries that start it.
    pub(super) started_by: Vec<usize>,
}

/// Set of admitted entries of one group.
///
/// Each entry has a number: its index in `nodes`. Numbers follow the order in which
/// entries were admitted, so dependencies have smaller ones; nothing else hangs on them.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) group: GroupId,
    pub(super) owner: MemberId,
    pub(super) owner_root: RootId,
    pub(super) salt: CertificateScope,
    pub(super) nodes: Vec<Node>,
    pub(super) numbers: BTreeMap<EntryId, usize>,
    pub(super) statements: BTreeMap<StatementId, StatementRecord>,
    pub(super) generations: BTreeMap<Generation, GenerationRecord>,
    /// Numbers of the entries that introduce a member or a key.
    pub(super) introducing: Vec<usize>,
}

impl History {
    /// Returns the number of an admitted entry.
    pub(super) fn number(&self, id: &EntryId) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    pub(super) fn get(&self, id: &EntryId) -> Option<&Node> {
        self.nodes.get(self.number(id)?)
    }

    /// Returns some entries and their pasts.
    pub(super) fn closure<'a>(&self, ids: impl IntoIterator<Item = &'a EntryId>) -> Past {
        let mut past = Past::default();
        let mut open: Vec<usize> = ids.into_iter().filter_map(|id| self.number(id)).collect();
        while let Some(number) = open.pop() {
            if past.insert(number)
                && let Some(node) = self.nodes.get(number)
            {
                open.extend(node.dependencies.iter().filter(|d| !past.contains(**d)));
            }
        }
        past
    }

    /// Returns the past of an entry.
    pub(super) fn past_of(&self, node: &Node) -> Past {
        self.closure(node.entry.decoded().header().dependencies())
    }

    /// Returns the largest clock among some entries, 0 if there are none.
    pub(super) fn clock<'a>(&self, ids: impl IntoIterator<Item = &'a EntryId>) -> u64 {
        let nodes = ids.into_iter().filter_map(|id| self.get(id));
        nodes.map(|node| node.order().0).max().unwrap_or(0)
    }

    /// Returns the generation and device key of an enrolment.
    pub(super) fn enrolled_device(&self, enrolment: Enrolment) -> Option<(Generation, DeviceId)> {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|record| (generation, record.device))
            }
            Enrolment::Enrolled(id) => match self.statements.get(&id)?.statement.body() {
                StatementBody::Enrol { generation, certificate } => {
                    Some((*generation, certificate.device()))
                }
                _ => None,
            },
        }
    }

    /// Returns the member whose device an enrolment enrols.
    pub(super) fn enrolled_member(&self, enrolment: Enrolment) -> Option<MemberId> {
        let (generation, _) = self.enrolled_device(enrolment)?;
        self.generations.get(&generation).map(|record| record.member)
    }
}
