//! A running history: steps and deliveries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ledger_core::engine::{Ledger, VerifiedEntry};
use ledger_core::seal::Topic;
use ledger_core::{DeviceId, EntryId};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;
use ledger_store::{Imported, Since, StoreError};

use super::carrier::{Carrier, records};
use super::check::{self, WithheldEntries};
use super::leaving::CutDevices;
use super::liar::Liar;
use super::lies::all_opaque;
use super::phone::{Phone, new_database, small};
use crate::replicas::{Failure, Outcome, Settings, Trace};

/// Result of a step: a violation, nothing, or an error of the store, which counts as a violation.
pub(super) type StepResult = Result<Option<Violation>, StoreError>;

pub(super) const STEPS: &str = "steps";
const IMPORTS: &str = "imports";

/// The most phones. Each adds an exchange with all others at the end.
const MOST_PHONES: usize = 9;

/// The state of a running history.
pub(super) struct Play {
    pub(super) settings: Settings,
    pub(super) rng: Prng,
    pub(super) clock: Arc<AtomicU64>,
    pub(super) phones: Vec<Phone>,
    /// Number of databases and of people so far.
    pub(super) databases: usize,
    pub(super) people: usize,
    pub(super) carrier: Carrier,
    pub(super) withheld: WithheldEntries,
    /// The device that wrote each entry.
    pub(super) written: BTreeMap<EntryId, DeviceId>,
    /// Every bundle that ever left a phone.
    pub(super) sent: Vec<Vec<u8>>,
    /// The topics of the envelopes in them, and the devices that exported such envelopes.
    pub(super) topics: BTreeMap<Topic, BTreeSet<DeviceId>>,
    /// Topics of keys that no epoch entry announces.
    pub(super) forged: BTreeSet<Topic>,
    /// Devices that were cut off.
    pub(super) cut: CutDevices,
    /// A member who lies, in histories with liars.
    pub(super) liar: Option<Liar>,
    /// Number of entries in the last bundle that was exported.
    pub(super) last_export_entries: usize,
    pub(super) tally: Tally,
    pub(super) trace: Trace,
}

fn failed(event: usize, violation: Violation) -> Failure {
    Failure { event, violation }
}

fn refused(error: StoreError) -> Violation {
    Violation { property: "no error", detail: error.to_string() }
}

impl Play {
    pub(super) fn new(settings: Settings) -> Result<Play, Failure> {
        let mut play = Play {
            settings,
            rng: Prng::new(settings.seed ^ 0xB0_0D1E),
            clock: Arc::new(AtomicU64::new(1_800_000_000_000)),
            phones: Vec::new(),
            databases: 0,
            people: 0,
            carrier: Carrier::default(),
            withheld: WithheldEntries::default(),
            written: BTreeMap::new(),
            sent: Vec::new(),
            topics: BTreeMap::new(),
            forged: BTreeSet::new(),
            cut: CutDevices::default(),
            liar: None,
            last_export_entries: 0,
            tally: Tally::default(),
            trace: Trace::default(),
        };
        play.create_group().map_err(|error| failed(0, refused(error)))?;
        Ok(play)
    }

    fn create_group(&mut self) -> Result<(), StoreError> {
        let store = self.database()?;
        let group = store.create_group("Flat", "Person 0")?;
        self.people = 1;
        self.phones.push(Phone::new(store, group, 0)?);
        if self.settings.lies() {
            self.add_liar()?;
        }
        while self.phones.len() < self.settings.replicas.max(2) {
            self.join(0)?;
        }
        Ok(())
    }

