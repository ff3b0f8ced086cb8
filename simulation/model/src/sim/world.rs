//! The world of a history: people, devices with their replicas, and the making of entries.

use std::collections::BTreeSet;

use crate::entry::{
    Body, Card, Content, Device, Digest, Entry, Generation, Holder, Id, Kind, MemberId, Root,
    Statement,
};
use crate::history::History;
use crate::sim::prng::Prng;

/// An entry with the circumstances in which it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The entry.
    pub entry: Entry,
    /// Whether an honest author made it on top of everything they knew. Then promises are checked.
    pub honest: bool,
    /// The intention of its author, in words.
    pub tag: &'static str,
}

/// A person: holds root keys, is honest or not.
#[derive(Clone, Debug)]
pub struct Person {
    /// The generations whose root key this person holds.
    pub roots: Vec<(Generation, Root)>,
    /// Whether the person is evil.
    pub evil: bool,
}

/// A device with its replica.
#[derive(Clone, Debug)]
pub struct DeviceReplica {
    /// Its key.
    pub key: Device,
    /// The generation it was enrolled in.
    pub generation: Generation,
    /// The person who owns the device.
    pub person: usize,
    /// Whether a thief, or an evil owner, holds it.
    pub evil: bool,
    /// The entry that enrolled it.
    pub start: Id,
    /// Its last entry with its seq.
    pub last: Option<(Id, u32)>,
    /// What it knows.
    pub view: History,
}

/// The people of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// How many people honest devices introduce at most.
    pub people: usize,
    /// How many of a hundred newcomers are evil. With none, nobody steals devices either.
    pub evil: usize,
    /// How many of a hundred turns are [plots](super::plots). Their owner signs what an app would
    /// not, so they are for checks that promise honest people nothing.
    pub plots: usize,
}

impl Default for Cast {
    fn default() -> Cast {
        Cast { people: 7, evil: 40, plots: 0 }
    }
}

/// The state of a history that is being made.
#[derive(Clone, Debug)]
pub struct World {
    /// The people of the history.
    pub cast: Cast,
    /// Randomness.
    pub rng: Prng,
    /// All entries that were made. Evil people know all of them.
    pub all: History,
    /// The same entries in the order of making.
    pub steps: Vec<Step>,
    /// People.
    pub people: Vec<Person>,
    /// Devices.
    pub devices: Vec<DeviceReplica>,
    /// Persons' cards made so far.
    pub cards: Vec<Card>,
    /// Statements made so far.
    pub statements: Vec<Statement>,
    /// Entries that admission refused.
    pub refused: Vec<Entry>,
    fresh: u32,
}

impl World {
    /// A group with its founder, who has two devices: the second enrolled at once.
    pub fn new(seed: u64) -> World {
        World::with(seed, Cast::default())
    }

    /// A group with another cast.
    pub fn with(seed: u64, cast: Cast) -> World {
        let mut world = World {
            cast,
            rng: Prng::new(seed),
            all: History::new(),
            steps: Vec::new(),
            people: vec![Person { roots: Vec::new(), evil: false }],
            devices: Vec::new(),
            cards: Vec::new(),
            statements: Vec::new(),
            refused: Vec::new(),
            fresh: 0,
        };
        let (card, root, key) = world.person_card();
        let kind = Kind::Genesis { card, name: 1 };
        let generation = Generation::Card(card.id);
        let entry = world.entry(key, 0, None, BTreeSet::new(), kind);
        let id = entry.id;
        world.people = vec![Person { roots: vec![(generation, root)], evil: false }];
        world.put(entry, false, "genesis");
        world.device(key, generation, 0, id);
        if let Some(d) = world.devices.last_mut() {
            d.last = Some((id, 0));
        }
        world
    }

    /// A fresh small number.
    pub fn fresh(&mut self) -> u32 {
        self.fresh += 1;
        self.fresh
    }

    /// A fresh number that looks like a hash.
    pub fn hash(&mut self) -> u64 {
        (self.rng.draw() >> 44 << 16) | u64::from(self.fresh())
    }

    /// A fresh person's card with its keys.
    pub fn person_card(&mut self) -> (Card, Root, Device) {
        let (id, root, device) = (self.fresh(), self.fresh(), self.fresh());
        let card = Card { id, name: id, of: Holder::Person { root, device } };
        self.cards.push(card);
        (card, root, device)
    }

    /// A fresh statement.
    pub fn state(&mut self, signer: Root, base: BTreeSet<Id>, body: Body) -> Statement {
        let digest: Digest = self.hash();
        let s = Statement { digest, signer, base, body };
        self.statements.push(s.clone());
        s
    }

