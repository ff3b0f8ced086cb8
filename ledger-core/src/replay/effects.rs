//! What verdicts do to the state.

use std::collections::BTreeMap;

use super::data_entry::DataEntry;
use super::ledger::Ledger;
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, EntryId, MemberId};
use crate::incremental::{Arrival, Keys, Outcome};
use crate::payload::Payload;
use crate::state::{Device, EntryIndex};
use crate::verdict::{BalanceDelta, Enrolment, Slot, SlotEntry, SlotRole, Verdict};

/// The changes that follow from plain entries that are applied now, or void
/// now. Gathered first, as that needs the index, which may fail; then committed
/// all at once.
#[derive(Default)]
pub(super) struct Effects {
    /// By author and place in the total order.
    rotations: Vec<(Enrolment, (u64, EntryId), Device, bool)>,
    epochs: Vec<((u64, EntryId), bool)>,
    /// What the contents of these entries come to, which the index may not have
    /// yet, and whether they are applied. In order when slots are settled.
    contents: Vec<(EntryId, BalanceDelta, bool)>,
    /// What counts now, or no longer: contents at hand, or those given.
    balances: Vec<(EntryId, Option<BalanceDelta>, bool)>,
    /// By slot, the entries that enter and leave it.
    parts: BTreeMap<EntryId, Vec<(SlotEntry, bool)>>,
    /// What the slots show after all.
    pub(super) slots: BTreeMap<EntryId, Slot>,
}

impl Effects {
    /// An entry without a fault that was judged before is applied now, or void
    /// now.
    pub(super) fn flip(
        &mut self,
        entry: &DecodedEntry,
        author: Enrolment,
        plain: &DataEntry,
        applied: bool,
    ) {
        self.count(entry, author, plain, applied);
        if let Payload::Epoch(_) = entry.payload() {
            self.epochs.push(((entry.header().lamport(), entry.id()), applied));
        }
        if let Some((original, part)) = plain.slot {
            self.parts.entry(original).or_default().push((part, applied));
        }
    }

    /// What an entry adds or takes back, whatever its slot shows.
    pub(super) fn count(
        &mut self,
        entry: &DecodedEntry,
        author: Enrolment,
        plain: &DataEntry,
        applied: bool,
    ) {
        if let Some(content) = entry.payload().transaction() {
            let nets = BalanceDelta::of(content, |index| plain.names.get(index));
            self.contents.extend(nets.map(|nets| (entry.id(), nets, applied)));
        }
        if let Payload::Rotation(rotation) = entry.payload() {
            let order = (entry.header().lamport(), entry.id());
            self.rotations.push((author, order, Device::rotated(rotation), applied));
        }
    }

    /// What the content at hand of an entry comes to.
    fn at_hand(&self, id: &EntryId) -> Option<&BalanceDelta> {
        let place = self.contents.binary_search_by_key(id, |(id, ..)| *id).ok()?;
        self.contents.get(place).map(|(_, nets, _)| nets)
    }

    /// What becomes of the slot of an entry that has just arrived.
    pub(super) fn join<I: EntryIndex>(
        &mut self,
        ledger: &Ledger,
        plain: &DataEntry,
        index: &I,
    ) -> Result<Option<(EntryId, SlotEntry, Slot)>, I::Error> {
        let Some((original, part)) = plain.slot else { return Ok(None) };
        // Whatever else belongs to a slot has the original in its past.
        let before = match part.role {
            SlotRole::Original => Slot::default(),
            _ => Slot::of(index.slot(&original)?),
        };
        let after = before.with(part);
        self.turn(before, after, ledger, index)?;
        Ok(Some((original, part, after)))
    }

    /// What becomes of the slots of entries that flipped.
    pub(super) fn settle_slots<I: EntryIndex>(
        &mut self,
        ledger: &Ledger,
        index: &I,
    ) -> Result<(), I::Error> {
        self.contents.sort_unstable_by_key(|(id, ..)| *id);
        for (original, parts) in core::mem::take(&mut self.parts) {
            let mut entries: BTreeMap<EntryId, SlotEntry> =
                index.slot(&original)?.into_iter().map(|entry| (entry.id, entry)).collect();
            let before = Slot::of(entries.values().copied());
            for (part, applied) in parts {
                if applied {
                    entries.insert(part.id, part);
                } else {
                    entries.remove(&part.id);
                }
            }
            let after = Slot::of(entries.into_values());
            self.slots.insert(original, after);
            self.turn(before, after, ledger, index)?;
        }
        Ok(())
    }

