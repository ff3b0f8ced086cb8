//! Execution of a plan: the events happen to the machines, one after another.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::VerifiedEntry;
use ledger_core::{EntryId, StateDigest};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;
use ledger_model::{Rules, resolve_with};

use super::arrivals::ModelFollower;
use super::breaks::Break;
use super::check::{self, Reference};
use super::flood::flood;
use super::machine::{Machine, flip};
use super::plan::Event;
use super::script::{Entries, Name};
use super::trace::Trace;
use super::{Failure, Outcome, Settings, authors};
use crate::Error;

/// Parts of a history besides its events.
pub(super) struct Setup<'a> {
    /// The settings.
    pub(super) settings: &'a Settings,
    /// The entries of the script.
    pub(super) entries: &'a Entries,
    /// The model's rules.
    pub(super) rules: &'a Rules,
}

/// The state of a running history.
struct Play<'a> {
    settings: &'a Settings,
    entries: &'a Entries,
    rules: &'a Rules,
    breaks: Option<Break>,
    machines: Vec<Machine>,
    followers: Vec<ModelFollower>,
    /// Names of the entries that were written so far.
    written: BTreeSet<Name>,
    ids: BTreeSet<EntryId>,
    /// The state digest of each set of entries. The key of a set is its size and the sum of its ids.
    states: BTreeMap<(usize, u128), StateDigest>,
    trace: Trace,
    tally: Tally,
}

/// Runs numbered events.
///
/// # Errors
/// The first violation, with the number of the event at which it shows.
pub(super) fn play<'e>(
    setup: &Setup<'_>,
    events: impl Iterator<Item = (usize, &'e Event)>,
    breaks: Option<Break>,
) -> Result<Outcome, Failure> {
    let fail = |event: usize, violation: Violation| Failure { event, violation };
    let broken = |error: Error| Violation { property: "no error", detail: error.to_string() };
    let mut play = Play::new(setup, breaks).map_err(|error| fail(0, broken(error)))?;
    for (number, event) in events {
        play.trace.debug(event);
        match play.event(number, event) {
            Ok(None) => {}
            Ok(Some(violation)) => return Err(fail(number, violation)),
            Err(error) => return Err(fail(number, broken(error))),
        }
    }
    play.trace.debug(&play.tally);
    Ok(Outcome { digest: play.trace.end(), tally: play.tally })
}

/// Whether a replica is compared with an evaluation after this event: after one batch in eight.
fn is_sampled(settings: &Settings, event: usize) -> bool {
    settings.seed.wrapping_add(event as u64).is_multiple_of(8)
}

