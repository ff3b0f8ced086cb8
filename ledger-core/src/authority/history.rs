//! The set of admitted entries with what follows from each one's own past
//! (SPEC §5). Nothing here depends on the order of arrival.

use std::collections::BTreeMap;

use super::past::Past;
use crate::entry::VerifiedEntry;
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::keys::CertificateScope;
use crate::payload::Payload;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{Enrolment, VoidReason};

/// An admitted entry with what follows from its past.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) entry: VerifiedEntry,
    pub(super) dependencies: Vec<usize>,
    /// Enrolment at the root of the entry's chain.
    pub(crate) author: Enrolment,
    /// Fault of the entry, judged in its own past.
    pub(super) fault: Option<VoidReason>,
}

impl Node {
    pub(super) fn payload(&self) -> &Payload {
        self.entry.decoded().payload()
    }

    /// Position in the total order.
    pub(super) fn order(&self) -> (u64, EntryId) {
        (self.entry.decoded().header().lamport(), self.entry.id())
    }

    pub(super) fn act(&self) -> Option<&Statement> {
        match self.payload() {
            Payload::Statement(signed) => Some(signed.statement()),
            _ => None,
        }
    }

    /// Id of the entry at a ref. Members are named by entries that introduce them.
    pub(super) fn reference(&self, index: crate::payload::RefIndex) -> Option<EntryId> {
        self.entry.decoded().header().refs().get(index.as_usize()).copied()
    }
}

/// A statement with what follows from its base.
#[derive(Clone, Debug)]
pub(super) struct StatementRecord {
    pub(super) act: Statement,
    /// Every entry that carries it.
    pub(super) carriers: Vec<usize>,
    /// The base and its past.
    pub(super) within: Past,
    /// 1 + the largest clock in the base.
    pub(super) clock: u64,
    pub(super) fault: Option<VoidReason>,
}

/// A key generation that some admitted entry starts, whatever its verdict.
#[derive(Clone, Debug)]
pub(super) struct GenerationRecord {
    pub(super) member: MemberId,
    pub(super) root: RootId,
    pub(super) device: DeviceId,
    /// Every entry that starts the generation.
    pub(super) by: Vec<usize>,
}

/// The set of admitted entries of one group.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(super) group: GroupId,
    pub(super) owner: MemberId,
    pub(super) owner_root: RootId,
    pub(super) salt: CertificateScope,
    pub(crate) nodes: Vec<Node>,
    pub(super) index: BTreeMap<EntryId, usize>,
    pub(super) statements: BTreeMap<StatementId, StatementRecord>,
    pub(super) generations: BTreeMap<Generation, GenerationRecord>,
    /// Entries that introduce a member, or a key.
    pub(super) introducing: Vec<usize>,
}

impl History {
    /// The place of an admitted entry.
    pub(crate) fn place(&self, id: &EntryId) -> Option<usize> {
        self.index.get(id).copied()
    }

    pub(crate) fn get(&self, id: &EntryId) -> Option<&Node> {
        self.index.get(id).and_then(|place| self.nodes.get(*place))
    }

    /// Set of these entries and their pasts.
    pub(super) fn closure<'a>(&self, ids: impl IntoIterator<Item = &'a EntryId>) -> Past {
        let mut past = Past::default();
        let mut open: Vec<usize> =
            ids.into_iter().filter_map(|id| self.index.get(id).copied()).collect();
        while let Some(place) = open.pop() {
            if past.insert(place)
                && let Some(node) = self.nodes.get(place)
            {
                open.extend(node.dependencies.iter().filter(|d| !past.contains(**d)));
            }
        }
        past
    }

    /// The largest clock among these entries, 0 if there are none.
    pub(super) fn clock<'a>(&self, ids: impl IntoIterator<Item = &'a EntryId>) -> u64 {
        let clocks = ids.into_iter().filter_map(|id| self.get(id));
        clocks.map(|node| node.order().0).max().unwrap_or(0)
    }

    /// The member and device key of an enrolment.
    pub(super) fn enrolment(&self, enrolment: Enrolment) -> Option<(Generation, DeviceId)> {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|start| (generation, start.device))
            }
            Enrolment::Enrolled(digest) => match self.statements.get(&digest)?.act.body() {
                StatementBody::Enrol { generation, certificate } => {
                    Some((*generation, certificate.device()))
                }
                _ => None,
            },
        }
    }

    /// Member of an enrolment.
    pub(crate) fn member(&self, enrolment: Enrolment) -> Option<MemberId> {
        let (generation, _) = self.enrolment(enrolment)?;
        self.generations.get(&generation).map(|start| start.member)
    }
}
