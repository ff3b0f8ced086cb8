//! Evaluation from scratch: from a set of entries to verdicts and state.

use std::collections::{BTreeMap, BTreeSet};

use super::admit::Offered;
use super::as_of::{state_of_first, state_on};
use super::heads::{agreed_heads, is_idle};
use super::history::History;
use super::resolve::{Resolution, resolve};
use super::slots::{OriginNames, slot_entry};
use super::state::state;
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId};
use crate::base::rule::{Refusal, Rule};
use crate::entry::VerifiedEntry;
use crate::money::Date;
use crate::payload::{Payload, Speaks};
use crate::state::{Frontier, GroupState, Series, Settings, SettingsInForce, SpeaksInForce, View};
use crate::verdict::{Slot, SlotEntry, Verdict};

/// Earlier point in the life of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// The entries up to this one in the total order.
    Entry(EntryId),
    /// All entries, but only money dated up to the end of this day.
    Date(Date),
}

/// Result of evaluating a set of entries: state, verdicts, and what was not admitted.
#[derive(Clone, Debug)]
pub struct Evaluation {
    view: View,
    history: History,
    resolution: Resolution,
    missing: BTreeMap<EntryId, BTreeSet<EntryId>>,
    refused: Vec<Refusal>,
}

/// Reason why a set of entries cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The set lacks the group's genesis entry.
    #[error("the genesis entry of group {0} is missing; without it nothing can be checked")]
    NoGenesis(GroupId),
    /// The entry with the group's id is not a genesis entry of a known version.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Evaluates a set of entries from scratch. The order of `entries` does not matter.
///
/// Takes time in proportion to the number of entries times the number of control entries
/// among them (SPEC §6.8).
///
/// # Errors
/// [`EvaluateError`] if the set does not hold the group's genesis entry.
pub fn evaluate(group: GroupId, entries: Vec<VerifiedEntry>) -> Result<Evaluation, EvaluateError> {
    let genesis = entries.iter().find(|entry| entry.id() == group.genesis());
    let mut history = History::begin(genesis.ok_or(EvaluateError::NoGenesis(group))?)?;
    let (mut missing, mut refused) = (BTreeMap::new(), Vec::new());
    let mut waiting = entries;
    // A dependency's clock is smaller, so one pass in the order of clocks
    // meets every dependency first.
    waiting.sort_by_key(|entry| (entry.decoded().header().lamport(), entry.id()));
    for entry in waiting {
        let id = entry.id();
        match history.offer(entry) {
            Offered::Admitted | Offered::Duplicate => {}
            Offered::Missing(ids) => {
                missing.insert(id, ids);
            }
            Offered::Refused(refusal) => refused.push(refusal),
        }
    }
    // An entry that lies about its clock may have come before a dependency. If nothing
    // but such dependencies is missing, the entry breaks rule A3.
    missing.retain(|id: &EntryId, ids: &mut BTreeSet<EntryId>| {
        ids.retain(|dependency| history.number(dependency).is_none());
        if ids.is_empty() {
            refused.push(Refusal::new(Rule::A3).in_entry(*id));
        }
        !ids.is_empty()
    });
    let resolution = resolve(&history);
    let mut frontier = Frontier::default();
    history.nodes.iter().for_each(|node| frontier.advance(node.entry.decoded()));
    frontier.set_agreed_heads(agreed_heads(&history, &resolution));
    let view = View::new(state(&history, &resolution), frontier);
    Ok(Evaluation { view, history, resolution, missing, refused })
}