    /// The founder hands one bundle to some of the first people.
    fn first_bundles(&mut self) -> StepResult {
        let sent = self.sent.len();
        let found = self.send(0, Since::Beginning)?;
        let bundle = self.sent.get(sent).cloned().unwrap_or_default();
        for to in 1..self.phones.len() {
            if found.is_some() {
                return Ok(found);
            }
            if self.rng.chance(60) {
                let found = self.import(to, &bundle)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn database(&mut self) -> Result<ledger_store::Store, StoreError> {
        self.databases += 1;
        new_database(self.settings.seed, self.databases, &self.clock)
    }

    pub(super) fn run(mut self) -> Result<Outcome, Failure> {
        let found = self.first_bundles().unwrap_or_else(|error| Some(refused(error)));
        if let Some(found) = found {
            return Err(failed(0, found));
        }
        for number in 1..=self.settings.entries {
            let found = self.step().unwrap_or_else(|error| Some(refused(error)));
            if let Some(found) = found {
                return Err(failed(number, found));
            }
        }
        let found = self.quiet().unwrap_or_else(|error| Some(refused(error)));
        if let Some(found) = found {
            return Err(failed(self.settings.entries, found));
        }
        self.tally.add("histories", "histories", 1);
        self.tally.add("histories", "phones", self.phones.len());
        self.tally.add("histories", "secrets kept from a phone", self.withheld.len());
        self.trace.debug(&self.tally);
        Ok(Outcome { digest: self.trace.end(), tally: self.tally })
    }

    fn step(&mut self) -> StepResult {
        let at = self.rng.below(self.phones.len());
        let may_write = self.phone(at)?.may_write()?;
        match self.rng.below(100) {
            0..=24 if may_write => self.write(at),
            25..=44 => self.export(at),
            45..=50 if self.settings.lies() => self.lie(),
            45..=69 => self.deliver(at),
            70..=72 if may_write && self.phones.len() < MOST_PHONES => {
                self.join(at)?;
                self.welcome(at)
            }
            73..=77 => self.remove(),
            78 | 79 if may_write && self.phones.len() < MOST_PHONES => self.pair(at),
            80 | 81 => self.revoke(),
            82..=87 if may_write => {
                self.tally.add(STEPS, "epoch renewed", 1);
                self.phone(at)?.group.keys().rotate_group_key(0)?;
                Ok(None)
            }
            88..=91 if may_write && self.rng.chance(50) => self.leave(at),
            88..=91 if may_write => self.revoke_own(at),
            92 | 93 if may_write => {
                self.tally.add(STEPS, "exchange key rotated", 1);
                self.phone(at)?.group.keys().rotate_device_key()?;
                Ok(None)
            }
            94 | 95 if self.settings.lies() => self.forge(at),
            96 => {
                self.tally.add(STEPS, "memory released, everything loaded again", 1);
                self.phone(at)?.store.maintenance().release_memory()?;
                Ok(None)
            }
            97 => {
                self.phone(at)?.group.checkpoint()?;
                Ok(None)
            }
            98 | 99 => self.failed_export(at),
            // Not possible here and now.
            _ => self.deliver(at),
        }
    }

    /// As a rule, who joins or pairs gets a bundle at once of the phone that let them in. Phones that
    /// nothing reaches yet can do little.
    pub(super) fn welcome(&mut self, from: usize) -> StepResult {
        if self.rng.chance(25) {
            return Ok(None);
        }
        let (sent, new) = (self.sent.len(), self.phones.len().saturating_sub(1));
        let found = self.send(from, Since::Beginning)?;
        match self.sent.get(sent).cloned() {
            Some(bundle) if found.is_none() => self.import(new, &bundle),
            _ => Ok(found),
        }
    }

    pub(super) fn phone(&self, at: usize) -> Result<&Phone, StoreError> {
        self.phones.get(at).ok_or(StoreError::UnknownRequest)
    }

    /// Imports the next bundle of the carrier.
    fn deliver(&mut self, to: usize) -> StepResult {
        let entered_with = self.carrier.give(&self.settings, &mut self.rng, &mut self.tally);
        let Some(bundle) = entered_with else { return Ok(None) };
        self.import(to, &bundle)
    }

    /// Imports a bundle, and checks what that changed.
    pub(super) fn import(&mut self, to: usize, bundle: &[u8]) -> StepResult {
        self.import_and_report(to, bundle).map(|(found, _)| found)
    }

    /// As [`Play::import`], with the report, which says nothing if there was no bundle.
    pub(super) fn import_and_report(
        &mut self,
        to: usize,
        bundle: &[u8],
    ) -> Result<(Option<Violation>, Imported), StoreError> {
        let phone = self.phone(to)?;
        let (before, held) = (phone.group.ledger()?, phone.ids()?);
        let whole = !records(bundle).is_empty();
        let report = match phone.import(bundle) {
            Err(StoreError::NoBundle) if !whole => {
                self.tally.add(IMPORTS, "no bundle", 1);
                return Ok((None, Imported::default()));
            }
            Ok(report) if !whole => {
                let found = violation(check::TRUE_REPORTS, "nothing counts as a bundle".to_owned());
                return Ok((found, report));
            }
            report => report?,
        };
        let after = phone.group.ledger()?;
        let entries = phone.entries()?;
        let found = check::report(&report, phone.device(), &held, &entries);
        if found.is_some() {
            return Ok((found, report));
        }
        let new: Vec<VerifiedEntry> =
            entries.into_iter().filter(|entry| !held.contains(&entry.id())).collect();
        let changed = before.state().digest() != after.state().digest();
        let powerless =
            !new.is_empty() && new.iter().all(|entry| self.is_powerless(&before, entry));
        if powerless && changed {
            let detail = "those who were cut off changed the state".to_owned();
            return Ok((violation(check::NO_BACK_DATING, detail), report));
        }
        if all_opaque(&new) && changed {
            let detail = format!("{} such entries changed the state", new.len());
            return Ok((violation(check::OPAQUE, detail), report));
        }
        let found = check::conservation(phone)?
            .or(check::bounded(phone)?)
            .or(self.withheld.check(phone)?);
        if !report.refused.is_empty() {
            return Ok((violation("no error", format!("{:?}", report.refused)), report));
        }
        let waiting = usize::try_from(phone.group.waiting()?.total).unwrap_or(usize::MAX);
        let full = waiting >= small().waiting_entries;
        for (row, count) in [
            ("entries that were new", report.added),
            ("entries that were there", report.duplicates),
            ("bundles with news of powerless devices alone", u64::from(powerless)),
            ("envelopes that wait for a key", report.waiting),
            ("envelopes that do not open", report.broken.len() as u64),
            ("bytes that belong to no record", report.damaged_bytes),
            ("entries reported missing", report.missing.len() as u64),
            ("entries reported needed", report.needed.len() as u64),
            ("idle entries left out", report.left_out),
            ("no room for more entries that wait", u64::from(full)),
            ("false keys", report.false_keys.len() as u64),
        ] {
            self.tally.add(IMPORTS, row, count as usize);
        }
        self.trace.note(after.state().digest().as_bytes());
        Ok((found, report))
    }

    /// Whether an entry changes nothing where this ledger was: the author was cut off. What somebody
    /// wrote who left and was not removed counts, unless the leave is in its past.
    fn is_powerless(&self, before: &Ledger, entry: &VerifiedEntry) -> bool {
        let (state, device) = (before.state(), entry.decoded().header().device());
        let Some(owner) = state.device_owner(device) else { return false };
        let is_removed = state.member(owner).is_some_and(|member| member.is_removed());
        !state.may_write(device) && (is_removed || !self.cut.has_left(device))
    }
}
