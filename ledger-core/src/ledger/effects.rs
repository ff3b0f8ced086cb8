//! What verdicts do to the state.

use std::collections::BTreeMap;

use super::nets::Nets;
use super::replay::Plain;
use super::{EntryIndex, Ledger, Slot, SlotEntry, Verdict};
use crate::act::ActBody;
use crate::bug::Bug;
use crate::control::{Arrival, Outcome};
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, EntryId, MemberId};
use crate::money::Currency;
use crate::payload::Payload;

/// The changes that follow from plain entries that are applied now, or void
/// now. Gathered first, as that needs the index, which may fail; then committed
/// all at once.
#[derive(Default)]
pub(super) struct Effects {
    named: Vec<(MemberId, bool)>,
    currencies: Vec<(Currency, bool)>,
    /// By place in the total order.
    rotations: Vec<((u64, EntryId), bool)>,
    epochs: Vec<((u64, EntryId), bool)>,
    balances: Vec<(Nets, bool)>,
    /// By slot, the entries that enter and leave it.
    parts: BTreeMap<EntryId, Vec<(SlotEntry, bool)>>,
    /// What the slots show after all.
    pub(super) slots: BTreeMap<EntryId, Slot>,
    /// Contents at hand, which the index may not have yet.
    contents: BTreeMap<EntryId, Nets>,
}

impl Effects {
    /// An entry without a fault is applied now, or void now.
    pub(super) fn flip(&mut self, entry: &DecodedEntry, plain: &Plain, applied: bool) {
        if let Some(content) = entry.payload().content() {
            let nets = Nets::of(content, |index| plain.names.get(index));
            let parts = nets.iter().flat_map(|nets| nets.parts.keys());
            self.named.extend(parts.map(|member| (*member, applied)));
            self.currencies.push((content.currency(), applied));
            self.contents.extend(nets.map(|nets| (entry.id(), nets)));
        }
        let order = (entry.header().lamport(), entry.id());
        match entry.payload() {
            Payload::Rotation(_) => self.rotations.push((order, applied)),
            Payload::Epoch(_) => self.epochs.push((order, applied)),
            _ => {}
        }
        if let Some((original, part)) = plain.slot {
            self.parts.entry(original).or_default().push((part, applied));
        }
    }

    /// What becomes of the slots, and how balances move by the difference.
    pub(super) fn settle_slots<I: EntryIndex>(
        &mut self,
        ledger: &Ledger,
        index: &I,
    ) -> Result<(), I::Error> {
        for (original, parts) in &self.parts {
            let mut entries: BTreeMap<EntryId, SlotEntry> =
                index.slot(original)?.into_iter().map(|entry| (entry.id, entry)).collect();
            let before = Slot::of(entries.values().copied());
            for (part, applied) in parts {
                if *applied {
                    entries.insert(part.id, *part);
                } else if !Bug::SlotKeepsVoid.is_on() {
                    entries.remove(&part.id);
                }
            }
            let after = Slot::of(entries.into_values());
            self.slots.insert(*original, after);
            if before.effective() == after.effective() {
                continue;
            }
            for (id, applied) in [(before.effective(), false), (after.effective(), true)] {
                let Some(id) = id else { continue };
                let nets = match self.contents.get(&id) {
                    Some(nets) => Some(nets.clone()),
                    None => index.entry(&id)?.and_then(|entry| {
                        let names = ledger.names(entry.decoded());
                        let content = entry.decoded().payload().content()?;
                        Nets::of(content, |index| names.get(index))
                    }),
                };
                self.balances.extend(nets.map(|nets| (nets, applied)));
            }
        }
        Ok(())
    }
}

impl Ledger {
    /// Carries out what was gathered.
    pub(super) fn commit(&mut self, effects: &Effects) {
        for (currency, applied) in &effects.currencies {
            self.view.state.directory.count(*currency, *applied);
        }
        for (nets, applied) in &effects.balances {
            if *applied {
                self.view.state.add(nets);
            } else {
                self.view.state.subtract(nets);
            }
        }
        for (order, applied) in &effects.rotations {
            self.control.set_rotation(order, *applied);
        }
        for (order, applied) in &effects.epochs {
            self.control.set_epoch(order, *applied);
        }
        for (member, applied) in &effects.named {
            if self.control.refer(*member, *applied) {
                self.refresh(*member);
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
        let concerned =
            matches!(entry.payload(), Payload::Act(_) | Payload::Rotation(_) | Payload::Epoch(_));
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
                    let first = rank(order) < rank(known) && !Bug::FirstComeFirst.is_on();
                    if first { order } else { known }
                }
                None => order,
            };
            directory.introductions.insert(id, member);
            directory.order.insert(member, first);
        }
        let introduced = match entry.payload() {
            Payload::AddMember(add) => Some(add.card().certificate().device()),
            Payload::Claim(claim) => Some(claim.card().certificate().device()),
            Payload::Act(signed) => match signed.act().body() {
                ActBody::Enrol { certificate, .. } => Some(certificate.device()),
                ActBody::Bind { card, .. } => Some(card.certificate().device()),
                _ => None,
            },
            _ => None,
        };
        let begun = (entry.header().seq() == 0).then(|| entry.header().device());
        for device in introduced.into_iter().chain(begun) {
            if let Some(owner) = self.control.device_owner(device) {
                directory.owners.insert(device, owner);
            }
        }
    }
}
