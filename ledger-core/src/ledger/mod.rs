//! A group as one device knows it: admission, replay, state, checkpoints.

mod admission;
mod checkpoint;
mod evaluate;
mod frontier;
mod index;
mod memory;
mod pending;
mod replay;
mod slot;
mod state;
mod state_bytes;
#[cfg(test)]
mod tests;
mod verdict;

pub use admission::{Admission, AdmittedEntry};
pub use checkpoint::CheckpointError;
pub use evaluate::{EvaluateError, Evaluation, evaluate};
pub use frontier::{Frontier, Position, any_position};
pub use index::{EntryIndex, Link};
pub use memory::MemoryIndex;
pub use pending::Pending;
pub(crate) use replay::Nets;
pub use replay::Replayed;
pub use slot::{Slot, SlotEntry, SlotRole};
pub(crate) use state::Directory;
pub use state::{Device, GroupState, Member, any_names};
pub use verdict::{Verdict, VoidReason};

use crate::entry::VerifiedEntry;
use crate::id::{DeviceId, EntryId, GroupId};
use crate::rule::Refusal;

/// Everything that replay knows of a group besides the entries themselves: the
/// state and the frontier. Small; its size does not grow with plain entries.
///
/// ```
/// use ledger_core::{Admission, DeviceKey, Draft, Ledger, MemoryIndex, NewGroup, RootEntropy};
/// # let random64 = [7; 64]; let random32 = [7; 32]; let random16 = [7; 16]; let now_ms = 0;
/// let device = DeviceKey::from_bytes(&random64);
/// let entropy = RootEntropy::from_bytes(random32);
/// let group = NewGroup {
///     name: "Flat",
///     founder: "Anna",
///     entropy: &entropy,
///     index: 0,
///     salt: random32,
///     successor_of: None,
/// };
/// let genesis = group.found(&device, now_ms)?;
///
/// let mut index = MemoryIndex::new();
/// let mut ledger = Ledger::begin(&genesis, &mut index)?;
/// let anna = ledger.state().members()[0].0;
///
/// let draft = Draft::placeholder(ledger.state(), anna, "Grandma", random16)?;
/// let position = ledger.next_position(device.id()).ok_or("not enrolled")?;
/// let entry = draft.sign(&device, &position, now_ms)?;
/// if let Admission::Admitted(entry) = ledger.admit(entry, &index)? {
///     let replayed = ledger.replay(&entry, &index)?.ok_or("evaluate the whole set")?;
///     index.insert(&entry, &replayed);
///     assert!(replayed.verdict().is_applied());
/// }
/// assert_eq!(ledger.state().members()[1].1.name(), "Grandma");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    state: GroupState,
    frontier: Frontier,
}

impl Ledger {
    /// Begins with the genesis entry of a group.
    ///
    /// # Errors
    /// Rule A1 if the entry is not a genesis entry of a known version.
    pub fn found(genesis: &VerifiedEntry) -> Result<Self, Refusal> {
        match evaluate(GroupId::from(genesis.id()), vec![genesis.clone()]) {
            Ok(evaluation) => Ok(evaluation.ledger().clone()),
            Err(EvaluateError::Refused(refusal)) => Err(refusal),
            // The entry is in the set, so this does not happen.
            Err(EvaluateError::NoGenesis(_)) => Err(Refusal::new(crate::rule::Rule::A1)),
        }
    }

    /// Begins with the genesis entry and puts it into an index in memory.
    ///
    /// # Errors
    /// As [`Ledger::found`].
    pub fn begin(genesis: &VerifiedEntry, index: &mut MemoryIndex) -> Result<Self, Refusal> {
        let ledger = Self::found(genesis)?;
        index.put(genesis, Verdict::Applied, None);
        Ok(ledger)
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.state.group()
    }

    /// What the entries mean: members, balances.
    #[must_use]
    pub fn state(&self) -> &GroupState {
        &self.state
    }

    /// How far this device knows the group: heads and chains.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Where the next entry of `device` would stand, if the device has signed
    /// before and there are at most 16 heads.
    #[must_use]
    pub fn next_position(&self, device: DeviceId) -> Option<Position> {
        self.frontier.next_position(self.group(), device)
    }

    /// Where the device's next [`merge`](crate::Draft::merge) would stand, of
    /// which it may need several while there are more than 16 other heads.
    #[must_use]
    pub fn merge_position(&self, device: DeviceId) -> Option<Position> {
        self.frontier.merge_position(self.group(), device)
    }

    /// Where the first entry of `device` would stand, which the entry
    /// `enrolment` enrolled.
    #[must_use]
    pub fn first_position(&self, device: DeviceId, enrolment: EntryId) -> Option<Position> {
        self.frontier.first_position(self.group(), device, enrolment)
    }
}