impl Evaluation {
    /// Returns state and frontier.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    pub(crate) fn into_view(self) -> View {
        self.view
    }

    /// Returns members, balances and all else that the entries mean.
    #[must_use]
    pub fn state(&self) -> &GroupState {
        self.view.state()
    }

    /// Returns the state as of an earlier point, by today's verdicts (SPEC §7.3). `None`
    /// if the entry is not admitted.
    ///
    /// Takes time in proportion to the number of entries.
    #[must_use]
    pub fn as_of(&self, point: AsOf) -> Option<GroupState> {
        match point {
            AsOf::Entry(id) => {
                let number = self.history.number(&id)?;
                state_of_first(&self.history, &self.resolution, number.checked_add(1)?)
            }
            AsOf::Date(date) => Some(state_on(&self.history, &self.resolution, date)),
        }
    }

    /// Returns the admitted entries with their verdicts, in the total order.
    pub fn verdicts(&self) -> impl Iterator<Item = (&VerifiedEntry, Verdict)> {
        let nodes = self.history.nodes.iter().zip(&self.resolution.verdicts);
        nodes.map(|(node, verdict)| (&node.entry, *verdict))
    }

    /// Returns the verdict on one entry, if it is admitted.
    #[must_use]
    pub fn verdict(&self, id: EntryId) -> Option<Verdict> {
        let number = self.history.number(&id)?;
        self.resolution.verdicts.get(number).copied()
    }

    /// Returns the author of an admitted entry, whatever its verdict: the member of the enrolment at
    /// the root of its chain.
    #[must_use]
    pub fn author(&self, id: EntryId) -> Option<MemberId> {
        self.history.enrolled_member(self.history.get(&id)?.author)
    }

    /// Returns the settings in force (SPEC §4.15).
    ///
    /// Takes time in proportion to the number of entries.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let mut settings = SettingsInForce::new(self.state());
        for (node, verdict) in self.history.nodes.iter().zip(&self.resolution.verdicts).rev() {
            if let (Payload::Setting(setting), Verdict::Applied) = (node.payload(), verdict) {
                settings.add(self.history.enrolled_member(node.author), setting);
            }
        }
        settings.finish()
    }

    /// Returns what each device that may write reads, as it said last (SPEC §4.17).
    ///
    /// Takes time in proportion to the number of entries.
    #[must_use]
    pub fn speaks(&self) -> BTreeMap<DeviceId, Speaks> {
        let mut speaks = SpeaksInForce::new(self.state());
        for (node, verdict) in self.history.nodes.iter().zip(&self.resolution.verdicts).rev() {
            if let (Payload::Speaks(said), Verdict::Applied) = (node.payload(), verdict) {
                speaks.add(node.entry.decoded().header().device(), said);
            }
        }
        speaks.finish()
    }

    /// Returns the series of recurring expenses and transfers (SPEC §4.16).
    ///
    /// Takes time in proportion to the number of entries.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        let nodes = self.history.nodes.iter().zip(&self.resolution.verdicts);
        let applied = nodes
            .filter(|(_, verdict)| verdict.is_applied())
            .map(|(node, _)| (node.entry.decoded(), self.history.enrolled_member(node.author)));
        Series::collect(self.state(), applied)
    }

    /// Returns whether an admitted entry is idle (SPEC §5.3).
    #[must_use]
    pub fn is_idle(&self, id: EntryId) -> Option<bool> {
        Some(is_idle(&self.history, &self.resolution, self.history.number(&id)?))
    }

    /// Returns what the slot of an original shows.
    #[must_use]
    pub fn slot(&self, original: EntryId) -> Option<Slot> {
        let name = OriginNames::new(&self.history).slot_name(&self.history, original);
        self.resolution.slots.get(&name).copied()
    }

    /// Returns every slot to which an applied entry belongs, by its original; of several originals
    /// with one origin, by the first in the total order, applied or not.
    pub fn slots(&self) -> impl Iterator<Item = (EntryId, Slot)> {
        self.resolution.slots.iter().map(|(original, slot)| (*original, *slot))
    }

    /// Returns the slot to which an entry belongs, applied or not, named as in
    /// [`Evaluation::slots`], and the entry's part in it.
    #[must_use]
    pub fn slot_of(&self, id: EntryId) -> Option<(EntryId, SlotEntry)> {
        let names = OriginNames::new(&self.history);
        slot_entry(&self.history, &names, self.history.get(&id)?)
    }

    /// Returns the entries that wait for others, with the ids for which they wait.
    #[must_use]
    pub fn missing(&self) -> &BTreeMap<EntryId, BTreeSet<EntryId>> {
        &self.missing
    }

    /// Returns why entries were refused that can never be part of the ledger.
    #[must_use]
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }
}