impl<'a> Play<'a> {
    fn new(setup: &Setup<'a>, breaks: Option<Break>) -> Result<Play<'a>, Error> {
        let Setup { settings, entries, rules } = *setup;
        let genesis = entries.genesis()?;
        let machine = |_| Machine::new(genesis, breaks);
        Ok(Play {
            settings,
            entries,
            rules,
            breaks,
            machines: (0..settings.replicas).map(machine).collect::<Result<_, _>>()?,
            followers: (0..settings.replicas).map(|_| ModelFollower::new(entries)).collect(),
            written: [0].into(),
            ids: [genesis.id()].into(),
            states: BTreeMap::new(),
            trace: Trace::default(),
            tally: Tally::default(),
        })
    }

    fn event(&mut self, number: usize, event: &Event) -> Result<Option<Violation>, Error> {
        match event {
            Event::Write { home, entry } => self.write(*home, *entry),
            Event::Deliver { to, batch, crash } => {
                let batch = batch.iter().filter(|name| self.written.contains(name));
                let batch: Vec<VerifiedEntry> =
                    batch.filter_map(|name| Some(self.entries.get(*name)?.real.clone())).collect();
                let found = self.deliver(*to, batch, *crash)?;
                if found.is_some() || !is_sampled(self.settings, number) {
                    return Ok(found);
                }
                self.compare_with_evaluation(*to)
            }
            Event::FlippedBit { to, entry, bit } => self.flipped_bit(*to, *entry, *bit),
            Event::Flood { to } => {
                self.tally.add("attacks", "evil: flood of the pending set", 1);
                let batch = flood(self.entries.real_history.group)?.to_vec();
                self.deliver(*to, batch, None)
            }
            Event::Quiet => self.quiet(number),
            Event::Checkpoint { at } => self.at(*at, |machine, tally| {
                machine.checkpoint(tally);
                Ok(())
            }),
            Event::Damage { at, bit } => self.at(*at, |machine, tally| {
                machine.damage(*bit, tally);
                Ok(())
            }),
            Event::Crash { at } => self.at(*at, |machine, tally| {
                machine.crash(tally);
                Ok(())
            }),
            Event::Restart { at } => self.at(*at, Machine::restart),
        }
    }

    fn at(
        &mut self,
        at: usize,
        what: impl Fn(&mut Machine, &mut Tally) -> Result<(), Error>,
    ) -> Result<Option<Violation>, Error> {
        let machine = self.machines.get_mut(at).ok_or("no such replica")?;
        match what(machine, &mut self.tally) {
            Ok(()) => Ok(None),
            Err(error) => Ok(violation(check::FROM_SCRATCH, error.to_string())),
        }
    }

    /// Writes an entry, if its dependencies were written, and delivers it with its past to the replica
    /// nearest to its author.
    fn write(&mut self, home: usize, name: Name) -> Result<Option<Violation>, Error> {
        let Some(made) = self.entries.get(name) else { return Ok(None) };
        let header = made.real.decoded().header();
        let needs = |id: &EntryId| self.entries.by_id(id).is_some() && !self.ids.contains(id);
        if header.dependencies().any(needs) || !self.written.insert(name) {
            return Ok(None);
        }
        self.ids.insert(made.real.id());
        if let Some(found) = authors::check(self.settings, self.entries, made, &mut self.tally)? {
            return Ok(Some(found));
        }
        let past = authors::past(self.entries, &made.step.entry);
        let machine = self.machines.get(home).ok_or("no such replica")?;
        let mut batch: Vec<VerifiedEntry> =
            past.filter(|real| !machine.holds(&real.id())).cloned().collect();
        batch.push(made.real.clone());
        self.deliver(home, batch, None)
    }

    fn deliver(
        &mut self,
        to: usize,
        batch: Vec<VerifiedEntry>,
        crash: Option<usize>,
    ) -> Result<Option<Violation>, Error> {
        let machine = self.machines.get_mut(to).ok_or("no such replica")?;
        let found = machine.ingest(batch, crash, &mut self.tally)?;
        let Some(replica) = &machine.replica else { return Ok(found) };
        let digest = replica.ledger().state().digest();
        self.trace.note(digest.as_bytes());
        // Two replicas that hold the same set at any time have the same digest.
        let set = replica.disk.from(0).fold((0usize, 0u128), |(n, sum), row| {
            let id = row.entry.id();
            let first = id.as_bytes().first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
            (n.saturating_add(1), sum.wrapping_add(first))
        });
        let same = *self.states.entry(set).or_insert(digest) == digest;
        let differs = || violation(check::CONVERGENCE, format!("two states of {} entries", set.0));
        Ok(found
            .or_else(|| (!same).then(differs).flatten())
            .or_else(|| check::conservation(replica.ledger())))
    }

    /// Compares a replica with an evaluation of its entries, between two quiet points: a mistake that
    /// mends itself before the next quiet point must be noticed, too.
    fn compare_with_evaluation(&mut self, at: usize) -> Result<Option<Violation>, Error> {
        let replica = self.machines.get(at).and_then(|machine| machine.replica.as_ref());
        let Some(replica) = replica else { return Ok(None) };
        let rows = replica.disk.from(0).map(|row| row.entry.id()).collect();
        let (reference, found) = Reference::new(self.entries, &rows)?;
        self.tally.add("histories", "looks between quiet points", 1);
        Ok(found.or_else(|| reference.check(replica, self.entries)))
    }

    fn flipped_bit(
        &mut self,
        to: usize,
        name: Name,
        bit: usize,
    ) -> Result<Option<Violation>, Error> {
        let made = self.entries.get(name).filter(|_| self.written.contains(&name));
        let Some(made) = made else { return Ok(None) };
        let decoded = made.real.decoded();
        let mut both: Vec<u8> = [decoded.as_bytes(), decoded.signature().as_slice()].concat();
        flip(&mut both, bit);
        let Some((bytes, signature)) = both.split_last_chunk::<64>() else { return Ok(None) };
        if self.breaks == Some(Break::AnySignature)
            && let Ok(decoded) = ledger_core::engine::DecodedEntry::decode(bytes, signature)
        {
            return self.deliver(to, vec![ledger_core::hazmat::trust_stored(decoded)], None);
        }
        match check::flipped_bit(&made.real, bytes, signature) {
            Ok(what) => {
                self.tally.add("attacks", what, 1);
                Ok(None)
            }
            Err(found) => Ok(Some(found)),
        }
    }

    /// A quiet point: all replicas come up, get all written entries, and are checked.
    fn quiet(&mut self, number: usize) -> Result<Option<Violation>, Error> {
        self.tally.add("histories", "quiet points", 1);
        for to in 0..self.machines.len() {
            let machine = self.machines.get_mut(to).ok_or("no such replica")?;
            if machine.replica.is_none()
                && let Err(error) = machine.restart(&mut self.tally)
            {
                return Ok(violation(check::FROM_SCRATCH, error.to_string()));
            }
            let names = self.written.iter().filter_map(|name| self.entries.get(*name));
            let mut lacks: Vec<VerifiedEntry> = names
                .filter(|made| !machine.holds(&made.real.id()))
                .map(|m| m.real.clone())
                .collect();
            let mut rng = Prng::new(self.settings.seed ^ (number as u64) << 8 ^ to as u64);
            if self.settings.faults() {
                rng.shuffle(&mut lacks);
            }
            while !lacks.is_empty() {
                let size = lacks.len().min(rng.below(12).saturating_add(1));
                let batch = lacks.drain(..size).collect();
                if let Some(found) = self.deliver(to, batch, None)? {
                    return Ok(Some(found));
                }
            }
        }
        self.check()
    }

    fn check(&mut self) -> Result<Option<Violation>, Error> {
        let (reference, found) = Reference::new(self.entries, &self.ids)?;
        if found.is_some() {
            return Ok(found);
        }
        for (machine, follower) in self.machines.iter().zip(&mut self.followers) {
            let replica = machine.replica.as_ref().ok_or("a replica is down")?;
            let found = reference
                .check(replica, self.entries)
                .or_else(|| follower.follow(&machine.arrivals, self.entries, &mut self.tally))
                .or_else(|| {
                    let switched = (*self.rules != Rules::ALL)
                        .then(|| resolve_with(&follower.history, self.rules));
                    reference
                        .against(self.entries, switched.as_ref().unwrap_or(&follower.resolution))
                })
                .or_else(|| reference.owner(&follower.owner_statements()));
            if found.is_some() {
                return Ok(found);
            }
        }
        for (entry, verdict) in reference.oracle.0.verdicts() {
            self.trace.note(entry.id().as_bytes());
            self.trace.note(&[verdict.code()]);
        }
        self.trace.note(reference.oracle.state().digest().as_bytes());
        Ok(None)
    }
}
