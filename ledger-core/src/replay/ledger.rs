//! Ledger: a group as one device knows it.

use super::idle_entries::IdleEntries;
use crate::authority::{EvaluateError, evaluate};
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId, RootId};
use crate::base::rule::{Refusal, Rule};
use crate::draft::Draft;
use crate::entry::VerifiedEntry;
use crate::incremental::AuthorityState;
use crate::payload::Payload;
use crate::state::{
    EntryIndex, Frontier, GroupState, NextEntryPosition, SetAside, UsableEpoch, View,
};
use crate::statement::{Generation, StatementId};

/// Ledger: the replayed state of one group, without the entries themselves.
///
/// It holds the view (group state and frontier) and the authority state (records of the
/// control entries, which decide about others). It is small: a data entry makes it grow
/// only if it rotates a key, begins an epoch or a chain, or stands first behind a leave.
/// Replay asks an [`EntryIndex`](crate::engine::EntryIndex) what it needs of older entries.
///
/// ```
/// use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, NewGroup};
/// use ledger_core::keys::{DeviceKey, RootEntropy};
/// # let random64 = [7; 64]; let random32 = [7; 32]; let random16 = [7; 16]; let now_ms = 0;
/// let device = DeviceKey::from_bytes(&random64);
/// let entropy = RootEntropy::from_bytes(random32);
/// let group = NewGroup::new("Flat", "Anna", &entropy, 0, random32);
/// let genesis = group.create(&device, now_ms)?;
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
    pub(super) authority: AuthorityState,
    pub(super) idle: IdleEntries,
}

impl Ledger {
    /// Begins a ledger with the genesis entry of a group.
    ///
    /// # Errors
    /// Rule A1 if the entry is not a genesis entry of a known version.
    pub fn from_genesis(genesis: &VerifiedEntry) -> Result<Self, Refusal> {
        let decoded = genesis.decoded();
        let refused = || Refusal::with_detail(Rule::A1, "a genesis entry must come first");
        let Payload::Genesis(payload) = decoded.payload() else {
            return Err(refused().in_entry(decoded.id()));
        };
        let view = match evaluate(GroupId::from(decoded.id()), vec![genesis.clone()]) {
            Ok(evaluation) => evaluation.into_view(),
            Err(EvaluateError::Refused(refusal)) => return Err(refusal),
            // The entry is in the set, so this does not happen.
            Err(EvaluateError::NoGenesis(_)) => return Err(refused().in_entry(decoded.id())),
        };
        Ok(Self {
            view,
            authority: AuthorityState::from_genesis(decoded, payload),
            idle: IdleEntries::default(),
        })
    }

    /// Returns state and frontier: equal on all devices that hold the same entries.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Returns the group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.view.group()
    }

    /// Returns members, balances and all else that the entries mean.
    #[must_use]
    pub fn state(&self) -> &GroupState {
        self.view.state()
    }

    /// Returns how far this device knows the group: heads and chains.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        self.view.frontier()
    }

    /// Returns the position of the next entry of a device: behind its last entry or, if it
    /// may write and has none, behind the entry that enrolled it. Its parents are the agreed
    /// heads (SPEC §5.3). `None` if there are more than 16 of them.
    ///
    /// An entry that names what is idle needs a later clock, see
    /// [`Ledger::position_of_draft`].
    #[must_use]
    pub fn next_position(&self, device: DeviceId) -> Option<NextEntryPosition> {
        // The view has no position either for a device with entries and too many heads. That must
        // not begin a second chain.
        match self.frontier().last_seq(device) {
            Some(_) => self.view.next_position(device),
            None => self.first_position(device, self.enrolment_entry(device)?),
        }
    }

    /// Returns the position of a draft, as [`Ledger::next_position`] does, with a clock that
    /// fits everything that the draft names, and the entry that enrolled the device.
    ///
    /// With too many agreed heads, [`merge`](Draft::merge) entries come first: each joins 16 of
    /// them. Statements need none, so their carriers always have a position.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn position_of_draft<I: EntryIndex>(
        &self,
        device: DeviceId,
        draft: &Draft,
        index: &I,
    ) -> Result<Option<NextEntryPosition>, I::Error> {
        let position = match self.next_position(device) {
            None if draft.may_leave_out_heads() => {
                let enrolment = self.enrolment_entry(device);
                self.frontier().merge_position(self.group(), device, enrolment)
            }
            position => position,
        };
        let Some(mut position) = position else { return Ok(None) };
        let backlink = position.backlink();
        for id in draft.refs().iter().chain([&backlink]) {
            if let Some(link) = self.authority.link(id, index)? {
                position = position.behind(link.lamport);
            }
        }
        Ok(Some(position))
    }

    /// Returns whether a device signed two entries of one enrolment with one `seq` (SPEC §5.2).
    /// Such a device must sign nothing more, and be enrolled anew.
    #[must_use]
    pub fn has_forked(&self, device: DeviceId) -> bool {
        self.authority.has_forked(device)
    }

    /// Returns the entry that enrolled a device which may write (SPEC §7.1).
    #[must_use]
    pub fn enrolment_entry(&self, device: DeviceId) -> Option<EntryId> {
        let mut enrolled = self.state().devices().filter(|(_, id, _)| *id == device);
        enrolled.find_map(|(generation, ..)| self.authority.enrolment_entry(generation, device))
    }

    /// Returns the member who has a root key now, with the key generation for which it
    /// signs.
    #[must_use]
    pub fn member_of_root(&self, root: RootId) -> Option<(MemberId, Generation)> {
        let current = |generation| {
            self.state().members.values().any(|member| member.generations.contains(&generation))
        };
        self.authority.generation_of_root(root, current)
    }

    /// Returns the member who is the author of the entries of a chain, whatever their verdicts.
    #[must_use]
    pub fn member_of_chain(&self, chain: u32) -> Option<MemberId> {
        self.authority.enrolled_member(self.authority.author_of_chain(chain)?)
    }

    /// Returns the epochs under which entries may be sealed if some statements and rotations are
    /// set aside, the last in (lamport, id) first. Without any, these are
    /// [`GroupState::usable_epochs`].
    pub fn usable_epochs_without(
        &self,
        aside: &SetAside,
    ) -> impl Iterator<Item = (EntryId, UsableEpoch)> + use<> {
        let usable = self.authority.usable_epochs(aside);
        usable.into_iter().rev().map(|((_, id), epoch)| (id, epoch))
    }

    /// Returns the author of an applied rotation, or of the first carrier of an accepted
    /// revocation or leave of which usable epochs must know; for a carrier also the statement.
    /// `None` for any other entry.
    ///
    /// A member can make these without end, so a device heeds a few a day (SPEC §11.2).
    #[must_use]
    pub fn own_requirement(&self, entry: &EntryId) -> Option<(MemberId, Option<StatementId>)> {
        self.authority.own_requirement(entry)
    }

    /// Returns the generation for which a device may not write any more, only because of a
    /// revocation or leave by the generation itself.
    #[must_use]
    pub fn left_generation(&self, device: DeviceId) -> Option<Generation> {
        self.authority.left_generation(device)
    }

    /// Returns whether a root key is the owner's: the founder's, for the group's life.
    #[must_use]
    pub fn is_owner(&self, root: RootId) -> bool {
        self.authority.is_owner(root)
    }

    /// Returns the position of the first entry of a device, as [`View::first_position`].
    #[must_use]
    pub fn first_position(
        &self,
        device: DeviceId,
        enrolment: EntryId,
    ) -> Option<NextEntryPosition> {
        self.view.first_position(device, enrolment)
    }
}
