//! First half of replay: what an entry will change. Reads the index, changes nothing.
//!
//! [`Ledger::prepare`] asks the index everything that replay needs. Only if all answers
//! came does [`Ledger::commit`] change the ledger, and it asks nothing. So an index that
//! fails in the middle leaves the ledger as it was.
//!
//! Cost: a data entry takes as many steps as there are cuts on its author. A control
//! entry that can flip no verdicts (`AuthorityState::may_flip_verdicts`) costs the same.
//! One that may flip verdicts is applied to a copy of the authority state, because the
//! entries whose verdicts it flips are known only after it was applied, and must then be
//! read.

use std::collections::BTreeMap;

use super::admission::AdmittedEntry;
use super::effects::Effects;
use super::idle_entries::IdleChange;
use super::ledger::Ledger;
use super::replayed::Flip;
use crate::base::id::EntryId;
use crate::header::Kind;
use crate::incremental::{Ancestry, AuthorityState, IncomingEntry, Outcome};
use crate::state::EntryIndex;
use crate::verdict::{ChainPosition, Slot, SlotEntry, SlotReference, Verdict, VoidReason};

/// An entry with everything that [`Ledger::commit`] needs to apply it.
pub(super) struct Prepared<'a> {
    pub(super) incoming: IncomingEntry<'a>,
    pub(super) ancestry: Ancestry,
    pub(super) change: Change,
    /// `None` if no entry is idle.
    pub(super) idle: Option<IdleChange>,
}

/// Change that the commit of an entry will make.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all entries are data entries, and a box would cost each an allocation"
)]
pub(super) enum Change {
    Data(DataChange),
    /// Control entry that can flip no verdicts of others. It is applied in place.
    ControlAlone,
    Control(Box<ControlChange>),
}

/// Change by a data entry.
pub(super) struct DataChange {
    pub(super) fault: Option<VoidReason>,
    /// What else voids the entry, unless a leave in its past does: that counts only when the
    /// entry has its place on its chain.
    pub(super) void: Option<VoidReason>,
    pub(super) slot_reference: Option<SlotReference>,
    /// Effects if the entry is applied.
    pub(super) effects: Effects,
    /// Slot if the entry is applied: original, the entry's part, what it shows then.
    pub(super) slot: Option<(EntryId, SlotEntry, Slot)>,
}

/// Change by a control entry that may flip verdicts.
pub(super) struct ControlChange {
    /// Authority state after the entry.
    pub(super) authority: AuthorityState,
    pub(super) outcome: Outcome,
    /// All verdicts that flip, of control entries and data entries.
    pub(super) flips: Vec<Flip>,
    pub(super) effects: Effects,
    /// The slot of each flipped entry, after the change.
    pub(super) slots: BTreeMap<EntryId, Slot>,
}

