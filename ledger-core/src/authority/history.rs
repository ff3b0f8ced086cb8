//! The set of admitted entries with what follows from each one's own past
//! (SPEC §5). Nothing here depends on the order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use super::enrolment::{enrolled_by, starts};
use super::fault::fault;
use super::past::Past;
use crate::entry::VerifiedEntry;
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::keys::CertificateScope;
use crate::ledger::VoidReason;
use crate::payload::{Kind, Payload};
use crate::rule::{Refusal, Rule};
use crate::statement::{Generation, Statement, StatementBody};

/// What made a device a device: what stands at the root of its backlink chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Enrolment {
    /// The first device, named on the card that started a generation.
    First(Generation),
    /// A statement that enrols.
    Enrolled(StatementId),
}

/// An admitted entry with what follows from its past.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) entry: VerifiedEntry,
    pub(super) dependencies: Vec<usize>,
    /// Whose entry it is.
    pub(crate) author: Enrolment,
    /// What is wrong with it, judged in its own past.
    pub(super) fault: Option<VoidReason>,
}

impl Node {
    pub(super) fn payload(&self) -> &Payload {
        self.entry.decoded().payload()
    }

    /// The place in the total order.
    pub(super) fn order(&self) -> (u64, EntryId) {
        (self.entry.decoded().header().lamport(), self.entry.id())
    }

    pub(super) fn act(&self) -> Option<&Statement> {
        match self.payload() {
            Payload::Statement(signed) => Some(signed.act()),
            _ => None,
        }
    }

    /// The member whom the entry at a ref introduces is named by that entry.
    pub(super) fn reference(&self, index: crate::payload::RefIndex) -> Option<EntryId> {
        self.entry.decoded().header().refs().get(index.place()).copied()
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
    /// Every entry that starts it.
    pub(super) by: Vec<usize>,
}

/// What becomes of an entry that is offered to a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    Admitted,
    Duplicate,
    Missing(BTreeSet<EntryId>),
    Refused(Refusal),
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
    /// Begins with a genesis entry.
    ///
    /// # Errors
    /// Rule A1 if the entry is not one.
    pub(crate) fn begin(genesis: &VerifiedEntry) -> Result<Self, Refusal> {
        let decoded = genesis.decoded();
        let Payload::Genesis(payload) = decoded.payload() else {
            return Err(
                Refusal::with_detail(Rule::A1, "a genesis entry must come first").of(decoded.id())
            );
        };
        let card = payload.card();
        let mut history = Self {
            group: GroupId::from(decoded.id()),
            owner: card.member(),
            owner_root: card.root(),
            salt: *card.place(),
            nodes: Vec::new(),
            index: BTreeMap::new(),
            statements: BTreeMap::new(),
            generations: BTreeMap::new(),
            introducing: Vec::new(),
        };
        let author = Enrolment::First(Generation::Card(card.member()));
        history.insert(genesis.clone(), Vec::new(), author);
        Ok(history)
    }

    /// Offers an entry (rules A1 to A4).
    pub(crate) fn offer(&mut self, entry: VerifiedEntry) -> Offered {
        let header = entry.decoded().header();
        let id = entry.id();
        let refused = |rule: Rule| Offered::Refused(Refusal::new(rule).of(id));
        if self.index.contains_key(&id) {
            return Offered::Duplicate;
        }
        if header.kind() == Kind::GENESIS || header.group() != Some(self.group) {
            return refused(Rule::A1);
        }
        let mut dependencies = Vec::new();
        let mut missing = BTreeSet::new();
        for dependency in header.dependencies() {
            match self.index.get(dependency) {
                Some(place) => dependencies.push(*place),
                None => {
                    missing.insert(*dependency);
                }
            }
        }
        if !missing.is_empty() {
            return Offered::Missing(missing);
        }
        let clock = self.clock(header.dependencies());
        if clock.checked_add(1) != Some(header.lamport()) {
            return refused(Rule::A3);
        }
        match self.author(&entry) {
            Some(author) => {
                self.insert(entry, dependencies, author);
                Offered::Admitted
            }
            None => refused(Rule::A2),
        }
    }

    /// Rule A2: the enrolment at the root of the entry's backlink chain.
    fn author(&self, entry: &VerifiedEntry) -> Option<Enrolment> {
        let header = entry.decoded().header();
        let back = self.get(&header.backlink()?)?;
        let previous = back.entry.decoded().header();
        if header.seq() > 0 {
            let follows = previous.device() == header.device()
                && previous.seq().checked_add(1) == Some(header.seq());
            return follows.then_some(back.author);
        }
        let (enrolment, device) = enrolled_by(self, back)?;
        (device == header.device()).then_some(enrolment)
    }

    fn insert(&mut self, entry: VerifiedEntry, dependencies: Vec<usize>, author: Enrolment) {
        let place = self.nodes.len();
        let id = entry.id();
        self.index.insert(id, place);
        self.nodes.push(Node { entry, dependencies, author, fault: None });
        let Some(node) = self.nodes.last() else { return };
        let started = starts(self, node);
        let act = node.act().cloned();
        let introduces =
            started.is_some() || act.is_some() || matches!(node.payload(), Payload::Placeholder(_));
        let fault = match &act {
            Some(act) => self.statement(act, place),
            None => fault(self, place, None),
        };
        if let Some(node) = self.nodes.last_mut() {
            node.fault = fault;
        }
        if let Some((generation, start)) = started {
            self.generations.entry(generation).or_insert(start).by.push(place);
        }
        if introduces {
            self.introducing.push(place);
        }
    }

    /// Takes note of one more carrier of a statement; its fault.
    fn statement(&mut self, act: &Statement, place: usize) -> Option<VoidReason> {
        let digest = act.digest();
        if !self.statements.contains_key(&digest) {
            let within = self.closure(act.base());
            let stated = StatementRecord {
                act: act.clone(),
                carriers: Vec::new(),
                clock: self.clock(act.base().iter()).saturating_add(1),
                fault: fault(self, place, Some(&within)),
                within,
            };
            self.statements.insert(digest, stated);
        }
        let stated = self.statements.get_mut(&digest)?;
        stated.carriers.push(place);
        stated.fault
    }

    /// The place of an admitted entry.
    pub(crate) fn place(&self, id: &EntryId) -> Option<usize> {
        self.index.get(id).copied()
    }

    pub(crate) fn get(&self, id: &EntryId) -> Option<&Node> {
        self.index.get(id).and_then(|place| self.nodes.get(*place))
    }

    /// These entries and their pasts.
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
    fn clock<'a>(&self, ids: impl IntoIterator<Item = &'a EntryId>) -> u64 {
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

    /// The member whose enrolment it is.
    pub(crate) fn member(&self, enrolment: Enrolment) -> Option<MemberId> {
        let (generation, _) = self.enrolment(enrolment)?;
        self.generations.get(&generation).map(|start| start.member)
    }
}