    /// How balances move when a slot shows something else.
    fn turn<I: EntryIndex>(
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
            let nets = if self.at_hand(&id).is_some() {
                None
            } else {
                index.entry(&id)?.and_then(|entry| {
                    let names = ledger.names(entry.decoded());
                    let content = entry.decoded().payload().transaction()?;
                    BalanceDelta::of(content, |index| names.get(index))
                })
            };
            self.balances.push((id, nets, counts));
        }
        Ok(())
    }
}

impl Ledger {
    /// Carries out what was gathered.
    pub(super) fn commit(&mut self, effects: Effects) {
        for (_, nets, applied) in &effects.contents {
            self.view.state.directory.count(nets.currency(), *applied);
        }
        for (id, other, counts) in &effects.balances {
            if let Some(nets) = other.as_ref().or_else(|| effects.at_hand(id)) {
                self.view.state.count(nets, *counts);
            }
        }
        for (author, order, device, applied) in effects.rotations {
            self.control.rotate(author, order, device, applied);
            self.control.member(author).into_iter().for_each(|member| self.refresh(member));
        }
        for (order, applied) in effects.epochs {
            self.control.set_epoch(&order, applied);
        }
        for (_, nets, applied) in &effects.contents {
            for member in nets.members() {
                if self.control.refer(member, *applied) {
                    self.refresh(member);
                }
            }
        }
    }

    /// Shows what a control entry did to members, devices and the group.
    pub(super) fn show(&mut self, outcome: &Outcome) {
        outcome.members.iter().for_each(|member| self.refresh(*member));
        if outcome.renamed {
            self.view.state.name = self.control.group_name();
        }
    }

    /// Shows a member and their devices as they are now.
    pub(super) fn refresh(&mut self, member: MemberId) {
        let state = &mut self.view.state;
        match self.control.describe(member) {
            Some(described) => state.members.insert(member, described),
            None => state.members.remove(&member),
        };
        let (first, last) = (DeviceId::from_bytes([0; 32]), DeviceId::from_bytes([0xff; 32]));
        for generation in self.control.generations(member) {
            let shown = state.devices.range((generation, first)..=(generation, last));
            let shown: Vec<_> = shown.map(|(key, _)| *key).collect();
            shown.iter().for_each(|key| {
                state.devices.remove(key);
            });
        }
        state.devices.extend(self.control.devices(member));
        self.control.generations(member).for_each(|generation| {
            state.recovery.remove(&generation);
        });
        state.recovery.extend(self.control.recovery_keys(member));
    }

    /// Shows which epochs are usable, if an entry or verdict may have changed
    /// that.
    pub(super) fn show_epochs(&mut self, entry: &DecodedEntry, flipped: bool) {
        let concerned = matches!(
            entry.payload(),
            Payload::Statement(_) | Payload::Rotation(_) | Payload::Epoch(_)
        );
        if concerned || flipped {
            self.view.state.epochs = self.control.usable_epochs();
        }
    }

    /// Takes note of what every entry changes: frontier and directory.
    pub(super) fn note(&mut self, arrival: Arrival<'_>, verdict: Verdict) {
        let entry = arrival.entry;
        self.view.frontier.advance(entry);
        let directory = &mut self.view.state.directory;
        if verdict == Verdict::Unknown {
            directory.unknown = directory.unknown.saturating_add(1);
        }
        let id = entry.id();
        if let Some(member) = self.control.introduced_by(&id) {
            let order = (entry.header().lamport(), id);
            // The first introduction without a fault, if there is one.
            let known = directory.order.get(&member).copied();
            let first = match known {
                Some(known) => {
                    let rank =
                        |(clock, id): (u64, EntryId)| (self.control.is_faulty(&id), clock, id);
                    if rank(order) < rank(known) { order } else { known }
                }
                None => order,
            };
            directory.introductions.insert(id, member);
            directory.order.insert(member, first);
        }
        let introduced = Keys::of(entry).map(|keys| keys.device);
        let begun = (entry.header().seq() == 0).then(|| entry.header().device());
        for device in introduced.into_iter().chain(begun) {
            if let Some(owner) = self.control.device_owner(device) {
                directory.owners.insert(device, owner);
            }
        }
    }
}
