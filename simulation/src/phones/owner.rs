//! Removals by the owner, also by one who left.
//!
//! An owner who left can still remove members, but hands out nothing any more: others learn of such a
//! removal only if somebody takes it over by hand (SPEC §11.2).

use ledger_core::{DeviceId, MemberId};
use ledger_model::sim::arrival::violation;
use ledger_store::{Since, StatementIntent, StoreError};

use super::actions::sign;
use super::check::{self, CUT_OFF};
use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

/// A removal by an owner who left counts once somebody has it.
const BY_HAND: &str = "removals that are handed over count";

impl Play {
    /// The owner removes a person, or the liar.
    pub(super) fn remove(&mut self) -> StepResult {
        let target = self.rng.below(self.phones.len());
        let has_left = self.cut.is_cut(self.phone(0)?.device());
        if self.settings.lies() && !has_left && self.rng.chance(30) {
            return self.remove_liar();
        }
        let owner = self.phone(0)?;
        let state = owner.group.state()?;
        let member = state.device_owner(self.phone(target)?.device());
        let stands =
            |member: &MemberId| state.member(*member).is_some_and(|member| !member.is_removed());
        let Some(member) =
            member.filter(stands).filter(|_| self.phone(target).is_ok_and(|p| p.person != 0))
        else {
            return Ok(None);
        };
        let person = self.phone(target)?.person;
        let devices: Vec<DeviceId> =
            self.phones.iter().filter(|phone| phone.person == person).map(Phone::device).collect();
        if has_left {
            return self.remove_after_leaving(member, person, devices);
        }
        sign(&owner.group, StatementIntent::Remove { member, since: None })?;
        self.cut.by_others.extend(devices);
        self.tally.add(STEPS, "member removed", 1);
        Ok(None)
    }

    /// The owner, who left, removes a person. The phone must hand out nothing more: the person may
    /// hold the same keys.
    fn remove_after_leaving(
        &mut self,
        member: MemberId,
        person: usize,
        devices: Vec<DeviceId>,
    ) -> StepResult {
        let Some(to) = self.anchor(person) else { return Ok(None) };
        let owner = self.phones.first_mut().ok_or(StoreError::UnknownRequest)?;
        sign(&owner.group, StatementIntent::Remove { member, since: None })?;
        self.cut.silent.insert(owner.device());
        self.cut.kept_back.extend(devices);
        self.tally.add(STEPS, "member removed by an owner who left", 1);
        match owner.export(Since::Beginning) {
            Err(StoreError::CutOff) => {}
            Err(error) => return Err(error),
            Ok(_) => {
                let detail = "an owner who left hands out a removal".to_owned();
                return Ok(violation(CUT_OFF, detail));
            }
        }
        if self.rng.chance(60) { self.hand_over(to) } else { Ok(None) }
    }

    /// Somebody takes over by hand all that the owner's phone holds.
    fn hand_over(&mut self, to: usize) -> StepResult {
        let owner = self.phones.first_mut().ok_or(StoreError::UnknownRequest)?;
        let entries: Vec<(Vec<u8>, [u8; 64])> = owner
            .entries()?
            .iter()
            .map(|entry| (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature()))
            .collect();
        // What the owner never sealed leaves that phone first.
        let fresh = owner.hand_out()?;
        let removed = std::mem::take(&mut self.cut.kept_back);
        self.cut.by_others.extend(&removed);
        let phone = self.phone(to)?;
        let report = phone.group.entries().ingest(&entries)?;
        if !report.refused.is_empty() {
            return Ok(violation("no error", format!("{:?}", report.refused)));
        }
        let state = phone.group.state()?;
        if let Some(device) = removed.iter().find(|device| state.may_write(**device)) {
            return Ok(violation(BY_HAND, format!("{device} may still write")));
        }
        self.withhold(to, &fresh)?;
        self.tally.add(STEPS, "removal handed over by hand", 1);
        check::conservation(self.phone(to)?)
    }
}
