//! Entries in memory, and evaluation from scratch.

use std::collections::BTreeMap;

use super::{Admission, AdmittedEntry, EntryIndex, Ledger, Link, Replayed, SlotEntry, Verdict};
use crate::entry::VerifiedEntry;
use crate::id::{EntryId, GroupId};
use crate::rule::Refusal;

/// An [`EntryIndex`] in memory, for tests, previews and evaluation.
#[derive(Clone, Debug, Default)]
pub struct MemoryIndex {
    entries: BTreeMap<EntryId, (VerifiedEntry, Verdict)>,
    slots: BTreeMap<EntryId, Vec<SlotEntry>>,
}

impl MemoryIndex {
    /// An index without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn insert_genesis(&mut self, genesis: &VerifiedEntry) {
        self.entries.insert(genesis.id(), (genesis.clone(), Verdict::Applied));
    }

    /// Keeps an entry that was admitted and replayed.
    pub fn insert(&mut self, entry: &AdmittedEntry, replayed: &Replayed) {
        let entry = entry.verified();
        self.entries.insert(entry.id(), (entry.clone(), replayed.verdict()));
        if let Some((original, slot_entry, _)) = replayed.slot() {
            self.slots.entry(original).or_default().push(slot_entry);
        }
    }

    /// The verdict on each admitted entry.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, Verdict)> + '_ {
        self.entries.iter().map(|(id, (_, verdict))| (*id, *verdict))
    }
}

impl EntryIndex for MemoryIndex {
    type Error = core::convert::Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        Ok(self.entries.get(id).map(|(entry, _)| {
            let header = entry.decoded().header();
            Link { device: header.device(), seq: header.seq(), lamport: header.lamport() }
        }))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<VerifiedEntry>, Self::Error> {
        Ok(self.entries.get(id).map(|(entry, _)| entry.clone()))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        Ok(self.slots.get(original).cloned().unwrap_or_default())
    }
}

/// What a set of entries means.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Members, balances, heads.
    pub ledger: Ledger,
    /// The admitted entries with their verdicts.
    pub index: MemoryIndex,
    /// Entries whose dependencies are not in the set.
    pub missing: Vec<VerifiedEntry>,
    /// Entries that can never be part of the ledger.
    pub refused: Vec<Refusal>,
}

/// The set cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The group's genesis entry is not in the set.
    #[error("the genesis entry of group {0} is missing; without it nothing can be checked")]
    NoGenesis(GroupId),
    /// The genesis entry is not one.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Evaluates a set of entries from scratch, in whatever order they come.
///
/// # Errors
/// [`EvaluateError`] if the set does not hold the group's genesis entry.
pub fn evaluate(group: GroupId, entries: Vec<VerifiedEntry>) -> Result<Evaluation, EvaluateError> {
    let genesis = entries.iter().find(|entry| entry.id() == group.genesis());
    let genesis = genesis.ok_or(EvaluateError::NoGenesis(group))?;
    let mut index = MemoryIndex::new();
    let mut ledger = Ledger::begin(genesis, &mut index)?;
    let mut refused = Vec::new();
    let mut waiting = entries;
    // A dependency's clock is smaller, so one pass in the order of clocks
    // meets every dependency first.
    waiting.sort_by_key(|entry| (entry.decoded().header().lamport(), entry.id()));
    let mut missing = Vec::new();
    for entry in waiting {
        let Ok(admission) = ledger.admit(entry.clone(), &index);
        match admission {
            Admission::Admitted(admitted) => {
                let Ok(replayed) = ledger.replay(&admitted, &index);
                index.insert(&admitted, &replayed);
            }
            Admission::Duplicate => {}
            Admission::Missing(_) => missing.push(entry),
            Admission::Refused(refusal) => refused.push(refusal),
        }
    }
    Ok(Evaluation { ledger, index, missing, refused })
}
