//! Second half of replay: the change of the ledger. Cannot fail.

use std::collections::{BTreeMap, BTreeSet};

use super::admission::AdmittedEntry;
use super::effects::Effects;
use super::idle_entries::IdleChange;
use super::ledger::Ledger;
use super::prepare::{Change, ControlChange, DataChange, Prepared};
use super::replayed::Replayed;
use crate::base::id::{DeviceId, MemberId};
use crate::incremental::{Ancestry, ChangedDevices, IncomingEntry, IntroducedKeys, Outcome};
use crate::payload::Payload;
use crate::state::{EntryIndex, SetAside};
use crate::statement::{Generation, StatementBody};
use crate::verdict::Verdict;

impl Ledger {
    /// Judges an admitted entry and adds it to the state. Afterwards put the entry, its
    /// verdict and the verdicts that flipped into the index.
    ///
    /// The entry must be one that this ledger admitted, with no other entry replayed
    /// since. Replay it once: a second time it would count twice.
    ///
    /// # Errors
    /// The index's own, if it cannot be read. Nothing has changed then.
    pub fn replay<I: EntryIndex>(
        &mut self,
        entry: &AdmittedEntry,
        index: &I,
    ) -> Result<Replayed, I::Error> {
        let prepared = self.prepare(entry, index)?;
        Ok(self.commit(prepared))
    }

    /// Applies what was prepared.
    ///
    /// The authority state goes first: the group state shows members, devices and
    /// epochs as the authority state has them.
    fn commit(&mut self, prepared: Prepared<'_>) -> Replayed {
        let Prepared { incoming, ancestry, change, idle } = prepared;
        let replayed = match change {
            Change::Data(change) => self.commit_data(incoming, ancestry, change),
            Change::ControlAlone => self.commit_control_alone(incoming, &ancestry),
            Change::Control(change) => self.commit_control(incoming, *change),
        };
        self.show_epochs(incoming, replayed.verdict, !replayed.flips.is_empty());
        self.record_arrival(incoming, replayed.verdict);
        match idle {
            Some(change) => self.apply_idle(change),
            None => self.view.frontier.advance_agreed_heads(incoming.entry),
        }
        replayed
    }

    fn commit_data(
        &mut self,
        incoming: IncomingEntry<'_>,
        ancestry: Ancestry,
        change: DataChange,
    ) -> Replayed {
        let IncomingEntry { entry, backlink, position } = incoming;
        let DataChange { fault, mut void, slot_reference, effects, slot } = change;
        self.authority.register_entry(incoming, &ancestry);
        if ancestry.knows_leave() {
            void = self.authority.judge(backlink.author, position);
        }
        let void = fault.or(void);
        let verdict = match entry.payload() {
            Payload::Opaque => Verdict::Unknown,
            _ => void.map_or(Verdict::Applied, Verdict::Void),
        };
        self.authority.record_key_entry(incoming, ancestry, verdict.is_applied());
        if verdict.is_applied() {
            self.apply_effects(effects);
        }
        let slot = slot.filter(|_| verdict.is_applied());
        let (flips, slots) = (Vec::new(), BTreeMap::new());
        Replayed { verdict, position, slot_reference, slot, flips, slots }
    }

