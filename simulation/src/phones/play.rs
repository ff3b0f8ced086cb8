//! What people do, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ledger_core::bundle::Summary;
use ledger_core::messages::invite::InviteLink;
use ledger_core::seal::{Envelope, Topic};
use ledger_core::{
    Amount, Currency, Date, DeviceId, EntryId, Expense, MemberId, Transaction, split_equally,
};
use ledger_store::{
    Group, NewEntry, NewInvite, PairingMode, Received, Since, StatementIntent, StoreError,
};

use super::carrier::{Carrier, records};
use super::check::{self, Secrets};
use super::phone::{Phone, empty};
use crate::replicas::{Failure, Outcome, Settings, Trace};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;

/// A step may fail where the library refuses it for a reason that fits.
type Step = Result<Option<Violation>, StoreError>;

const STEPS: &str = "steps";
const IMPORTS: &str = "imports";

/// Most phones; each costs an exchange with all others at the end.
const MOST_PHONES: usize = 9;

/// Everything at some moment.
pub(super) struct Play {
    settings: Settings,
    rng: Prng,
    clock: Arc<AtomicU64>,
    phones: Vec<Phone>,
    /// How many databases and people there were so far.
    made: usize,
    people: usize,
    carrier: Carrier,
    secrets: Secrets,
    /// Who wrote what.
    written: BTreeMap<EntryId, DeviceId>,
    /// Every bundle that ever left a phone.
    sent: Vec<Vec<u8>>,
    /// The topics of their envelopes.
    topics: BTreeSet<Topic>,
    /// Topics of keys for which nobody signed.
    forged: BTreeSet<Topic>,
    tally: Tally,
    trace: Trace,
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
            made: 0,
            people: 0,
            carrier: Carrier::default(),
            secrets: Secrets::default(),
            written: BTreeMap::new(),
            sent: Vec::new(),
            topics: BTreeSet::new(),
            forged: BTreeSet::new(),
            tally: Tally::default(),
            trace: Trace::default(),
        };
        play.found().map_err(|error| failed(0, refused(error)))?;
        Ok(play)
    }

    fn found(&mut self) -> Result<(), StoreError> {
        let store = self.database()?;
        let group = store.found_group("Flat", "Person 0")?;
        self.people = 1;
        self.phones.push(Phone::new(store, group, 0)?);
        while self.phones.len() < self.settings.replicas.max(2) {
            self.join(0)?;
        }
        Ok(())
    }

    fn database(&mut self) -> Result<ledger_store::Store, StoreError> {
        self.made += 1;
        empty(self.settings.seed, self.made, &self.clock)
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
        self.tally.add("histories", "secrets kept from a phone", self.secrets.len());
        self.trace.debug(&self.tally);
        Ok(Outcome { digest: self.trace.end(), tally: self.tally })
    }

    fn step(&mut self) -> Step {
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
            82..=91 if may_write => {
                self.tally.add(STEPS, "epoch renewed", 1);
                self.phone(at)?.group.renew_epoch(0)?;
                Ok(None)
            }
            92 | 93 if may_write => {
                self.tally.add(STEPS, "exchange key rotated", 1);
                self.phone(at)?.group.rotate_exchange_key()?;
                Ok(None)
            }
            94 | 95 if self.settings.lies() => self.forge(at),
            96 => {
                self.tally.add(STEPS, "memory released, everything loaded again", 1);
                self.phone(at)?.store.release_memory()?;
                Ok(None)
            }
            97 => {
                self.phone(at)?.group.checkpoint()?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn phone(&self, at: usize) -> Result<&Phone, StoreError> {
        self.phones.get(at).ok_or(StoreError::UnknownRequest)
    }

    fn write(&mut self, at: usize) -> Step {
        let phone = self.phones.get(at).ok_or(StoreError::UnknownRequest)?;
        let state = phone.group.state()?;
        let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
        let (Some(payer), Ok(currency)) = (self.rng.pick(&members), Currency::from_code("EUR"))
        else {
            return Ok(None);
        };
        let units = 1 + self.rng.draw() % 10_000;
        let (Ok(amount), Ok(date)) =
            (Amount::from_minor_units(units), Date::from_ymd(2026, 11, 21))
        else {
            return Ok(None);
        };
        let parts = split_equally(amount, members.len().min(3), units);
        let shares = members.iter().copied().zip(parts).filter(|(_, part)| part.minor_units() > 0);
        let details = Transaction::Expense(
            Expense::new(date, format!("Thing {units}"), currency, amount)
                .paid_by(payer, amount)
                .shares(shares),
        );
        let known = phone.group.expenses(None, 50)?;
        let original = self.rng.pick(&known).map(|row| row.original);
        let entry = match (self.rng.below(10), original) {
            (0, Some(original)) => NewEntry::Cancellation { original, reason: None },
            (1 | 2, Some(original)) => NewEntry::Correction { original, details },
            (3, _) => NewEntry::Placeholder { name: format!("Guest {units}") },
            _ => NewEntry::Record(details),
        };
        self.tally.add(STEPS, "entry written", 1);
        let (ids, device) = (phone.group.append(vec![entry])?, phone.device());
        self.written.extend(ids.into_iter().map(|id| (id, device)));
        Ok(None)
    }

    /// Exports for somebody's summary, or everything.
    fn export(&mut self, at: usize) -> Step {
        let other = self.rng.below(self.phones.len());
        let group = self.phone(at)?.group.id();
        let known = match self.rng.chance(30) {
            true => {
                let bytes = self.phone(other)?.group.summary()?.to_bytes();
                Summary::from_bytes(group, &bytes).ok()
            }
            false => None,
        };
        let since = known.as_ref().map_or(Since::Beginning, Since::Known);
        self.send(at, since)
    }

    fn send(&mut self, at: usize, since: Since<'_>) -> Step {
        let devices: Vec<DeviceId> = self.phones.iter().map(Phone::device).collect();
        let phone = self.phones.get_mut(at).ok_or(StoreError::UnknownRequest)?;
        let (bundle, _, fresh) = match phone.export(since) {
            Ok(exported) => exported,
            // Whoever was cut off has no key to seal with.
            Err(StoreError::NoEpochKey) if !phone.may_write()? => return Ok(None),
            Err(error) => return Err(error),
        };
        let ledger = phone.group.ledger()?;
        let (state, sealer) = (ledger.state(), phone.device());
        // Those who were in the group, as this phone knows, and are no more.
        let is_cut = |id: &DeviceId| state.device_owner(*id).is_some() && !state.may_write(*id);
        let cut: Vec<DeviceId> = devices.into_iter().filter(is_cut).collect();
        if state.may_write(sealer) {
            self.secrets.add(&cut, &fresh);
        }
        for record in records(&bundle) {
            let Ok(envelope) = Envelope::parse(&record) else { continue };
            if self.forged.contains(&envelope.topic()) {
                let detail = format!("{sealer} seals under a key that nobody signed for");
                return Ok(violation("only signed epochs seal", detail));
            }
            self.topics.insert(envelope.topic());
        }
        self.tally.add(STEPS, "bundle exported", 1);
        self.sent.push(bundle.clone());
        self.carrier.take(at, bundle);
        Ok(None)
    }

    /// The carrier brings something.
    fn deliver(&mut self, to: usize) -> Step {
        let given = self.carrier.give(&self.settings, &mut self.rng, &mut self.tally);
        let Some(bundle) = given else { return Ok(None) };
        self.import(to, &bundle)
    }

    fn import(&mut self, to: usize, bundle: &[u8]) -> Step {
        let phone = self.phone(to)?;
        let (before, held) = (phone.group.ledger()?, phone.ids()?);
        let report = phone.import(bundle)?;
        let after = phone.group.ledger()?;
        let new = phone.entries()?.into_iter().filter(|entry| !held.contains(&entry.id()));
        let authors: BTreeSet<DeviceId> =
            new.map(|entry| entry.decoded().header().device()).collect();
        let state = before.state();
        let is_cut = |id: &DeviceId| state.device_owner(*id).is_some() && !state.may_write(*id);
        let powerless = !authors.is_empty() && authors.iter().all(is_cut);
        if powerless && before.state().digest() != after.state().digest() {
            let detail = "those who were cut off changed the state".to_owned();
            return Ok(violation(check::NO_BACK_DATING, detail));
        }
        let found = check::conservation(phone)?.or(self.secrets.check(phone)?);
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
            ("entries told to be missing", report.missing.len() as u64),
            ("false keys", report.false_keys.len() as u64),
        ] {
            self.tally.add(IMPORTS, row, count as usize);
        }
        self.trace.note(after.state().digest().as_bytes());
        Ok(found)
    }

    /// Somebody joins by an open invite.
    fn join(&mut self, at: usize) -> Result<(), StoreError> {
        let (store, person) = (self.database()?, self.people);
        self.people += 1;
        let phone = self.phone(at)?;
        let link =
            phone.group.invite(&NewInvite { label: "all".into(), ..NewInvite::default() })?;
        let link = InviteLink::parse(&link.reveal("x"))?;
        let request = store.join(&link, &format!("Person {person}"))?;
        let Received::Admitted(admitted) = phone.store.receive_request(&request)? else {
            return Err(StoreError::UnknownRequest);
        };
        let group = store.finish_join(&admitted.answer)?;
        let device = phone.device();
        self.written.insert(admitted.entry, device);
        self.phones.push(Phone::new(store, group, person)?);
        self.tally.add(STEPS, "person joined", 1);
        Ok(())
    }

    /// The founder removes somebody.
    fn remove(&mut self) -> Step {
        let target = self.rng.below(self.phones.len());
        let founder = self.phone(0)?;
        let state = founder.group.state()?;
        let member = state.device_owner(self.phone(target)?.device());
        let stands =
            |member: &MemberId| state.member(*member).is_some_and(|member| !member.is_removed());
        let Some(member) =
            member.filter(stands).filter(|_| self.phone(target).is_ok_and(|p| p.person != 0))
        else {
            return Ok(None);
        };
        sign(&founder.group, StatementIntent::Remove { member, since: None })?;
        self.tally.add(STEPS, "member removed", 1);
        Ok(None)
    }

    /// A further device that records only: one with the root key cannot be kept
    /// from anything by revoking it.
    fn pair(&mut self, at: usize) -> Step {
        let store = self.database()?;
        let old = self.phone(at)?;
        let (new, offer) = store.pair_as_new()?;
        let (scanned, reply) = old.store.pair_as_old(&offer)?;
        let (showing, revealed) = new.opened(&reply)?;
        let entering = scanned.revealed(&revealed)?;
        let (enrolling, groups) = match entering.enter(&showing.reveal_code()) {
            Ok(entered) => entered,
            Err(StoreError::NoRootKey) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (awaiting, devices) = showing.groups(&groups)?.accept()?;
        let granted = match enrolling.enrol(&devices, PairingMode::HighSecurity) {
            Ok(granted) => granted,
            Err(StoreError::Draft(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(group) = awaiting.finish(&granted)?.pop() else { return Ok(None) };
        let person = old.person;
        self.phones.push(Phone::new(store, group, person)?);
        self.tally.add(STEPS, "device paired", 1);
        Ok(None)
    }

    /// A person revokes a device that records only, by one with the root key.
    fn revoke(&mut self) -> Step {
        let records_only = |phone: &&Phone| phone.store.reveal_phrase().is_err();
        let found = self.phones.iter().filter(records_only).find_map(|target| {
            let mut others = self.phones.iter().filter(|phone| phone.person == target.person);
            let by = others.find(|phone| phone.store.reveal_phrase().is_ok())?;
            let state = by.group.state().ok()?;
            let both = state.may_write(target.device()) && state.may_write(by.device());
            both.then_some((by, target.device()))
        });
        let Some((by, device)) = found else { return Ok(None) };
        sign(&by.group, StatementIntent::Revoke { device, since: None })?;
        self.tally.add(STEPS, "device revoked", 1);
        Ok(None)
    }

    /// Somebody hands out a key for which nobody signed, and junk.
    fn forge(&mut self, at: usize) -> Step {
        let phone = self.phone(at)?;
        let (group, recipients) = (phone.group.id(), phone.group.state()?.recipients());
        let (key, bundle) = Carrier::forgery(group, &recipients, &mut self.rng);
        self.forged.insert(key.topic());
        self.carrier.take(at, bundle);
        self.tally.add(STEPS, "key forged", 1);
        Ok(None)
    }

    /// The carrier is honest: everybody gets everything, and all is checked.
    fn quiet(&mut self) -> Step {
        // Who is in the group in the end, as the founder sees it.
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
        let state = self.phone(0)?.group.state()?;
        let (inside, outside): (Vec<&Phone>, Vec<&Phone>) =
            self.phones.iter().partition(|phone| state.may_write(phone.device()));
        // Whoever is outside gets hold of all that ever travelled.
        for phone in outside {
            for bundle in &self.sent {
                phone.import(bundle)?;
            }
            let found = self.secrets.check(phone)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        let written = self.written.iter().filter(|(_, by)| state.may_write(**by));
        let found = check::quiet(&inside, &written.map(|(id, _)| *id).collect(), &self.topics)?;
        if found.is_some() {
            return Ok(found);
        }
        let digest = state.digest();
        self.trace.note(digest.as_bytes());
        Ok(None)
    }
}

fn sign(group: &Group, act: StatementIntent) -> Result<(), StoreError> {
    let proposal = group.propose(act)?;
    group.sign(&proposal).map(|_| ())
}
