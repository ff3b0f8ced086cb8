//! Admission of entries to a history (SPEC §5).

use std::collections::{BTreeMap, BTreeSet};

use super::enrolment::{enrolled_by, started_generation};
use super::fault::fault;
use super::history::{History, Node, StatementRecord};
use crate::base::id::{EntryId, GroupId};
use crate::base::rule::{Refusal, Rule};
use crate::entry::VerifiedEntry;
use crate::header::Kind;
use crate::payload::Payload;
use crate::statement::{Generation, Statement};
use crate::verdict::{Enrolment, VoidReason};

/// Result of offering an entry to a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offered {
    Admitted,
    Duplicate,
    Missing(BTreeSet<EntryId>),
    Refused(Refusal),
}

impl History {
    /// Creates the history of a group from its genesis entry.
    ///
    /// # Errors
    /// Rule A1 if the entry is not one.
    pub(super) fn begin(genesis: &VerifiedEntry) -> Result<Self, Refusal> {
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
            numbers: BTreeMap::new(),
            statements: BTreeMap::new(),
            generations: BTreeMap::new(),
            introducing: Vec::new(),
        };
        let author = Enrolment::First(Generation::Card(card.member()));
        history.insert(genesis.clone(), Vec::new(), author);
        Ok(history)
    }

    /// Offers an entry (rules A1 to A4).
    pub(super) fn offer(&mut self, entry: VerifiedEntry) -> Offered {
        let header = entry.decoded().header();
        let id = entry.id();
        let refused = |rule: Rule| Offered::Refused(Refusal::new(rule).in_entry(id));
        if self.numbers.contains_key(&id) {
            return Offered::Duplicate;
        }
        if header.kind() == Kind::GENESIS || header.group() != Some(self.group) {
            return refused(Rule::A1);
        }
        let mut dependencies = Vec::new();
        let mut missing = BTreeSet::new();
        for dependency in header.dependencies() {
            match self.number(dependency) {
                Some(number) => dependencies.push(number),
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

    /// Returns the author of an entry: the enrolment at the root of its chain. `None` if
    /// the entry breaks rule A2.
    fn author(&self, entry: &VerifiedEntry) -> Option<Enrolment> {
        let header = entry.decoded().header();
        let backlink = self.get(&header.backlink()?)?;
        let previous = backlink.entry.decoded().header();
        if header.seq() > 0 {
            let follows = previous.device() == header.device()
                && previous.seq().checked_add(1) == Some(header.seq());
            return follows.then_some(backlink.author);
        }
        let (enrolment, device) = enrolled_by(self, backlink)?;
        (device == header.device()).then_some(enrolment)
    }

    /// Inserts an entry. Its fault is found before the history knows what the entry
    /// itself introduces: a fault reads the past, which does not hold the entry.
    fn insert(&mut self, entry: VerifiedEntry, dependencies: Vec<usize>, author: Enrolment) {
        let number = self.nodes.len();
        let id = entry.id();
        self.numbers.insert(id, number);
        self.nodes.push(Node { entry, dependencies, author, fault: None });
        let Some(node) = self.nodes.last() else { return };
        let started = started_generation(self, node);
        let statement = node.statement().cloned();
        let introduces = started.is_some()
            || statement.is_some()
            || matches!(node.payload(), Payload::Placeholder(_));
        let fault = match &statement {
            Some(statement) => self.add_carrier(statement, number),
            None => fault(self, number, None),
        };
        if let Some(node) = self.nodes.last_mut() {
            node.fault = fault;
        }
        if let Some((generation, record)) = started {
            self.generations.entry(generation).or_insert(record).started_by.push(number);
        }
        if introduces {
            self.introducing.push(number);
        }
    }

    /// Adds a carrier of a statement, known or new. Returns the statement's fault.
    fn add_carrier(&mut self, statement: &Statement, number: usize) -> Option<VoidReason> {
        let id = statement.id();
        if !self.statements.contains_key(&id) {
            let within = self.closure(statement.base());
            let record = StatementRecord {
                statement: statement.clone(),
                carriers: Vec::new(),
                clock: self.clock(statement.base().iter()).saturating_add(1),
                fault: fault(self, number, Some(&within)),
                within,
            };
            self.statements.insert(id, record);
        }
        let record = self.statements.get_mut(&id)?;
        record.carriers.push(number);
        record.fault
    }
}
