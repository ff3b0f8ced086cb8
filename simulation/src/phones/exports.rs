//! Exports: whole ones, those for a summary, and those that fail or are cancelled.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::ControlFlow;

use ledger_core::bundle::Summary;
use ledger_core::seal::Envelope;
use ledger_core::{DeviceId, EntryId};
use ledger_model::sim::arrival::violation;
use ledger_store::{Progress, Since, StoreError};

use super::carrier::records;
use super::newcomers::SMALL_DELTAS;
use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

/// A disk that is full after some bytes.
struct FullDisk {
    written: Vec<u8>,
    room: usize,
}

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.saturating_sub(self.written.len());
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let part = bytes.get(..room).unwrap_or(bytes);
        self.written.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Play {
    /// Exports a bundle, for the summary of another phone or of everything.
    pub(super) fn export(&mut self, at: usize) -> StepResult {
        if !self.rng.chance(30) {
            return self.send(at, Since::Beginning);
        }
        let other = self.rng.below(self.phones.len());
        self.send_delta(at, other)
    }

    /// Exports a bundle for the summary of another phone. It holds nothing that the other one has.
    pub(super) fn send_delta(&mut self, at: usize, other: usize) -> StepResult {
        let receiver = self.phone(other)?;
        let (group, held) = (receiver.group.id(), receiver.ids()?);
        let bytes = receiver.group.bundles().summary()?.to_bytes();
        let Ok(known) = Summary::from_bytes(group, &bytes) else {
            return Ok(violation("a summary reads back", String::new()));
        };
        let found = self.send(at, Since::Known(&known))?;
        if found.is_some() {
            return Ok(found);
        }
        // Also entries of the export itself, which may begin an epoch.
        let (sender, receiver) = (self.phone(at)?, self.phone(other)?);
        let lacks = sender.ids()?.difference(&held).count();
        let repeated = sender.shared_forked_entries(receiver)?;
        if self.last_export_entries > lacks + repeated {
            let detail = format!(
                "{} entries for a phone that lacks {lacks}, and holds {repeated} of forked chains",
                self.last_export_entries
            );
            return Ok(violation(SMALL_DELTAS, detail));
        }
        self.tally.add(STEPS, "bundle by summary", 1);
        Ok(None)
    }

    /// Exports a bundle, which the carrier takes.
    pub(super) fn send(&mut self, at: usize, since: Since<'_>) -> StepResult {
        self.last_export_entries = 0;
        let phone = self.phones.get_mut(at).ok_or(StoreError::UnknownRequest)?;
        let (bundle, exported, fresh) = match phone.export(since) {
            Ok(exported) => exported,
            // A device that somebody else cut off may have no key to seal with, and one whose person
            // left before anything reached it never gets one. That one has nothing to hand out.
            Err(StoreError::NoEpochKey)
                if !(phone.may_write()?
                    || self.cut.is_only_self_cut(phone.device()) && phone.was_reached()?) =>
            {
                return Ok(None);
            }
            // Somebody was cut off after this device left: those who stay have better keys.
            Err(StoreError::CutOff) if !phone.may_write()? => {
                let device = phone.device();
                self.cut.silent.insert(device);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        self.last_export_entries = usize::try_from(exported.entries).unwrap_or(usize::MAX);
        self.withhold(at, &fresh)?;
        let sealer = self.phone(at)?.device();
        for record in records(&bundle) {
            let Ok(envelope) = Envelope::parse(&record) else { continue };
            if self.forged.contains(&envelope.topic()) {
                let detail = format!("{sealer} seals under a key that nobody signed for");
                return Ok(violation("only signed epochs seal", detail));
            }
            self.topics.entry(envelope.topic()).or_default().insert(sealer);
        }
        self.tally.add(STEPS, "bundle exported", 1);
        self.sent.push(bundle.clone());
        self.carrier.take(at, bundle);
        Ok(None)
    }

    /// Notes that these entries, which a phone hands out first, must not reach devices that were in
    /// the group, as far as the phone knows, and are not any more.
    pub(super) fn withhold(
        &mut self,
        at: usize,
        fresh: &BTreeSet<EntryId>,
    ) -> Result<(), StoreError> {
        let devices: Vec<DeviceId> = self.phones.iter().map(Phone::device).collect();
        let phone = self.phone(at)?;
        let (ledger, sealer) = (phone.group.ledger()?, phone.device());
        let state = ledger.state();
        let is_cut = |id: &DeviceId| state.device_owner(*id).is_some() && !state.may_write(*id);
        let is_removed = |id: &DeviceId| {
            let member = state.device_owner(*id).and_then(|owner| state.member(owner));
            member.is_some_and(|member| member.is_removed())
        };
        let kept_out = |id: &DeviceId| is_cut(id) && self.cut.is_kept_out(*id, is_removed(id));
        let cut: Vec<DeviceId> = devices.into_iter().filter(kept_out).collect();
        if state.may_write(sealer) {
            self.withheld.add(&cut, fresh);
        }
        Ok(())
    }

    /// An export onto a disk that is full, or that the person cancels.
    ///
    /// If nothing was written, nothing is bound to an epoch: the next export chooses anew, so what it
    /// hands out first must not reach those who were cut off meanwhile.
    pub(super) fn failed_export(&mut self, at: usize) -> StepResult {
        let nothing = self.rng.chance(60);
        let cancelled = self.rng.chance(50);
        let room = if nothing { 0 } else { 1 + self.rng.below(4_000) };
        let phone = self.phones.get_mut(at).ok_or(StoreError::UnknownRequest)?;
        let mut disk = FullDisk { written: Vec::new(), room };
        let mut left = if nothing { 0 } else { room / 200 };
        let mut go_on = |_: Progress| {
            if !cancelled {
                return ControlFlow::Continue(());
            }
            left = left.saturating_sub(1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let exported = phone.group.bundles().export(Since::Beginning, &mut disk, &mut go_on);
        if exported.is_ok() || !disk.written.is_empty() {
            // What left the phone may be bound, and the carrier has it.
            phone.hand_out()?;
            self.sent.push(disk.written.clone());
            self.carrier.take(at, disk.written);
            let row = if exported.is_ok() { "small bundle exported" } else { "export interrupted" };
            self.tally.add(STEPS, row, 1);
        } else {
            self.tally.add(STEPS, "export failed, nothing written", 1);
        }
        Ok(None)
    }
}
