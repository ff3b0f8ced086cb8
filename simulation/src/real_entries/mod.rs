//! Model histories as real entries: real keys, real signatures, real bytes.
//!
//! A [`World`] made by the simulation of the model is the script. [`Scene::play`] signs an entry for
//! each of its steps, and writes down what the model is to think of that very entry: the same
//! history with the first eight bytes of the real hashes as ids and digests, so that whatever goes
//! by the order of hashes comes out alike. [`check`] compares what the two make of it.
//!
//! What the script cannot say is decided here, by the seed: by which introduction a payload names a
//! member (or by an entry that introduces nobody), and what headers liars sign.

#![allow(clippy::arithmetic_side_effects)]

pub mod check;
mod content;
mod keys;
mod payload;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{Draft, NewGroup, Payload, VerifiedEntry};
use ledger_core::statement::SignedStatement;
use ledger_core::{EntryId, GroupId, hazmat};

use keys::Keys;
use ledger_model::sim::prng::Prng;
use ledger_model::sim::world::{Step, World};
use ledger_model::{Card, Digest, Entry, History, Id, Kind, MemberId, Refusal, Statement};

/// Whatever goes wrong here is a difference, or a bug of the translation.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Who lies about places, and names members by entries that introduce nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// Nobody.
    None,
    /// Those whom the script calls evil.
    ByLiars,
    /// Anybody.
    ByAnybody,
}

/// An entry as it was made, whether or not it can be admitted.
pub struct Made {
    /// The step of the script that it comes from.
    pub script: usize,
    /// Whether it is the lie about its place that goes with the step.
    pub lie: bool,
    /// What the model thinks of it.
    pub step: Step,
    /// The real entry.
    pub real: VerifiedEntry,
    /// Why the model does not admit it.
    pub refusal: Option<Refusal>,
}

/// A history in both worlds.
pub struct Scene {
    /// The group.
    pub group: GroupId,
    /// The history as the model sees it.
    pub history: History,
    /// Its entries in the order in which they were made.
    pub steps: Vec<Step>,
    /// The real entries.
    pub entries: BTreeMap<Id, VerifiedEntry>,
    /// Real entries that the model does not admit, and why.
    pub refused: Vec<(VerifiedEntry, Refusal)>,
    /// All of them in the order in which they were made.
    pub made: Vec<Made>,
    /// Whether whoever signs now may slip or lie.
    loose: bool,
    lying: bool,
    /// The step of the script that is played.
    script: usize,
    keys: Keys,
    rng: Prng,
    /// What became of the script's entries.
    ids: BTreeMap<Id, EntryId>,
    /// What became of the script's statements.
    statements: BTreeMap<Digest, (Box<SignedStatement>, Statement)>,
}

/// A header before it is signed.
#[derive(Clone)]
struct Place {
    device: u32,
    seq: u32,
    backlink: EntryId,
    parents: BTreeSet<EntryId>,
    /// What a liar adds to the clock.
    clock: i64,
}

/// What an entry is to say, for both worlds.
#[derive(Clone)]
struct Saying {
    draft: Draft,
    refs: BTreeSet<EntryId>,
    kind: Kind,
}

/// The steps of a script, and what its own admission refused, to be tried on the ledger's.
pub fn script(world: &World) -> Vec<Step> {
    let refused = |entry: &Entry| Step { entry: entry.clone(), honest: false, tag: "refused" };
    world.steps.iter().cloned().chain(world.refused.iter().map(refused)).collect()
}