    /// Applies a control entry in place that flips no verdicts of others.
    fn commit_control_alone(
        &mut self,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> Replayed {
        self.authority.register_entry(incoming, ancestry);
        let outcome = self.authority.apply_control_entry(incoming, ancestry);
        debug_assert!(outcome.as_ref().is_some_and(Outcome::flips_nothing));
        if let Some(outcome) = &outcome {
            self.show_members(outcome);
        }
        Replayed {
            verdict: outcome.map_or(Verdict::Unknown, |outcome| outcome.verdict),
            position: incoming.position,
            slot_reference: None,
            slot: None,
            flips: Vec::new(),
            slots: BTreeMap::new(),
        }
    }

    fn commit_control(&mut self, incoming: IncomingEntry<'_>, change: ControlChange) -> Replayed {
        let ControlChange { authority, outcome, flips, effects, slots } = change;
        self.authority = authority;
        self.apply_effects(effects);
        self.show_members(&outcome);
        self.show_first_introductions(&outcome);
        Replayed {
            verdict: outcome.verdict,
            position: incoming.position,
            slot_reference: None,
            slot: None,
            flips,
            slots,
        }
    }

    /// Applies effects to authority state and group state.
    fn apply_effects(&mut self, effects: Effects) {
        for (_, delta, applied) in &effects.contents {
            self.view.state.name_index.count_currency(delta.currency(), *applied);
        }
        for (id, stored, counts) in &effects.balances {
            if let Some(delta) = stored.as_ref().or_else(|| effects.content(id)) {
                self.view.state.apply_delta(delta, *counts);
            }
        }
        let mut rotated = BTreeSet::new();
        for (author, order, key, applied) in effects.rotations {
            rotated.extend(self.authority.set_rotation_applied(author, order, key, applied));
        }
        rotated.into_iter().for_each(|device| self.show_device(device));
        for (order, applied) in effects.epochs {
            self.authority.set_epoch_applied(&order, applied);
        }
        for (_, delta, applied) in &effects.contents {
            for member in delta.members() {
                if self.authority.count_mention(member, *applied) {
                    self.show_member(member);
                }
            }
        }
    }

    /// Shows in the group state what a control entry changed: members with their
    /// devices, and the group's name.
    fn show_members(&mut self, outcome: &Outcome) {
        for member in &outcome.members {
            // A statement about one device changes nothing else of a member who is shown.
            let of_device = matches!(outcome.devices, ChangedDevices::Device(..));
            if !of_device || !self.view.state.members.contains_key(member) {
                self.show_member(*member);
            }
            if outcome.devices == ChangedDevices::All {
                let generations: Vec<_> = self.authority.generations_of(*member).collect();
                generations.into_iter().for_each(|generation| self.show_generation(generation));
            }
        }
        match outcome.devices {
            ChangedDevices::Generation(generation) => self.show_generation(generation),
            ChangedDevices::Device(generation, device) => self.show_device((generation, device)),
            ChangedDevices::All | ChangedDevices::None => {}
        }
        if outcome.group_renamed {
            self.view.state.name = self.authority.group_name();
        }
    }

    /// Shows the first introduction of the members whom a control entry may have given another one.
    ///
    /// An introduction becomes idle, or is so no more, only with its author. Then its member is among
    /// the affected ones, also if its verdict stays the same.
    fn show_first_introductions(&mut self, outcome: &Outcome) {
        for member in &outcome.members {
            let order = &mut self.view.state.name_index.order;
            // The entry itself is recorded as every arrival is.
            if let (Some(first), Some(shown)) =
                (self.authority.first_introduction_of(*member), order.get_mut(member))
            {
                *shown = first;
            }
        }
    }

    /// Shows a member as they are now, without devices and recovery keys.
    fn show_member(&mut self, member: MemberId) {
        let members = &mut self.view.state.members;
        match self.authority.describe_member(member) {
            Some(described) => members.insert(member, described),
            None => members.remove(&member),
        };
    }

    /// Shows whether a device may write, and its X25519 key.
    fn show_device(&mut self, device: (Generation, DeviceId)) {
        let devices = &mut self.view.state.devices;
        match self.authority.device_of_generation(device.0, device.1) {
            Some(key) => devices.insert(device, key),
            None => devices.remove(&device),
        };
    }

    /// Shows the devices and the recovery key of a generation: takes out what the group state
    /// has of them, and puts in what the authority state says.
    fn show_generation(&mut self, generation: Generation) {
        let state = &mut self.view.state;
        let (first, last) = (DeviceId::from_bytes([0; 32]), DeviceId::from_bytes([0xff; 32]));
        let shown = state.devices.range((generation, first)..=(generation, last));
        let shown: Vec<_> = shown.map(|(key, _)| *key).collect();
        shown.iter().for_each(|key| {
            state.devices.remove(key);
        });
        state.recovery.remove(&generation);
        state.devices.extend(self.authority.devices_of_generation(generation));
        let key = self.authority.recovery_key(generation);
        state.recovery.extend(key.map(|key| (generation, key)));
    }

    /// Shows which epochs are usable, if the entry may have changed that.
    ///
    /// An epoch changes nothing for the others. Neither does a void rotation or cut, nor a
    /// statement that cuts nobody, unless verdicts flip or a device is enrolled that was revoked
    /// before. A further carrier of a known statement is in the past of no epoch that is here.
    ///
    /// What usable epochs must know of and came just now is in the past of none that is here.
    fn show_epochs(&mut self, incoming: IncomingEntry<'_>, verdict: Verdict, flipped: bool) {
        let entry = incoming.entry;
        let authority = &self.authority;
        let ends_all = verdict.is_applied() && authority.is_required_of_epochs(incoming);
        let changes_others = match entry.payload() {
            Payload::Statement(signed) if authority.is_first_carrier(&entry.id()) => {
                match signed.statement().body() {
                    StatementBody::Enrol { generation, certificate } => {
                        authority.may_be_required_of(*generation, certificate.device())
                    }
                    body => body.is_cut() && verdict.is_applied(),
                }
            }
            _ => false,
        };
        if ends_all {
            self.view.state.epochs.clear();
        } else if changes_others || flipped {
            self.view.state.epochs = self.authority.usable_epochs(&SetAside::default());
        } else if let Payload::Epoch(_) = entry.payload() {
            self.view.state.epochs.extend(self.authority.last_epoch_if_usable());
        }
    }

    /// Records what every entry changes, whatever its verdict: frontier and name index.
    fn record_arrival(&mut self, incoming: IncomingEntry<'_>, verdict: Verdict) {
        let entry = incoming.entry;
        self.view.frontier.advance(entry);
        if verdict == Verdict::Unknown {
            let unknown = &mut self.view.state.name_index.unknown;
            *unknown = unknown.saturating_add(1);
        }
        let id = entry.id();
        if let Some((member, place)) = self.authority.introduction_place(id) {
            self.view.state.name_index.introduce(place, member);
        }
        // Whose a device is can change when its keys are introduced, and when its chain
        // begins.
        let introduced = IntroducedKeys::of_entry(entry).map(|keys| keys.device);
        let begun = (entry.header().seq() == 0).then(|| entry.header().device());
        for device in introduced.into_iter().chain(begun) {
            if let Some(owner) = self.authority.device_owner(device) {
                self.view.state.name_index.owners.insert(device, owner);
            }
        }
    }

    /// Applies what changes about idle entries and agreed heads.
    fn apply_idle(&mut self, change: IdleChange) {
        self.idle.apply(&change);
        let frontier = &mut self.view.frontier;
        change.lost_heads.iter().for_each(|id| frontier.remove_agreed_head(id));
        for (id, clock) in change.new_heads {
            frontier.add_agreed_head(id, clock);
        }
    }
}
