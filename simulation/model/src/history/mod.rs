//! Admission: the set of admitted entries, and the rules for joining the set (SPEC §2 and §5).
//!
//! "Admit an entry when all its dependencies are admitted." Each entry is stored with its past, the
//! enrolment at the root of its backlink chain, and its faults of form. These depend on the entry and
//! its causal past alone, so they are the same on every device that admitted the entry, in any order.

pub mod enrolment;
pub mod form;

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{
    Body, CardId, Device, Digest, Enrolment, Entry, Generation, Holder, Id, Kind, MemberId, Root,
    Statement,
};
use crate::past::Past;

use self::enrolment::{enrols, starts};
use self::form::{Fault, faults};

/// Why an entry is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The entry is in the set already.
    AlreadyAdmitted,
    /// The entry needs dependencies that are not admitted. It may be admitted later.
    Waiting(BTreeSet<Id>),
    /// A second genesis, or a genesis entry with dependencies or with a placeholder's card.
    BadGenesis,
    /// The clock is not exactly 1 + the largest among the dependencies.
    Lamport,
    /// More than 16 parents, or more than 16 ids in a base.
    TooMany,
    /// The payload names an entry that is not in refs (the real format cannot express this).
    NotInRefs,
    /// `seq` does not follow the backlink, or the backlink is another device's.
    Chain,
    /// The backlink chain does not start at genesis or at an entry that enrols this device key
    /// with valid certificates.
    ChainStart,
    /// Two statements with one digest (a hash collision: cannot happen).
    Collision,
}

/// An admitted entry with everything that follows from its causal past.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The entry.
    pub entry: Entry,
    /// Its causal past, without itself.
    pub past: Past,
    /// The enrolment at the root of its backlink chain, which is the author.
    pub author: Enrolment,
    /// Faults of form, judged in its own past; those of a statement in the past of its base.
    pub faults: Vec<Fault>,
}

/// A statement with everything that follows from the past of its base.
#[derive(Clone, Debug)]
pub struct StatementRecord {
    /// The statement.
    pub statement: Statement,
    /// Every carrier admitted so far, by index.
    pub carriers: Vec<usize>,
    /// "`base` or its past".
    pub within: Past,
    /// 1 + the largest clock in base.
    pub clock: u64,
    /// Faults of form.
    pub faults: Vec<Fault>,
}

/// A key generation that some admitted entry starts.
#[derive(Clone, Debug)]
pub struct GenerationRecord {
    /// The member of the generation.
    pub member: MemberId,
    /// Its root key.
    pub root: Root,
    /// The first device, named on the card.
    pub device: Device,
    /// Every admitted entry that starts it, by index, whatever its verdict.
    pub starts: Vec<usize>,
}

/// The set of admitted entries.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The entries in the order of admission (nothing may depend on this order).
    pub admitted: Vec<Admitted>,
    /// Id to index.
    pub index: BTreeMap<Id, usize>,
    /// Every statement carried so far.
    pub statements: BTreeMap<Digest, StatementRecord>,
    /// Every generation started so far.
    pub generations: BTreeMap<Generation, GenerationRecord>,
}

impl History {
    /// An empty history.
    pub fn new() -> History {
        History::default()
    }

    /// The admitted entry with this id.
    pub fn get(&self, id: Id) -> Option<&Admitted> {
        self.index.get(&id).and_then(|&i| self.admitted.get(i))
    }

    /// The founder's card digest (which is the owner's `MemberId`) and root key.
    pub fn owner(&self) -> Option<(CardId, Root)> {
        self.admitted.first().and_then(|first| match first.entry.kind {
            Kind::Genesis { card, .. } => match card.of {
                Holder::Person { root, .. } => Some((card.id, root)),
                Holder::Placeholder { .. } => None,
            },
            _ => None,
        })
    }

