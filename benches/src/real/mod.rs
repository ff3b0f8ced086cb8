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

use ledger_core::{Draft, EntryId, GroupId, NewGroup, Payload, SignedAct, VerifiedEntry, hazmat};

use crate::model::sim::prng::Prng;
use crate::model::sim::world::{Step, World};
use crate::model::{Digest, Entry, History, Id, Kind, MemberId, Refusal, Statement};
use keys::Keys;

/// Whatever goes wrong here is a difference, or a bug of the translation.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

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
    keys: Keys,
    rng: Prng,
    /// What became of the script's entries.
    ids: BTreeMap<Id, EntryId>,
    /// What became of the script's statements.
    statements: BTreeMap<Digest, (Box<SignedAct>, Statement)>,
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

/// The id that the model gives to a real entry.
fn number(id: EntryId) -> Id {
    let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
    Id::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Scene {
    /// Plays a script.
    ///
    /// # Errors
    /// If an entry cannot be written, which is a bug of the translation.
    pub fn play(world: &World, seed: u64) -> Result<Scene, Error> {
        let mut steps = world.steps.iter();
        let first = steps.next().ok_or("an empty script")?;
        let Kind::Genesis { card, name } = first.entry.kind else {
            return Err("no genesis".into());
        };
        let mut keys = Keys::new(&world.cards);
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
            keys,
            rng: Prng::new(seed ^ 0x5EED),
            ids: BTreeMap::new(),
            statements: BTreeMap::new(),
        };
        let entry = Entry { id: number(genesis.id()), ..first.entry.clone() };
        scene.ids.insert(first.entry.id, genesis.id());
        scene.take(entry, genesis, first);
        for step in steps {
            scene.step(step)?;
        }
        for entry in &world.refused {
            scene.step(&Step { entry: entry.clone(), honest: false, tag: "refused" })?;
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
        if self.rng.chance(12) {
            let lie = self.lie(place.clone());
            self.sign(saying.clone(), &lie, step)?;
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
        match self.history.admit(entry.clone()) {
            Ok(()) => {
                self.entries.insert(entry.id, real);
                self.steps.push(Step { entry, ..step.clone() });
            }
            Err(refusal) => self.refused.push((real, refusal)),
        }
    }

    /// Takes note of the names that only signing gives: of placeholders and of statements.
    fn learn(&mut self, entry: &mut Entry, real: &VerifiedEntry, step: &Step) {
        match (real.decoded().payload(), &mut entry.kind) {
            (Payload::Placeholder(placeholder), Kind::Placeholder { card }) => {
                self.keys.name(card.id, placeholder.card().member());
            }
            (Payload::Act(signed), Kind::Act(statement)) => {
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
        let good = Some(good).filter(|good| sound && !good.is_empty() && self.rng.chance(90));
        let known = good.unwrap_or(known);
        let pick = match self.rng.below(100) {
            0..=95 if !known.is_empty() => known,
            0..=49 if !anywhere.is_empty() => anywhere,
            _ => nobody,
        };
        let genesis = number(self.group.genesis());
        let id = self.rng.pick(&pick).unwrap_or(genesis);
        let named = self.history.get(id).and_then(|a| a.entry.introduces());
        Named {
            entry: self.entries.get(&id).map_or(self.group.genesis(), VerifiedEntry::id),
            member: named.map_or(crate::model::NOBODY, |card| card.id),
        }
    }
}

/// How a payload names a member.
#[derive(Clone, Copy)]
struct Named {
    entry: EntryId,
    member: MemberId,
}