    /// An entry with exact clock and the refs its payload needs.
    pub fn entry(
        &mut self,
        device: Device,
        seq: u32,
        backlink: Option<Id>,
        parents: BTreeSet<Id>,
        kind: Kind,
    ) -> Entry {
        let refs = kind.named_entries();
        let mut entry =
            Entry { id: self.hash(), device, seq, backlink, parents, refs, lamport: 0, kind };
        entry.lamport = 1 + self.all.clock(&entry.dependencies());
        entry
    }

    /// Puts an entry into the world, if it is admissible.
    pub fn put(&mut self, entry: Entry, honest: bool, tag: &'static str) -> bool {
        match self.all.admit(entry.clone()) {
            Ok(()) => {
                self.steps.push(Step { entry, honest, tag });
                true
            }
            Err(_) => {
                self.refused.push(entry);
                false
            }
        }
    }

    /// A new device that knows what the entry that enrolled it knows.
    pub fn device(&mut self, key: Device, generation: Generation, person: usize, start: Id) {
        let evil = self.people.get(person).is_some_and(|p| p.evil);
        let view = self.view(&[start].into());
        self.devices.push(DeviceReplica { key, generation, person, evil, start, last: None, view });
    }

    /// A replica that holds these entries and their pasts.
    pub fn view(&self, ids: &BTreeSet<Id>) -> History {
        let mut view = History::new();
        self.pull(&mut view, ids);
        view
    }

    fn pull(&self, view: &mut History, ids: &BTreeSet<Id>) {
        for i in self.all.closure(ids).iter() {
            if let Some(a) = self.all.admitted.get(i) {
                // An entry that is there already is refused, which is right.
                let _ = view.admit(a.entry.clone());
            }
        }
    }

    /// A device hears of a few entries, or of everything.
    pub fn sync(&mut self, d: usize) {
        let ids: BTreeSet<Id> = if self.rng.chance(35) {
            self.all.heads()
        } else {
            let n = 1 + self.rng.below(3);
            (0..n).filter_map(|_| self.any_entry()).collect()
        };
        let Some(dev) = self.devices.get_mut(d) else { return };
        let mut view = std::mem::take(&mut dev.view);
        self.pull(&mut view, &ids);
        if let Some(dev) = self.devices.get_mut(d) {
            dev.view = view;
        }
    }

    /// Any entry; recent ones more often.
    pub fn any_entry(&mut self) -> Option<Id> {
        let n = self.all.admitted.len();
        let i = self.rng.below(n).max(self.rng.below(n));
        self.all.admitted.get(i).map(|a| a.entry.id)
    }

    /// Any entry that `f` likes.
    pub fn any_where(&mut self, history: &History, f: impl Fn(&Entry) -> bool) -> Option<Id> {
        let ids: Vec<Id> =
            history.admitted.iter().map(|a| &a.entry).filter(|e| f(e)).map(|e| e.id).collect();
        self.rng.pick(&ids)
    }

    /// A random expense among some of these members.
    pub fn content(&mut self, members: &[MemberId]) -> Content {
        let total = 1 + self.rng.below(90) as i64;
        let currency = self.rng.below(2) as u8;
        let split = |world: &mut World| {
            let parts = 1 + world.rng.below(3).min(members.len().saturating_sub(1));
            let mut rest = total;
            let mut out = Vec::new();
            for i in 0..parts {
                let amount =
                    if i + 1 == parts { rest } else { world.rng.below(rest as usize + 1) as i64 };
                rest -= amount;
                out.extend(world.rng.pick(members).map(|m| (m, amount)));
            }
            out
        };
        let (paid, shares) = (split(self), split(self));
        // Every fifth is a refund, and every fourth an imported row, of which others import the same.
        // That this follows from the total draws nothing from the dice.
        let origin = (total % 4 == 1).then_some((total / 4 % 3) as u8);
        Content { currency, total, paid, shares, incoming: total % 5 == 4, origin }
    }
}

/// Every member that some introduction in the history introduces.
pub fn all_members(history: &History) -> Vec<MemberId> {
    let cards = history.admitted.iter().filter_map(|a| a.entry.introduces()).map(|c| c.id);
    cards.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether an introduction without faults introduces the member.
pub fn well_introduced(history: &History, member: MemberId) -> bool {
    let mut all = history.admitted.iter();
    all.any(|a| a.faults.is_empty() && a.entry.introduces().is_some_and(|c| c.id == member))
}

/// One of the placeholders that this member introduced.
pub fn own_placeholder(world: &mut World, view: &History, me: MemberId) -> Option<Card> {
    let mine = Holder::Placeholder { introducer: me };
    let good = view.admitted.iter().filter(|a| a.faults.is_empty());
    let cards: Vec<Card> =
        good.filter_map(|a| a.entry.introduces()).filter(|c| c.of == mine).collect();
    world.rng.pick(&cards)
}