    /// The device key and generation of an enrolment.
    pub fn enrolment(&self, e: Enrolment) -> Option<(Generation, Device)> {
        match e {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|g| (generation, g.device))
            }
            Enrolment::Enrolled(digest) => match self.statements.get(&digest)?.statement.body {
                Body::Enrol { generation, device } => Some((generation, device)),
                _ => None,
            },
        }
    }

    /// The member an enrolment belongs to.
    pub fn member(&self, e: Enrolment) -> Option<MemberId> {
        self.enrolment(e)
            .and_then(|(generation, _)| self.generations.get(&generation))
            .map(|g| g.member)
    }

    /// The given entries and their pasts.
    pub fn closure(&self, ids: &BTreeSet<Id>) -> Past {
        let mut all = Past::default();
        for &i in ids.iter().filter_map(|id| self.index.get(id)) {
            all.insert(i);
            if let Some(a) = self.admitted.get(i) {
                all.extend(&a.past);
            }
        }
        all
    }

    /// The largest clock among these entries, 0 if there are none.
    pub fn clock(&self, ids: &BTreeSet<Id>) -> u64 {
        ids.iter().filter_map(|&id| self.get(id)).map(|a| a.entry.lamport).max().unwrap_or(0)
    }

    /// The entries that no other entry depends on.
    pub fn heads(&self) -> BTreeSet<Id> {
        let mut heads: BTreeSet<Id> = self.index.keys().copied().collect();
        for a in &self.admitted {
            for d in a.entry.dependencies() {
                heads.remove(&d);
            }
        }
        heads
    }

    /// Admits an entry, or returns why it is not admitted.
    pub fn admit(&mut self, entry: Entry) -> Result<(), Refusal> {
        let author = author(self, &entry)?;
        let index = self.admitted.len();
        let past = self.closure(&entry.dependencies());
        if let Some((generation, member, card)) = starts(&entry)
            && let Holder::Person { root, device } = card.of
        {
            let new = GenerationRecord { member, root, device, starts: Vec::new() };
            self.generations.entry(generation).or_insert(new).starts.push(index);
        }
        if let Some(s) = entry.statement() {
            let within = self.closure(&s.base);
            let clock = 1 + self.clock(&s.base);
            let faults = faults(self, &entry, author, &within);
            let new = StatementRecord {
                statement: s.clone(),
                carriers: Vec::new(),
                within,
                clock,
                faults,
            };
            self.statements.entry(s.digest).or_insert(new).carriers.push(index);
        }
        let faults = match entry.statement().and_then(|s| self.statements.get(&s.digest)) {
            Some(stated) => stated.faults.clone(),
            None => faults(self, &entry, author, &past),
        };
        self.index.insert(entry.id, index);
        self.admitted.push(Admitted { entry, past, author, faults });
        Ok(())
    }
}

/// Whether the entry may be admitted now.
pub fn admissible(history: &History, entry: &Entry) -> Result<(), Refusal> {
    author(history, entry).map(|_| ())
}

/// Header checks; the enrolment at the root of the entry's backlink chain.
pub fn author(history: &History, entry: &Entry) -> Result<Enrolment, Refusal> {
    if history.index.contains_key(&entry.id) {
        return Err(Refusal::AlreadyAdmitted);
    }
    let deps = entry.dependencies();
    let missing: BTreeSet<Id> =
        deps.iter().copied().filter(|d| !history.index.contains_key(d)).collect();
    if !missing.is_empty() {
        return Err(Refusal::Waiting(missing));
    }
    if entry.lamport != 1 + history.clock(&deps) {
        return Err(Refusal::Lamport);
    }
    if entry.parents.len() > 16 || entry.statement().is_some_and(|s| s.base.len() > 16) {
        return Err(Refusal::TooMany);
    }
    if !entry.kind.named_entries().is_subset(&entry.refs) {
        return Err(Refusal::NotInRefs);
    }
    if let Some(s) = entry.statement()
        && history.statements.get(&s.digest).is_some_and(|known| known.statement != *s)
    {
        return Err(Refusal::Collision);
    }
    match (&entry.kind, entry.backlink) {
        (Kind::Genesis { card, .. }, None) => match card.of {
            Holder::Person { device, .. }
                if history.admitted.is_empty()
                    && deps.is_empty()
                    && entry.seq == 0
                    && device == entry.device =>
            {
                Ok(Enrolment::First(Generation::Card(card.id)))
            }
            _ => Err(Refusal::BadGenesis),
        },
        (Kind::Genesis { .. }, Some(_)) => Err(Refusal::BadGenesis),
        (_, None) => Err(Refusal::ChainStart),
        (_, Some(back)) => chain(history, entry, history.get(back).ok_or(Refusal::ChainStart)?),
    }
}

/// `seq` 0: the backlink must enrol this device. Otherwise it must be the device's entry before.
fn chain(history: &History, entry: &Entry, back: &Admitted) -> Result<Enrolment, Refusal> {
    if entry.seq > 0 {
        let follows = back.entry.device == entry.device && back.entry.seq + 1 == entry.seq;
        return if follows { Ok(back.author) } else { Err(Refusal::Chain) };
    }
    match enrols(history, back) {
        Some((enrolment, device)) if device == entry.device => Ok(enrolment),
        _ => Err(Refusal::ChainStart),
    }
}

/// Every owner statement carried so far.
pub(crate) fn owner_statements(
    history: &History,
) -> impl Iterator<Item = (&Digest, &StatementRecord)> {
    history.statements.iter().filter(|(_, s)| s.statement.body.generation().is_none())
}

/// Every self statement carried so far.
pub(crate) fn self_statements(
    history: &History,
) -> impl Iterator<Item = (&Digest, &StatementRecord)> {
    history.statements.iter().filter(|(_, s)| s.statement.body.generation().is_some())
}
