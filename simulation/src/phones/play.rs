//! A running history: steps, exports, deliveries, and the checks at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ledger_core::seal::Topic;
use ledger_core::{DeviceId, EntryId};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;
use ledger_store::{Since, StoreError};

use super::carrier::{Carrier, records};
use super::check::{self, WithheldEntries};
use super::leaving::CutDevices;
use super::phone::{Phone, new_database};
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
        while self.phones.len() < self.settings.replicas.max(2) {
            self.join(0)?;
        }
        Ok(())
    }

    pub(super) fn database(&mut self) -> Result<ledger_store::Store, StoreError> {
        self.databases += 1;
        new_database(self.settings.seed, self.databases, &self.clock)
    }

    pub(super) fn run(mut self) -> Result<Outcome, Failure> {
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
            45..=69 => self.deliver(at),
            70..=72 if may_write && self.phones.len() < MOST_PHONES => {
                self.join(at)?;
                Ok(None)
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
            _ => self.failed_export(at),
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

    fn import(&mut self, to: usize, bundle: &[u8]) -> StepResult {
        let phone = self.phone(to)?;
        let (before, held) = (phone.group.ledger()?, phone.ids()?);
        let whole = !records(bundle).is_empty();
        let report = match phone.import(bundle) {
            Err(StoreError::NoBundle) if !whole => {
                self.tally.add(IMPORTS, "no bundle", 1);
                return Ok(None);
            }
            Ok(_) if !whole => {
                return Ok(violation(check::TRUE_REPORTS, "nothing counts as a bundle".to_owned()));
            }
            report => report?,
        };
        let after = phone.group.ledger()?;
        let entries = phone.entries()?;
        let found = check::report(&report, &held, &entries);
        if found.is_some() {
            return Ok(found);
        }
        let new = entries.into_iter().filter(|entry| !held.contains(&entry.id()));
        let authors: BTreeSet<DeviceId> =
            new.map(|entry| entry.decoded().header().device()).collect();
        let state = before.state();
        let is_cut = |id: &DeviceId| state.device_owner(*id).is_some() && !state.may_write(*id);
        let powerless = !authors.is_empty() && authors.iter().all(is_cut);
        if powerless && before.state().digest() != after.state().digest() {
            let detail = "those who were cut off changed the state".to_owned();
            return Ok(violation(check::NO_BACK_DATING, detail));
        }
        let found = check::conservation(phone)?.or(self.withheld.check(phone)?);
        if !report.refused.is_empty() {
            return Ok(violation("no error", format!("{:?}", report.refused)));
        }
        for (row, count) in [
            ("entries that were new", report.added),
            ("entries that were there", report.duplicates),
            ("bundles with news of powerless devices alone", u64::from(powerless)),
            ("envelopes that wait for a key", report.waiting),
            ("envelopes that do not open", report.broken.len() as u64),
            ("bytes that belong to no record", report.damaged_bytes),
            ("entries reported missing", report.missing.len() as u64),
            ("false keys", report.false_keys.len() as u64),
        ] {
            self.tally.add(IMPORTS, row, count as usize);
        }
        self.trace.note(after.state().digest().as_bytes());
        Ok(found)
    }

    /// Ends the history: the carrier delivers everything to everybody, and everything is checked.
    fn quiet(&mut self) -> StepResult {
        // Three rounds, as a phone exports in one round what it received in the one before.
        for _ in 0..3 {
            for from in 0..self.phones.len() {
                self.send(from, Since::Beginning)?;
                let Some(bundle) = self.sent.last().cloned() else { continue };
                for to in 0..self.phones.len() {
                    let found = self.import(to, &bundle)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
        let found = self.everywhere()?;
        if found.is_some() {
            return Ok(found);
        }
        let inside = self.inside()?;
        let found = self.stillness(&inside)?;
        if found.is_some() {
            return Ok(found);
        }
        if let Some(first) = inside.first() {
            self.trace.note(self.phone(*first)?.digest()?.as_bytes());
        }
        match self.newcomer(&inside)? {
            None => self.phrase(&inside),
            found => Ok(found),
        }
    }

    /// The phones that may write, as the first of those says that nobody cut.
    fn inside(&self) -> Result<Vec<usize>, StoreError> {
        let Some(first) = self.phones.iter().find(|phone| !self.cut.is_cut(phone.device())) else {
            return Ok(Vec::new());
        };
        let state = first.group.state()?;
        let numbered = self.phones.iter().enumerate();
        Ok(numbered.filter(|(_, p)| state.may_write(p.device())).map(|(at, _)| at).collect())
    }

    /// Checks that everybody inside has everything, and nobody outside what was kept from them.
    fn everywhere(&self) -> StepResult {
        let at = self.inside()?;
        let all = || self.phones.iter().enumerate();
        let inside: Vec<&Phone> = all().filter(|(n, _)| at.contains(n)).map(|(_, p)| p).collect();
        let Some(first) = inside.first() else { return Ok(None) };
        let state = first.group.state()?;
        // A device outside of the group gets every bundle that ever left a phone.
        for (_, phone) in all().filter(|(number, _)| !at.contains(number)) {
            for bundle in &self.sent {
                match phone.import(bundle) {
                    Ok(_) | Err(StoreError::NoBundle) => {}
                    Err(error) => return Err(error),
                }
            }
            let found = self.withheld.check(phone)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let goes_on = |author: DeviceId| state.may_write(author) || self.cut.must_arrive(author);
        let written = self.written.iter().filter(|(_, author)| goes_on(**author));
        let written = written.map(|(id, _)| *id);
        // Under other topics come entries of people who were cut off, which nobody needs.
        let needed = |sealers: &BTreeSet<DeviceId>| sealers.iter().any(|s| state.may_write(*s));
        let topics = self.topics.iter().filter(|(_, sealers)| needed(sealers));
        let topics = topics.map(|(topic, _)| *topic);
        check::quiet(&inside, &written.collect(), &topics.collect())
    }
}
