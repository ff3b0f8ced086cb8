//! Admission of entries to a history (SPEC §5).

use std::collections::{BTreeMap, BTreeSet};

use super::enrolment::{enrolled_by, starts};
use super::fault::fault;
use super::history::{History, Node, StatementRecord};
use crate::entry::VerifiedEntry;
use crate::id::{EntryId, GroupId};
use crate::payload::{Kind, Payload};
use crate::rule::{Refusal, Rule};
use crate::statement::{Generation, Statement};
use crate::verdict::{Enrolment, VoidReason};

/// Outcome of offering an entry to a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    Admitted,
    Duplicate,
    Missing(BTreeSet<EntryId>),
    Refused(Refusal),
}

impl History {
    /// Creates the history of a group from its genesis entry.
    ///
    /// # Errors
    /// Rule A1 if the entry is no genesis entry.
    pub(crate) fn begin(genesis: &VerifiedEntry) -> Result<Self, Refusal> {
        let decoded = genesis.decoded();
        let Payload::Genesis(payload) = decoded.payload() else {
            return Err(Refusal::with_detail(Rule::A1, "a genesis entry must come first")
                .in_entry(decoded.id()));
        };
        let card = payload.card();
        let mut history = Self {
            group: GroupId::from(decoded.id()),
            owner: card.member(),
            owner_root: card.root(),
            salt: *card.scope(),
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

    /// Offers an entry under rules A1 to A4, and keeps it if it is admitted.
    pub(crate) fn offer(&mut self, entry: VerifiedEntry) -> Offered {
        let header = entry.decoded().header();
        let id = entry.id();
        let refused = |rule: Rule| Offered::Refused(Refusal::new(rule).in_entry(id));
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

    /// The enrolment at the root of the entry's backlink chain; `None` breaks rule A2.
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

    /// Records one more carrier of a statement. Returns the statement's fault.
    fn statement(&mut self, act: &Statement, place: usize) -> Option<VoidReason> {
        let digest = act.id();
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
}
