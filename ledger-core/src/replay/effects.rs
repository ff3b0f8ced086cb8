//! Effects of verdicts on the group state, collected before any of them is applied.

use std::collections::{BTreeMap, BTreeSet};

use super::data_entry::DataEntry;
use super::ledger::Ledger;
use crate::base::id::EntryId;
use crate::entry::DecodedEntry;
use crate::payload::Payload;
use crate::state::{Device, EntryIndex};
use crate::verdict::{BalanceDelta, Enrolment, Slot, SlotEntry, SlotRole};

/// Effects of data entries that become applied or void.
///
/// To collect them takes the index, which may fail. To apply them takes nothing, see
/// `Ledger::apply_effects`.
///
/// Each effect is a difference: an entry that becomes void takes back exactly what it
/// added when it was applied. So the order of arrival does not matter.
#[derive(Default)]
pub(super) struct Effects {
    /// Rotations: author, place in the total order, key, whether applied.
    pub(super) rotations: Vec<(Enrolment, (u64, EntryId), Device, bool)>,
    /// Epochs: place in the total order, whether applied.
    pub(super) epochs: Vec<((u64, EntryId), bool)>,
    /// Contents of the entries that change: what each adds to balances, and whether it
    /// is applied. The index may not have these entries yet. Sorted by id when slots
    /// are updated.
    pub(super) contents: Vec<(EntryId, BalanceDelta, bool)>,
    /// Contents that count now, or no longer: the entry, what it adds if it is not one
    /// of `contents`, and whether it counts.
    pub(super) balances: Vec<(EntryId, Option<BalanceDelta>, bool)>,
    /// Entries that join or leave a slot, by the slot's original.
    parts: BTreeMap<EntryId, Vec<(SlotEntry, bool)>>,
}

impl Effects {
    /// Adds the effects of an entry without a fault whose verdict flips.
    pub(super) fn add_flip(
        &mut self,
        entry: &DecodedEntry,
        author: Enrolment,
        data: &DataEntry,
        applied: bool,
    ) {
        self.add_content(entry, author, data, applied);
        if let Payload::Epoch(_) = entry.payload() {
            self.epochs.push(((entry.header().lamport(), entry.id()), applied));
        }
        if let Some((original, part)) = data.slot {
            self.parts.entry(original).or_default().push((part, applied));
        }
    }

    /// Adds the effects of an entry that do not depend on its slot: the currency and the
    /// members that it mentions, and the key that it rotates to.
    pub(super) fn add_content(
        &mut self,
        entry: &DecodedEntry,
        author: Enrolment,
        data: &DataEntry,
        applied: bool,
    ) {
        if let Some(content) = entry.payload().transaction() {
            let delta = BalanceDelta::new(content, |index| data.members.get(index));
            self.contents.extend(delta.map(|delta| (entry.id(), delta, applied)));
        }
        if let Payload::Rotation(rotation) = entry.payload() {
            let order = (entry.header().lamport(), entry.id());
            self.rotations.push((author, order, Device::rotated(rotation), applied));
        }
    }

    /// Returns what an entry adds to balances, if it is one of those that change.
    pub(super) fn content(&self, id: &EntryId) -> Option<&BalanceDelta> {
        let index = self.contents.binary_search_by_key(id, |(id, ..)| *id).ok()?;
        self.contents.get(index).map(|(_, delta, _)| delta)
    }

    /// Adds that an entry which has just arrived joins its slot. Returns the slot's
    /// original, the entry's part, and what the slot shows then.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn join_slot<I: EntryIndex>(
        &mut self,
        ledger: &Ledger,
        data: &DataEntry,
        index: &I,
    ) -> Result<Option<(EntryId, SlotEntry, Slot)>, I::Error> {
        let Some((original, part)) = data.slot else { return Ok(None) };
        // All other entries of a slot depend on an original, so the first original finds
        // the slot empty, and the index need not be asked.
        let before = match part.role {
            SlotRole::Original if part.id == original => Slot::default(),
            _ => index.slot_shown(&original)?,
        };
        let after = before.with(part);
        self.move_balances(before, after, ledger, index)?;
        Ok(Some((original, part, after)))
    }

    /// Adds that all entries which flipped join or leave their slots. Returns what these
    /// slots show afterwards, by original.
    ///
    /// All parts of one slot are moved before the balances are compared: several of its
    /// entries may flip at once, and only the difference between before and after
    /// counts.
    ///
    /// The slot is never read whole: after the change, it shows what the entries that stay
    /// show together with those that join.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn update_slots<I: EntryIndex>(
        &mut self,
        ledger: &Ledger,
        index: &I,
    ) -> Result<BTreeMap<EntryId, Slot>, I::Error> {
        self.contents.sort_unstable_by_key(|(id, ..)| *id);
        let mut slots = BTreeMap::new();
        for (original, parts) in core::mem::take(&mut self.parts) {
            let before = index.slot_shown(&original)?;
            let leaving = parts.iter().filter(|(_, applied)| !applied);
            let leaving: BTreeSet<EntryId> = leaving.map(|(part, _)| part.id).collect();
            let joining = parts.iter().filter(|(_, applied)| *applied).map(|(part, _)| *part);
            let stays = match leaving.is_empty() {
                true => before,
                false => index.slot_without(&original, &leaving)?,
            };
            let after = joining.fold(stays, Slot::with);
            slots.insert(original, after);
            self.move_balances(before, after, ledger, index)?;
        }
        Ok(slots)
    }

    /// Adds how balances move when a slot changes: the content that counted no longer
    /// does, and the content that counts now does. Both may be entries that did not
    /// flip themselves; these are read from the index.
    fn move_balances<I: EntryIndex>(
        &mut self,
        before: Slot,
        after: Slot,
        ledger: &Ledger,
        index: &I,
    ) -> Result<(), I::Error> {
        if before.effective() == after.effective() {
            return Ok(());
        }
        for (id, counts) in [(before.effective(), false), (after.effective(), true)] {
            let Some(id) = id else { continue };
            let stored = if self.content(&id).is_some() {
                None
            } else {
                index.entry(&id)?.and_then(|entry| {
                    let members = ledger.members_of_refs(entry.decoded());
                    let content = entry.decoded().payload().transaction()?;
                    BalanceDelta::new(content, |index| members.get(index))
                })
            };
            self.balances.push((id, stored, counts));
        }
        Ok(())
    }
}