/// The id that the model gives to a real entry.
pub fn number(id: EntryId) -> Id {
    let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
    Id::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Scene {
    /// Plays a script.
    ///
    /// # Errors
    /// If an entry cannot be written, which is a bug of the translation.
    pub fn play(world: &World, seed: u64) -> Result<Scene, Error> {
        let steps: Vec<(usize, Step)> = script(world).into_iter().enumerate().collect();
        Scene::of(&steps, &world.cards, seed, Lies::ByAnybody)
    }

    /// Plays numbered steps of a script, in which these persons' cards occur.
    ///
    /// # Errors
    /// If an entry cannot be written, which is a bug of the translation.
    pub fn of(
        script: &[(usize, Step)],
        cards: &[Card],
        seed: u64,
        lies: Lies,
    ) -> Result<Scene, Error> {
        let mut steps = script.iter();
        let (_, first) = steps.next().ok_or("an empty script")?;
        let Kind::Genesis { card, name } = first.entry.kind else {
            return Err("no genesis".into());
        };
        let mut keys = Keys::new(cards);
        let (root, device) = keys::of(&card).ok_or("a founder without keys")?;
        let new = NewGroup {
            name: &name.to_string(),
            founder: &card.name.to_string(),
            entropy: &keys::entropy(root),
            index: 0,
            salt: keys::SALT,
            successor_of: None,
        };
        let genesis = new.found(keys.device(device), 0)?;
        let Payload::Genesis(founder) = genesis.decoded().payload() else {
            return Err("no genesis".into());
        };
        keys.founded(GroupId::from(genesis.id()), card.id, founder.card().member());
        let mut scene = Scene {
            group: GroupId::from(genesis.id()),
            history: History::new(),
            steps: Vec::new(),
            entries: BTreeMap::new(),
            refused: Vec::new(),
            made: Vec::new(),
            loose: false,
            lying: false,
            script: 0,
            keys,
            rng: Prng::new(seed ^ 0x5EED),
            ids: BTreeMap::new(),
            statements: BTreeMap::new(),
        };
        let entry = Entry { id: number(genesis.id()), ..first.entry.clone() };
        scene.ids.insert(first.entry.id, genesis.id());
        scene.take(entry, genesis, first);
        for (number, step) in steps {
            // What is decided for one step does not hang on the steps before it, so that a script
            // from which some are left out says the same.
            scene.rng = Prng::new(seed ^ step.entry.id.rotate_left(17));
            let liar = step.tag.starts_with("evil") || step.tag == "refused";
            scene.loose = lies == Lies::ByAnybody || (lies == Lies::ByLiars && liar);
            scene.script = *number;
            scene.step(step)?;
        }
        Ok(scene)
    }

    /// Signs what a step of the script says, and now and then a lie about its place.
    fn step(&mut self, step: &Step) -> Result<(), Error> {
        let e = &step.entry;
        // What hangs on an entry that was refused is not written.
        let Some(backlink) = e.backlink.and_then(|id| self.ids.get(&id)).copied() else {
            return Ok(());
        };
        let parents = self.known(&e.parents);
        let place = Place { device: e.device, seq: e.seq, backlink, parents, clock: 0 };
        let saying = self.saying(step, &place)?;
        if self.loose && self.rng.chance(12) {
            let lie = self.lie(place.clone());
            self.lying = true;
            self.sign(saying.clone(), &lie, step)?;
            self.lying = false;
        }
        let id = self.sign(saying, &place, step)?;
        self.ids.insert(e.id, id);
        Ok(())
    }

    /// The real ids of these entries of the script, without those that were not written.
    fn known(&self, script: &BTreeSet<Id>) -> BTreeSet<EntryId> {
        script.iter().filter_map(|id| self.ids.get(id)).copied().collect()
    }

    /// The same place with something wrong, or at least different.
    fn lie(&mut self, mut place: Place) -> Place {
        let all: Vec<EntryId> = self.entries.values().map(VerifiedEntry::id).collect();
        match self.rng.below(7) {
            0 => place.seq += 1,
            1 => place.seq = place.seq.saturating_sub(1),
            2 => place.clock = 1,
            3 => place.clock = -1,
            4 => place.device = self.rng.pick(&self.keys.known_devices()).unwrap_or(place.device),
            5 => place.backlink = self.rng.pick(&all).unwrap_or(place.backlink),
            _ => {
                place.parents.insert(keys::no_entry(self.rng.draw()));
            }
        }
        place
    }

    /// Signs an entry and offers it to the model.
    fn sign(&mut self, saying: Saying, at: &Place, step: &Step) -> Result<EntryId, Error> {
        let Saying { draft, refs, kind } = saying;
        let mut parents = at.parents.clone();
        parents.remove(&at.backlink);
        let numbers = |ids: &BTreeSet<EntryId>| ids.iter().copied().map(number).collect();
        let mut entry = Entry {
            id: 0,
            device: at.device,
            seq: at.seq,
            backlink: Some(number(at.backlink)),
            parents: numbers(&parents),
            refs: numbers(&refs),
            lamport: 0,
            kind,
        };
        let clock = 1 + self.history.clock(&entry.dependencies());
        entry.lamport = clock.saturating_add_signed(at.clock).max(1);
        let key = self.keys.device(at.device);
        let position = hazmat::any_position(
            self.group,
            key.id(),
            u64::from(at.seq),
            at.backlink,
            parents.into_iter().collect(),
            entry.lamport,
        );
        // A time that no other entry has, so that no two have the same bytes.
        let now = self.entries.len() + self.refused.len();
        let real = draft.sign(key, &position, u64::try_from(now)?)?;
        if !real.decoded().header().refs().iter().eq(refs.iter()) {
            return Err("refs are not what the model thinks".into());
        }
        let id = real.id();
        entry.id = number(id);
        self.learn(&mut entry, &real, step);
        self.take(entry, real, step);
        Ok(id)
    }

    /// Offers an entry to the model.
    fn take(&mut self, entry: Entry, real: VerifiedEntry, step: &Step) {
        let refusal = self.history.admit(entry.clone()).err();
        let step = Step { entry, ..step.clone() };
        let made = Made { script: self.script, lie: self.lying, step, real, refusal };
        match &made.refusal {
            None => {
                self.entries.insert(made.step.entry.id, made.real.clone());
                self.steps.push(made.step.clone());
            }
            Some(refusal) => self.refused.push((made.real.clone(), refusal.clone())),
        }
        self.made.push(made);
    }

    /// Takes note of the names that only signing gives: of placeholders and of statements.
    fn learn(&mut self, entry: &mut Entry, real: &VerifiedEntry, step: &Step) {
        match (real.decoded().payload(), &mut entry.kind) {
            (Payload::Placeholder(placeholder), Kind::Placeholder { card }) => {
                self.keys.name(card.id, placeholder.card().member());
            }
            (Payload::Statement(signed), Kind::Statement(statement)) => {
                statement.digest = keys::digest_number(signed.act().digest());
                if let Some(script) = step.entry.statement() {
                    let known = || (signed.clone(), statement.clone());
                    self.statements.entry(script.digest).or_insert_with(known);
                }
            }
            _ => {}
        }
    }

    /// An entry by which a payload names a member, and whom it names. Most often an introduction of
    /// that member in `past`, without faults if `sound`.
    fn introduction(&mut self, member: MemberId, past: &BTreeSet<EntryId>, sound: bool) -> Named {
        let past = self.history.closure(&past.iter().copied().map(number).collect());
        let (mut good, mut known) = (Vec::new(), Vec::new());
        let (mut anywhere, mut nobody) = (Vec::new(), Vec::new());
        for (at, a) in self.history.admitted.iter().enumerate() {
            let id = a.entry.id;
            match a.entry.introduces() {
                None if past.contains(at) => nobody.push(id),
                Some(card) if card.id == member => {
                    anywhere.push(id);
                    if past.contains(at) {
                        known.push(id);
                        good.extend(a.faults.is_empty().then_some(id));
                    }
                }
                _ => {}
            }
        }
        let firm = !self.loose || self.rng.chance(90);
        let good = Some(good).filter(|good| sound && !good.is_empty() && firm);
        let known = good.unwrap_or(known);
        let slip = if self.loose { self.rng.below(100) } else { 0 };
        let pick = match slip {
            0..=95 if !known.is_empty() => known,
            0..=49 if !anywhere.is_empty() => anywhere,
            _ => nobody,
        };
        let genesis = number(self.group.genesis());
        let id = self.rng.pick(&pick).unwrap_or(genesis);
        let named = self.history.get(id).and_then(|a| a.entry.introduces());
        Named {
            entry: self.entries.get(&id).map_or(self.group.genesis(), VerifiedEntry::id),
            member: named.map_or(ledger_model::NOBODY, |card| card.id),
        }
    }
}

/// How a payload names a member.
#[derive(Clone, Copy)]
struct Named {
    entry: EntryId,
    member: MemberId,
}
