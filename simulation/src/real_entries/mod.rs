//! Translation of model histories to real entries with real keys, signatures and bytes.
//!
//! The script is a [`World`] of the model's simulation. [`RealHistory::play`] signs a real entry for
//! each step, and makes the model's entry for the same step. The ids and digests of the model are the
//! first eight bytes of the real hashes, so rules that go by the order of hashes give the same result
//! in both. [`check`] compares the results.
//!
//! The script does not say by which introduction a payload names a member, nor which headers liars
//! sign. The seed decides that here.

#![allow(clippy::arithmetic_side_effects)]

pub mod check;
mod content;
mod keys;
mod payload;
mod settings;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{Draft, NewGroup, Payload, VerifiedEntry};
use ledger_core::statement::SignedStatement;
use ledger_core::{EntryId, GroupId, hazmat};

use keys::Keys;
use ledger_model::sim::prng::Prng;
use ledger_model::sim::world::{Step, World};
use ledger_model::{Card, Digest, Entry, History, Id, Kind, MemberId, Refusal, Statement};

/// A difference between ledger and model, or a mistake of the translation.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Authors who lie about positions, and name members by entries that introduce nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lies {
    /// No author.
    None,
    /// Authors whom the script calls evil.
    ByLiars,
    /// Any author.
    ByAnybody,
}

/// An entry of a script in both forms, whether or not it can be admitted.
pub struct ScriptedEntry {
    /// Number of the step in the script.
    pub script: usize,
    /// Whether this is the lie about a position that belongs to the step.
    pub lie: bool,
    /// The entry of the model.
    pub step: Step,
    /// The real entry.
    pub real: VerifiedEntry,
    /// Why the model does not admit the entry.
    pub refusal: Option<Refusal>,
}

/// A history of the model together with its real entries.
pub struct RealHistory {
    /// The group.
    pub group: GroupId,
    /// The admitted entries of the model.
    pub history: History,
    /// The same entries as steps, in the order in which they were made.
    pub steps: Vec<Step>,
    /// The real entries.
    pub entries: BTreeMap<Id, VerifiedEntry>,
    /// Real entries that the model does not admit, and why.
    pub refused: Vec<(VerifiedEntry, Refusal)>,
    /// All entries, admitted or not, in the order in which they were made.
    pub made: Vec<ScriptedEntry>,
    /// Whether the author of the current step may slip or lie; whether the current entry is a lie.
    may_slip: bool,
    is_lie: bool,
    /// Number of the current step.
    script: usize,
    keys: Keys,
    rng: Prng,
    /// Real ids by the ids of the script.
    ids: BTreeMap<Id, EntryId>,
    /// Real statements by the digests of the script.
    statements: BTreeMap<Digest, (Box<SignedStatement>, Statement)>,
}

/// A header before it is signed.
#[derive(Clone)]
struct HeaderDraft {
    device: u32,
    seq: u32,
    backlink: EntryId,
    parents: BTreeSet<EntryId>,
    /// What a liar adds to the right clock.
    clock: i64,
}

/// Payload of an entry before it is signed, in both forms.
#[derive(Clone)]
struct PayloadDraft {
    draft: Draft,
    refs: BTreeSet<EntryId>,
    kind: Kind,
}

/// The steps of a script, and the entries that the model refused, which the ledger must refuse, too.
pub fn script(world: &World) -> Vec<Step> {
    let refused = |entry: &Entry| Step { entry: entry.clone(), honest: false, tag: "refused" };
    world.steps.iter().cloned().chain(world.refused.iter().map(refused)).collect()
}

