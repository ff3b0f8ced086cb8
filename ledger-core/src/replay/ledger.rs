//! A group as one device knows it.

use crate::authority::{EvaluateError, evaluate};
use crate::entry::VerifiedEntry;
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId};
use crate::incremental::AuthorityState;
use crate::payload::Payload;
use crate::rule::{Refusal, Rule};
use crate::state::{Frontier, GroupState, NextEntryPosition, View};
use crate::statement::Generation;

/// Everything that replay knows of a group besides the entries themselves: the
/// view, and what is kept of the entries that decide about others. Small; of plain
/// entries, it grows with rotations alone.
///
/// ```
/// use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, NewGroup};
/// use ledger_core::keys::{DeviceKey, RootEntropy};
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
///     let replayed = ledger.replay(&entry, &index)?;
///     index.insert(&entry, &replayed);
///     assert!(replayed.verdict().is_applied());
/// }
/// assert_eq!(ledger.state().members()[1].1.name(), "Grandma");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub(super) view: View,
    pub(super) control: AuthorityState,
}

impl Ledger {
    /// Begins with the genesis entry of a group.
    ///
    /// # Errors
    /// Rule A1 if the entry is not a genesis entry of a known version.
    pub fn found(genesis: &VerifiedEntry) -> Result<Self, Refusal> {
        let decoded = genesis.decoded();
        let refused = || Refusal::with_detail(Rule::A1, "a genesis entry must come first");
        let Payload::Genesis(payload) = decoded.payload() else {
            return Err(refused().of(decoded.id()));
        };
        let view = match evaluate(GroupId::from(decoded.id()), vec![genesis.clone()]) {
            Ok(evaluation) => evaluation.into_view(),
            Err(EvaluateError::Refused(refusal)) => return Err(refusal),
            // The entry is in the set, so this does not happen.
            Err(EvaluateError::NoGenesis(_)) => return Err(refused().of(decoded.id())),
        };
        Ok(Self { view, control: AuthorityState::found(decoded, payload) })
    }

    /// What the entries come to: equal on all devices that hold the same.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.view.group()
    }

    /// What the entries mean: members, balances.
    #[must_use]
    pub fn state(&self) -> &GroupState {
        self.view.state()
    }

    /// How far this device knows the group: heads and chains.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        self.view.frontier()
    }

    /// Where the next entry of `device` would stand: behind its last one, or
    /// behind the entry that enrolled it, if it may write. None if there are
    /// more than 16 heads.
    #[must_use]
    pub fn next_position(&self, device: DeviceId) -> Option<NextEntryPosition> {
        let behind_home = || self.first_position(device, self.home(device)?);
        self.view.next_position(device).or_else(behind_home)
    }

    /// Whether a device signed two entries for one place of its chain (SPEC §5.2):
    /// it must sign nothing more, and be enrolled anew.
    #[must_use]
    pub fn has_forked(&self, device: DeviceId) -> bool {
        self.control.has_forked(device)
    }

    /// The entry that enrolled a device which may write (SPEC §7.1).
    #[must_use]
    pub fn home(&self, device: DeviceId) -> Option<EntryId> {
        let mut enrolled = self.state().devices().filter(|(_, id, _)| *id == device);
        enrolled.find_map(|(generation, ..)| self.control.home(generation, device))
    }

    /// The member whose current root key this is, with the generation of keys
    /// that it signs for.
    #[must_use]
    pub fn member_of_root(&self, root: RootId) -> Option<(MemberId, Generation)> {
        let current = |generation| {
            self.state().members.values().any(|member| member.generations.contains(&generation))
        };
        self.control.generation_of_root(root, current)
    }

    /// Where the device's next [`merge`](crate::engine::Draft::merge) would stand, of
    /// which it may need several while there are more than 16 other heads.
    /// `home` is the entry that enrolled it, with its lamport: for its first.
    #[must_use]
    pub fn merge_position(
        &self,
        device: DeviceId,
        home: Option<(EntryId, u64)>,
    ) -> Option<NextEntryPosition> {
        self.frontier().merge_position(self.group(), device, home)
    }

    /// As [`View::first_position`].
    #[must_use]
    pub fn first_position(
        &self,
        device: DeviceId,
        enrolment: EntryId,
    ) -> Option<NextEntryPosition> {
        self.view.first_position(device, enrolment)
    }
}