impl Ledger {
    /// Prepares the replay of an admitted entry.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn prepare<'a, I: EntryIndex>(
        &self,
        entry: &'a AdmittedEntry,
        index: &I,
    ) -> Result<Prepared<'a>, I::Error> {
        let (entry, backlink) = (entry.verified().decoded(), entry.backlink());
        let position = self.authority.position_behind(backlink);
        let ancestry = self.authority.compute_ancestry(entry, backlink, index)?;
        let incoming = IncomingEntry { entry, backlink, position };
        // An entry of an unknown version decides nothing, whatever its kind.
        let is_control = entry.payload().kind().is_some_and(Kind::is_control);
        let change = if !is_control {
            Change::Data(self.prepare_data(incoming, index)?)
        } else if !self.authority.may_flip_verdicts(incoming, &ancestry) {
            Change::ControlAlone
        } else {
            match self.prepare_control(incoming, &ancestry, index)? {
                Some(change) => Change::Control(Box::new(change)),
                // Every control entry has an outcome, so this does not happen.
                None => Change::ControlAlone,
            }
        };
        let prepare_idle = |void: Option<VoidReason>| {
            let idle = void.is_some() || ancestry.knows_leave();
            self.prepare_idle(incoming, idle, index)
        };
        let idle = match &change {
            Change::Control(change) => {
                let ControlChange { authority, outcome, .. } = &**change;
                Some(self.prepare_idle_flips(authority, outcome, incoming, index)?)
            }
            Change::Data(change) => prepare_idle(change.void)?,
            Change::ControlAlone => prepare_idle(self.authority.judge(backlink.author, position))?,
        };
        Ok(Prepared { incoming, ancestry, change, idle })
    }

    fn prepare_data<I: EntryIndex>(
        &self,
        incoming: IncomingEntry<'_>,
        index: &I,
    ) -> Result<DataChange, I::Error> {
        let data = self.examine(incoming.entry, index)?;
        let (mut effects, mut slot) = (Effects::default(), None);
        if data.fault.is_none() {
            effects.add_content(incoming.entry, incoming.backlink.author, &data, true);
            slot = effects.join_slot(self, &data, index)?;
        }
        let (fault, slot_reference) = (data.fault, data.slot_reference);
        let void = self.authority.judge(incoming.backlink.author, incoming.position);
        Ok(DataChange { fault, void, slot_reference, effects, slot })
    }

    /// Applies a control entry to a copy of the authority state, and prepares what
    /// follows for the data entries whose verdicts it flips.
    fn prepare_control<I: EntryIndex>(
        &self,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
        index: &I,
    ) -> Result<Option<ControlChange>, I::Error> {
        let mut authority = self.authority.clone();
        authority.register_entry(incoming, ancestry);
        let Some(outcome) = authority.apply_control_entry(incoming, ancestry) else {
            return Ok(None);
        };
        let flip =
            |(id, verdict): &(EntryId, Verdict)| Flip { id: *id, verdict: *verdict, slot: None };
        let mut flips: Vec<Flip> = outcome.flips.iter().map(flip).collect();
        let mut effects = Effects::default();
        for (from, until) in &outcome.chains_to_reevaluate {
            let range = (*from, *until);
            self.reevaluate_chain(range, &authority, index, &mut flips, &mut effects)?;
        }
        let slots = effects.update_slots(self, index)?;
        Ok(Some(ControlChange { authority, outcome, flips, effects, slots }))
    }

    /// Judges the data entries of a chain between a position and a `seq` behind it by the
    /// authority state after the change, and collects those whose verdict flips.
    ///
    /// Left out are entries whose verdict nothing can flip: unknown ones and those with
    /// a fault; and control entries, which the authority state judges itself.
    fn reevaluate_chain<I: EntryIndex>(
        &self,
        (from, until): (ChainPosition, u64),
        authority: &AuthorityState,
        index: &I,
        flips: &mut Vec<Flip>,
        effects: &mut Effects,
    ) -> Result<(), I::Error> {
        let Some(author) = authority.author_of_chain(from.chain) else { return Ok(()) };
        let floors = authority.cut_floors(from.chain);
        let accepted = authority.is_enrolment_accepted(author);
        let unaccepted = (!accepted).then_some(VoidReason::EnrolmentVoid);
        for entry in index.chain_until(from, until)? {
            let has_fault = matches!(entry.verdict, Verdict::Void(reason) if reason.is_fault());
            if entry.verdict == Verdict::Unknown || has_fault || entry.kind.is_control() {
                continue;
            }
            let void = floors.void_reason(entry.seq).or(unaccepted);
            let verdict = void.map_or(Verdict::Applied, Verdict::Void);
            if verdict == entry.verdict {
                continue;
            }
            // Between two reasons nothing moves: the entry does not count either way.
            let mut slot = None;
            if verdict.is_applied() != entry.verdict.is_applied()
                && let Some(stored) = index.entry(&entry.id)?
            {
                let data = self.examine(stored.decoded(), index)?;
                slot = data.slot;
                effects.add_flip(stored.decoded(), author, &data, verdict.is_applied());
            }
            flips.push(Flip { id: entry.id, verdict, slot });
        }
        Ok(())
    }
}