/// The id that the model gives to a real entry.
pub fn model_id(id: EntryId) -> Id {
    let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
    Id::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl RealHistory {
    /// Signs a whole script.
    ///
    /// # Errors
    /// If an entry cannot be written, which is a mistake of the translation.
    pub fn play(world: &World, seed: u64) -> Result<RealHistory, Error> {
        let steps: Vec<(usize, Step)> = script(world).into_iter().enumerate().collect();
        RealHistory::new(&steps, &world.cards, seed, Lies::ByAnybody)
    }

    /// Signs numbered steps of a script in which these cards occur.
    ///
    /// # Errors
    /// If an entry cannot be written, which is a mistake of the translation.
    pub fn new(
        script: &[(usize, Step)],
        cards: &[Card],
        seed: u64,
        lies: Lies,
    ) -> Result<RealHistory, Error> {
        let mut steps = script.iter();
        let (_, first) = steps.next().ok_or("an empty script")?;
        let Kind::Genesis { card, name } = first.entry.kind else {
            return Err("no genesis".into());
        };
        let mut keys = Keys::new(cards);
        let (root, device) = keys::from_card(&card).ok_or("a founder without keys")?;
        let (name, founder) = (name.to_string(), card.name.to_string());
        let entropy = keys::entropy(root);
        let new = NewGroup::new(&name, &founder, &entropy, 0, keys::SALT);
        let genesis = new.create(keys.device(device), 0)?;
        let Payload::Genesis(founder) = genesis.decoded().payload() else {
            return Err("no genesis".into());
        };
        keys.founded(GroupId::from(genesis.id()), card.id, founder.card().member());
        let mut real_history = RealHistory {
            group: GroupId::from(genesis.id()),
            history: History::new(),
            steps: Vec::new(),
            entries: BTreeMap::new(),
            refused: Vec::new(),
            made: Vec::new(),
            may_slip: false,
            is_lie: false,
            script: 0,
            keys,
            rng: Prng::new(seed ^ 0x5EED),
            ids: BTreeMap::new(),
            statements: BTreeMap::new(),
        };
        let entry = Entry { id: model_id(genesis.id()), ..first.entry.clone() };
        real_history.ids.insert(first.entry.id, genesis.id());
        real_history.take(entry, genesis, first);
        for (number, step) in steps {
            // Each step has its own randomness, so leaving out a step changes no other step.
            real_history.rng = Prng::new(seed ^ step.entry.id.rotate_left(17));
            let liar = step.tag.starts_with("evil") || step.tag == "refused";
            real_history.may_slip = lies == Lies::ByAnybody || (lies == Lies::ByLiars && liar);
            real_history.script = *number;
            real_history.step(step)?;
        }
        Ok(real_history)
    }

    /// Signs the entry of a step, and now and then a lie about its position before it.
    fn step(&mut self, step: &Step) -> Result<(), Error> {
        let e = &step.entry;
        // A step on top of an entry that was refused is not written.
        let Some(backlink) = e.backlink.and_then(|id| self.ids.get(&id)).copied() else {
            return Ok(());
        };
        let parents = self.known(&e.parents);
        let place = HeaderDraft { device: e.device, seq: e.seq, backlink, parents, clock: 0 };
        let payload_draft = self.payload_draft(step, &place)?;
        if self.may_slip && self.rng.chance(12) {
            let lie = self.lie(place.clone());
            self.is_lie = true;
            self.sign(payload_draft.clone(), &lie, step)?;
            self.is_lie = false;
        }
        let id = self.sign(payload_draft, &place, step)?;
        self.ids.insert(e.id, id);
        Ok(())
    }

    /// The real ids of these entries of the script, without those that were not written.
    fn known(&self, script: &BTreeSet<Id>) -> BTreeSet<EntryId> {
        script.iter().filter_map(|id| self.ids.get(id)).copied().collect()
    }

    /// A header with something wrong, or at least different.
    fn lie(&mut self, mut place: HeaderDraft) -> HeaderDraft {
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
    fn sign(
        &mut self,
        payload_draft: PayloadDraft,
        at: &HeaderDraft,
        step: &Step,
    ) -> Result<EntryId, Error> {
        let PayloadDraft { draft, refs, kind } = payload_draft;
        let mut parents = at.parents.clone();
        parents.remove(&at.backlink);
        let numbers = |ids: &BTreeSet<EntryId>| ids.iter().copied().map(model_id).collect();
        let mut entry = Entry {
            id: 0,
            device: at.device,
            seq: at.seq,
            backlink: Some(model_id(at.backlink)),
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
        entry.id = model_id(id);
        self.learn(&mut entry, &real, step);
        self.take(entry, real, step);
        Ok(id)
    }

    /// Offers an entry to the model.
    fn take(&mut self, entry: Entry, real: VerifiedEntry, step: &Step) {
        let refusal = self.history.admit(entry.clone()).err();
        let step = Step { entry, ..step.clone() };
        let made = ScriptedEntry { script: self.script, lie: self.is_lie, step, real, refusal };
        match &made.refusal {
            None => {
                self.entries.insert(made.step.entry.id, made.real.clone());
                self.steps.push(made.step.clone());
            }
            Some(refusal) => self.refused.push((made.real.clone(), refusal.clone())),
        }
        self.made.push(made);
    }

    /// Records the ids that only signing gives: those of placeholders and of statements.
    fn learn(&mut self, entry: &mut Entry, real: &VerifiedEntry, step: &Step) {
        match (real.decoded().payload(), &mut entry.kind) {
            (Payload::Placeholder(placeholder), Kind::Placeholder { card }) => {
                self.keys.name(card.id, placeholder.card().member());
            }
            (Payload::Statement(signed), Kind::Statement(statement)) => {
                statement.digest = keys::digest_number(signed.statement().id());
                if let Some(script) = step.entry.statement() {
                    let known = || (signed.clone(), statement.clone());
                    self.statements.entry(script.digest).or_insert_with(known);
                }
            }
            _ => {}
        }
    }

    /// An entry by which a payload names a member, and the member whom that entry introduces. Most
    /// often it is an introduction of the wanted member in `past`, without faults if `sound`.
    fn introduction(
        &mut self,
        member: MemberId,
        past: &BTreeSet<EntryId>,
        sound: bool,
    ) -> NamedMember {
        let past = self.history.closure(&past.iter().copied().map(model_id).collect());
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
        let firm = !self.may_slip || self.rng.chance(90);
        let good = Some(good).filter(|good| sound && !good.is_empty() && firm);
        let known = good.unwrap_or(known);
        let slip = if self.may_slip { self.rng.below(100) } else { 0 };
        let pick = match slip {
            0..=95 if !known.is_empty() => known,
            0..=49 if !anywhere.is_empty() => anywhere,
            _ => nobody,
        };
        let genesis = model_id(self.group.genesis());
        let id = self.rng.pick(&pick).unwrap_or(genesis);
        let named = self.history.get(id).and_then(|a| a.entry.introduces());
        NamedMember {
            entry: self.entries.get(&id).map_or(self.group.genesis(), VerifiedEntry::id),
            member: named.map_or(ledger_model::NOBODY, |card| card.id),
        }
    }
}

/// A member as a payload names one: by an entry.
#[derive(Clone, Copy)]
struct NamedMember {
    entry: EntryId,
    member: MemberId,
}
